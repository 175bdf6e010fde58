import { Unknown, type Seen, type Verdict } from "../../pipeline/probe";
import { rowsOf } from "./answers";
import type { Call } from "./call-names";

/** Requests whose rows hold times. */
export const SAMPLES: readonly Call[] = ["newest", "changedLate", "events"];

const FIELDS = new Set([
  "payed_at",
  "created_at",
  "updated_at",
  "deleted_at",
  "refunded_at",
  "start_date",
  "finish_date",
]);
const OFFSET = /(?:Z|[+-]\d\d:?\d\d)$/;
const USUAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/;

type Judge = (seen: Seen<Call>) => Verdict;

function timesOf(seen: Seen<Call>): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (FIELDS.has(name) && typeof inner === "string" && inner !== "") found.push(inner);
      else walk(inner);
    }
  };
  walk(rowsOf(seen, ...SAMPLES));
  if (found.length === 0) throw new Unknown("no times came");
  return found;
}

/** `+03:00: 12, +07:00: 3`, the most frequent first. */
function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, count]) => `${name}: ${count}`)
    .join(", ");
}

const offsetOf = (time: string): string => OFFSET.exec(time)?.[0] ?? "no offset";

export const offset: Judge = (seen) => {
  const times = timesOf(seen);
  const without = times.filter((time) => !OFFSET.test(time)).length;
  return { answer: without === 0 ? "yes" : "no", evidence: `${without} of ${times.length} without` };
};

export const moscow: Judge = (seen) => {
  const offsets = timesOf(seen).map(offsetOf);
  const isRight = offsets.every((one) => one === "+03:00");
  return { answer: isRight ? "yes" : "no", evidence: counted(offsets) };
};

export const form: Judge = (seen) => {
  const times = timesOf(seen);
  const others = times.filter((time) => !USUAL.test(time));
  if (others.length === 0) return { answer: "yes", evidence: `${times.length} times` };
  return {
    answer: "no",
    evidence: `${others.length} of ${times.length} otherwise: ${counted(others.map(shapeOf))}`,
  };
};

/** The form of a time with 0 for every digit; of a text that is something else nothing is shown. */
function shapeOf(time: string): string {
  return /^[\d.:+/ TZ-]{6,40}$/.test(time) ? time.replace(/\d/g, "0") : "no time at all";
}
