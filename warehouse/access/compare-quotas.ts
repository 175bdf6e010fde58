import { quoteIfNeeded } from "../sql/quote";
import { compareTargets } from "./compare-settings";
import type { Difference, Step } from "./difference";
import { formatNames, type Quota, type QuotaInterval } from "./state";

/** A declared quota: its key, its intervals with limits, and whom it counts (`live` undefined: there is none). */
export function compareQuota(name: string, declared: Quota, live: Quota | undefined): Difference[] {
  const create: Step = {
    when: "quota",
    sql: `CREATE QUOTA IF NOT EXISTS ${quoteIfNeeded(name)} ${formatBody(declared)} TO ${formatNames(declared.to)}`,
  };
  if (!live) return [{ text: `the quota ${name} is missing`, steps: [create] }];

  // ALTER leaves intervals that it does not name as they are.
  const removed = live.intervals
    .filter(({ seconds }) => !declared.intervals.some((one) => one.seconds === seconds))
    .map(({ seconds }) => `FOR INTERVAL ${seconds} SECOND NO LIMITS`);
  const body = [formatBody(declared), ...removed].join(", ");
  const alter: Step = {
    when: "quota",
    sql: `ALTER QUOTA ${quoteIfNeeded(name)} ${body} TO ${formatNames(declared.to)}`,
  };
  const wanted = formatBody(declared);
  const found = formatBody(live);
  return [
    ...(wanted === found
      ? []
      : [{ text: `the quota ${name} is ${found}, declared ${wanted}`, steps: [alter] }]),
    ...compareTargets(`the quota ${name}`, declared.to, live.to, alter),
  ];
}

function formatBody({ keys, intervals }: Quota): string {
  const sorted = [...intervals].sort((a, b) => a.seconds - b.seconds);
  const keyed = keys.length === 0 ? "NOT KEYED" : `KEYED BY ${keys.join(", ")}`;
  return `${keyed}${sorted.map((one) => ` ${formatInterval(one)}`).join(",")}`;
}

function formatInterval({ seconds, randomized, limits }: QuotaInterval): string {
  const names = Object.keys(limits).sort();
  const list = names.map((name) => `${name} = ${limits[name]}`).join(", ");
  const what = names.length === 0 ? "TRACKING ONLY" : `MAX ${list}`;
  return `FOR ${randomized ? "RANDOMIZED " : ""}INTERVAL ${seconds} SECOND ${what}`;
}
