import { ScheduleError } from "../schedule/timetable";
import { rpoProblem } from "../warehouse/backup/policy";
import { backupStarts } from "./backup-starts";
import { alertProblems } from "./alerts";
import { commands, type Problem } from "./problem";
import { setSecretCommand, type SecretValues } from "./secrets";
import type { Settings } from "./settings";
import { sourceProblems } from "./sources";

/**
 * Settings that are well formed one by one and make no sense together.
 * @param given keys that the stack itself sets
 * @param secrets those that are set as they should be
 */
export function contradictions(
  settings: Settings,
  given: readonly string[],
  secrets: SecretValues,
): Problem[] {
  const found: Problem[] = [];
  const add = (key: string, problem: string, command: string) => found.push({ key, problem, command });

  if (settings.httpPort === settings.nativePort) {
    add(
      "nativePort",
      `is ${settings.nativePort}, and so is zakaz:httpPort`,
      commands.set("nativePort", "<port>"),
    );
  }
  if (settings.source !== "sandbox" && given.includes("sandbox")) {
    const problem = `describes synthetic data, but zakaz:source is ${settings.source}`;
    add("sandbox", problem, commands.remove("sandbox"));
  }
  found.push(...sourceProblems(settings, given, secrets));
  found.push(...scheduleOfBackups(settings), ...storageOfBackups(settings, given, secrets));
  found.push(...alertProblems(settings, secrets));

  const { bindAddress, publishWithoutTls } = settings;
  const loopback = bindAddress.startsWith("127.");
  if (!loopback && publishWithoutTls !== bindAddress) {
    add(
      "bindAddress",
      `is ${bindAddress}, not loopback: passwords and data would cross the network unencrypted. ` +
        `Either \`${commands.remove("bindAddress")}\`, or consent to that by repeating the address`,
      commands.set("publishWithoutTls", bindAddress),
    );
  }
  if (loopback && publishWithoutTls !== undefined) {
    add(
      "publishWithoutTls",
      `consents to publishing on ${publishWithoutTls}, but zakaz:bindAddress is ${bindAddress}`,
      commands.remove("publishWithoutTls"),
    );
  }
  return found;
}

/** A schedule that cannot be read, and one that cannot keep what the policy promises. */
function scheduleOfBackups({ backup }: Settings): Problem[] {
  if (backup.schedule === "off") return [];
  const command = commands.set("backup", `'{"schedule":"30 2 * * *","rpoHours":25}'`);
  try {
    const problem = rpoProblem(backupStarts(backup.schedule), backup);
    return problem === undefined ? [] : [{ key: "backup", problem, command }];
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return [{ key: "backup", problem: `(at schedule) ${error.message}`, command }];
  }
}

/** A secret without object storage or the other way round, and data that would cross a network in the clear. */
function storageOfBackups(
  { backup: { s3 } }: Settings,
  given: readonly string[],
  secrets: SecretValues,
): Problem[] {
  const key = "backupS3Secret";
  if (s3 === undefined) {
    if (!given.includes(key)) return [];
    return [{ key, problem: "is set, but zakaz:backup names no s3", command: commands.remove(key) }];
  }
  const found: Problem[] = [];
  if (secrets[key] === undefined) {
    const problem = "is not set, but zakaz:backup names s3";
    found.push({ key, problem, command: setSecretCommand(key) });
  }
  if (s3.endpoint.startsWith("http:") && !s3.allowHttp) {
    const problem =
      `(at s3.endpoint) is ${s3.endpoint}: data would cross the network unencrypted. Either name an address with https, ` +
      `or consent to that, "allowHttp": true`;
    found.push({ key: "backup", problem, command: commands.set("backup") });
  }
  return found;
}
