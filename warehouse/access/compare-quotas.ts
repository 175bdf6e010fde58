import type { Quota, QuotaInterval } from "./statements/model";
import { compareTargets } from "./compare-settings";
import type { Difference, Step } from "./difference";
import { spellName } from "./privileges";
import { spellNames } from "./state";

/** A declared quota: its key, its intervals with limits, and whom it counts (`live` undefined: there is none). */
export function compareQuota(name: string, declared: Quota, live: Quota | undefined): Difference[] {
  const create: Step = {
    when: "quota",
    sql: `CREATE QUOTA IF NOT EXISTS ${spellName(name)} ${spellBody(declared)} TO ${spellNames(declared.to)}`,
  };
  if (!live) return [{ text: `the quota ${name} is missing`, steps: [create] }];

  // ALTER leaves intervals that it does not name as they are.
  const removed = live.intervals
    .filter(({ seconds }) => !declared.intervals.some((one) => one.seconds === seconds))
    .map(({ seconds }) => `FOR INTERVAL ${seconds} SECOND NO LIMITS`);
  const body = [spellBody(declared), ...removed].join(", ");
  const alter: Step = {
    when: "quota",
    sql: `ALTER QUOTA ${spellName(name)} ${body} TO ${spellNames(declared.to)}`,
  };
  const wanted = spellBody(declared);
  const found = spellBody(live);
  return [
    ...(wanted === found
      ? []
      : [{ text: `the quota ${name} is ${found}, declared ${wanted}`, steps: [alter] }]),
    ...compareTargets(`the quota ${name}`, declared.to, live.to, alter),
  ];
}

function spellBody({ keys, intervals }: Quota): string {
  const sorted = [...intervals].sort((a, b) => a.seconds - b.seconds);
  const keyed = keys.length === 0 ? "NOT KEYED" : `KEYED BY ${keys.join(", ")}`;
  return `${keyed}${sorted.map((one) => ` ${spellInterval(one)}`).join(",")}`;
}

function spellInterval({ seconds, randomized, limits }: QuotaInterval): string {
  const names = Object.keys(limits).sort();
  const list = names.map((name) => `${name} = ${limits[name]}`).join(", ");
  const what = names.length === 0 ? "TRACKING ONLY" : `MAX ${list}`;
  return `FOR ${randomized ? "RANDOMIZED " : ""}INTERVAL ${seconds} SECOND ${what}`;
}
