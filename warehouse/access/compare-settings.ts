import { quoteIfNeeded, quoteText } from "../sql/quote";
import type { Difference, Step } from "./difference";
import { own, formatNames, formatRule, type NameSet, type Profile, type SettingsBlock } from "./state";

/**
 * Settings, constraints and profiles of `name`. `steps` set all of them anew, whatever differs.
 */
export function compareSettings(
  name: string,
  declared: SettingsBlock,
  live: SettingsBlock,
  steps: Step[],
): Difference[] {
  const names = [...new Set([...Object.keys(declared.settings), ...Object.keys(live.settings)])];
  const settings = names.flatMap((setting): Difference[] => {
    const wanted = formatSetting(declared, setting);
    const found = formatSetting(live, setting);
    if (wanted === found) return [];
    const says = wanted === undefined ? "which is not declared" : `declared ${wanted}`;
    return [{ text: `${name}: ${setting} is ${found ?? "not set"}, ${says}`, steps }];
  });
  const wantedProfiles = declared.profiles.join(", ") || "none";
  const foundProfiles = live.profiles.join(", ") || "none";
  if (wantedProfiles === foundProfiles) return settings;
  return [...settings, { text: `${name}: profile is ${foundProfiles}, declared ${wantedProfiles}`, steps }];
}

/** `SETTINGS PROFILE 'p', max_threads = 2 MIN 1 MAX 4` or `SETTINGS NONE`. */
export function formatSettings({ profiles, settings }: SettingsBlock): string {
  const items = [
    ...profiles.map((profile) => `PROFILE ${quoteText(profile)}`),
    ...Object.entries(settings).map(([name, rule]) => {
      const { value, ...limits } = rule;
      const given = value === undefined ? "" : ` = ${formatRule({ value })}`;
      const limited = formatRule(limits);
      return `${quoteIfNeeded(name)}${given}${limited === "" ? "" : ` ${limited}`}`;
    }),
  ];
  return `SETTINGS ${items.length === 0 ? "NONE" : items.join(", ")}`;
}

/** A declared profile: its settings, and to whom it is given (`live` undefined: there is none). */
export function compareProfile(name: string, declared: Profile, live: Profile | undefined): Difference[] {
  const quotedName = quoteIfNeeded(name);
  const settings = formatSettings(declared.settings);
  const targets: Step = {
    when: "profile targets",
    sql: `ALTER SETTINGS PROFILE ${quotedName} TO ${formatNames(declared.to)}`,
  };
  if (!live) {
    const create: Step = {
      when: "create profile",
      sql: `CREATE SETTINGS PROFILE IF NOT EXISTS ${quotedName} ${settings}`,
    };
    const steps = formatNames(declared.to) === "NONE" ? [create] : [create, targets];
    return [{ text: `the settings profile ${name} is missing`, steps }];
  }
  const alter: Step = { when: "alter", sql: `ALTER SETTINGS PROFILE ${quotedName} ${settings}` };
  return [
    ...compareSettings(name, declared.settings, live.settings, [alter]),
    ...compareTargets(`the settings profile ${name}`, declared.to, live.to, targets),
  ];
}

/** To whom a profile or a quota is given. */
export function compareTargets(what: string, declared: NameSet, live: NameSet, step: Step): Difference[] {
  const [wanted, found] = [describeNames(declared), describeNames(live)];
  if (wanted === found) return [];
  return [{ text: `${what} is given to ${found}, declared ${wanted}`, steps: [step] }];
}

function describeNames(set: NameSet): string {
  const names = formatNames(set);
  return names === "NONE" ? "nobody" : names;
}

function formatSetting(block: SettingsBlock, setting: string): string | undefined {
  const rule = own(block.settings, setting);
  return rule && formatRule(rule);
}
