import { sources, type RegisteredSource } from "../loaders/sources";
import { commands, type Problem } from "./problem";
import { setSecretCommand, type SecretValues } from "./secrets";
import type { Settings } from "./settings";
import { isSample } from "./strength";

/** Sources that are part of a stack with these settings. */
export function enabledSources(settings: Settings): RegisteredSource[] {
  const values: Record<string, unknown> = settings;
  return sources.filter(({ switch: one }) => one === undefined || values[one.key] === true);
}

/** Secrets of sources that are missing, set for nothing, or a sample where the vendor's API is asked. */
export function sourceProblems(
  settings: Settings,
  given: readonly string[],
  secrets: SecretValues,
): Problem[] {
  const enabled = enabledSources(settings);
  return [...withoutStandIn(settings, enabled), ...secretProblems(settings, enabled, given, secrets)];
}

/** A stack on the sandbox must not ask a vendor's real API for want of a stand-in. */
function withoutStandIn(settings: Settings, enabled: readonly RegisteredSource[]): Problem[] {
  if (settings.source !== "sandbox") return [];
  return enabled
    .filter(({ kind, sandbox }) => kind === "api" && sandbox === undefined)
    .map(({ title, switch: one }) => {
      const key = one?.key ?? "source";
      const problem = `is set, but the sandbox (zakaz:source) has no stand-in for ${title}`;
      return { key, problem, command: commands.remove(key) };
    });
}

function secretProblems(
  settings: Settings,
  enabled: readonly RegisteredSource[],
  given: readonly string[],
  secrets: SecretValues,
): Problem[] {
  return sources.flatMap((source) =>
    Object.entries(source.secrets).flatMap(([key, { dataset, parts }]) => {
      const isEnabled = enabled.includes(source);
      const isNeeded = isEnabled && (dataset === undefined || settings.datasets.includes(dataset));
      if (!isNeeded) {
        if (!given.includes(key)) return [];
        const why =
          dataset !== undefined && isEnabled
            ? `zakaz:datasets does not name ${dataset}`
            : `zakaz:${source.switch?.key} is not true`;
        return [{ key, problem: `is set, but ${why}`, command: commands.remove(key) }];
      }
      const value = secrets[key];
      if (value === undefined) {
        const why =
          dataset !== undefined
            ? `, but zakaz:datasets names ${dataset}`
            : source.switch !== undefined
              ? `, but zakaz:${source.switch.key} is true`
              : "";
        return [{ key, problem: `is not set${why}`, command: setSecretCommand(key) }];
      }
      const texts = parts?.secretsOf(value) ?? [value];
      if (settings.source === "sandbox" || !texts.some(isSample)) return [];
      const problem = `is a sample or placeholder, which the vendor's API (zakaz:source is ${settings.source}) does not know`;
      return [{ key, problem, command: setSecretCommand(key) }];
    }),
  );
}
