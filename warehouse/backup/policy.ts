import { z } from "zod";
import { moscow, type KeptBackup, type Kind } from "./backup";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** How backups are made and how long they are kept. */
export const policy = z.strictObject({
  /** A backup that falls due this many days after the newest full one is a full one. */
  fullEveryDays: z.number().int().min(1).max(90).default(7),
  keepFullDays: z.number().int().min(1).default(28),
  keepIncrementalDays: z.number().int().min(1).default(7),
  /** The first full backup of each quarter of a year is kept this long. */
  keepQuarterlyDays: z.number().int().min(0).default(365),
  /** A backup that takes longer than this has failed. */
  limitMinutes: z.number().int().min(1).max(120).default(60),
  /** What may be lost at most, in hours of work. */
  rpoHours: z.number().positive().default(25),
});
export type Policy = z.infer<typeof policy>;

/** What the policy looks at: backups that are there, in whatever state. */
export type Candidate = Pick<KeptBackup, "name" | "kind" | "base" | "startedAt" | "state" | "why">;

/**
 * Those that can be restored, the newest first: whole, and so is what they are based on.
 */
export function restorable<B extends Candidate>(backups: readonly B[]): B[] {
  const whole = new Map(backups.filter(({ state }) => state === "whole").map((one) => [one.name, one]));
  return [...whole.values()]
    .filter(({ kind, base }) => kind === "full" || whole.get(base)?.kind === "full")
    .sort((a, b) => b.startedAt - a.startedAt);
}

/** What the next backup is to be, and on which full one an incremental one is based. */
export function nextBackup(
  backups: readonly Candidate[],
  now: number,
  { fullEveryDays }: Pick<Policy, "fullEveryDays">,
): { kind: Kind; base: string } {
  const [newest] = restorable(backups).filter(({ kind }) => kind === "full");
  // A backup is never due to the second: half an hour early is in time.
  const isDue = newest === undefined || now - newest.startedAt >= fullEveryDays * DAY - HOUR / 2;
  return isDue ? { kind: "full", base: "" } : { kind: "incr", base: newest.name };
}

export interface Pruned {
  name: string;
  /** One clause for people and the journal. */
  why: string;
}

/**
 * What is to be deleted now, in the order in which it is safe to do so: an incremental backup goes before its base. The newest
 * backup that can be restored stays with its base whatever its age; a full one stays as long as an incremental one that
 * stays is based on it. None may be under way.
 */
export function prune(backups: readonly Candidate[], now: number, policy: Policy): Pruned[] {
  const good = restorable(backups);
  const kept = new Set<string>();
  const keep = ({ name, base }: Candidate): void => {
    kept.add(name);
    if (base !== "") kept.add(base);
  };
  const isYoung = ({ startedAt }: Candidate, days: number) => now - startedAt < days * DAY;
  if (good[0] !== undefined) keep(good[0]);
  const ofQuarters = firstOfQuarters(good);
  for (const one of good) {
    const { kind } = one;
    if (isYoung(one, kind === "full" ? policy.keepFullDays : policy.keepIncrementalDays)) keep(one);
    if (ofQuarters.has(one.name) && isYoung(one, policy.keepQuarterlyDays)) keep(one);
  }
  const names = new Set(backups.map(({ name }) => name));
  const why = (one: Candidate): string | undefined => {
    if (kept.has(one.name)) return undefined;
    if (one.state === "unfinished") return "it was never finished";
    // Of an unreadable one no base is known.
    if (one.base !== "" && !names.has(one.base)) return `its base ${one.base} is gone`;
    const days = one.kind === "full" ? policy.keepFullDays : policy.keepIncrementalDays;
    // What is damaged may still be looked at, and is of no other use.
    if (isYoung(one, days)) return undefined;
    return one.state === "damaged"
      ? `damaged (${one.why}), and older than ${days} days`
      : `older than ${days} days`;
  };
  return [...backups]
    .sort((a, b) => Number(a.kind === "full") - Number(b.kind === "full") || a.startedAt - b.startedAt)
    .flatMap((one) => {
      const reason = why(one);
      return reason === undefined ? [] : [{ name: one.name, why: reason }];
    });
}

/** Names of the first good full backup of each quarter, by Moscow's calendar. */
function firstOfQuarters(good: readonly Candidate[]): Set<string> {
  const first = new Map<string, string>();
  for (const { name, kind, startedAt } of [...good].reverse()) {
    const [year, month] = moscow(startedAt).split("-");
    const quarter = `${year}/${Math.ceil(Number(month) / 3)}`;
    if (kind === "full" && !first.has(quarter)) first.set(quarter, name);
  }
  return new Set(first.values());
}

/**
 * The most work that can be lost between two backups, in hours: the longest time between two starts, and the time that the
 * second may take, until which only the first can be restored.
 * @param starts moments at which backups start, ascending, of a whole period of the schedule
 */
export function reachableRpoHours(
  starts: readonly number[],
  { limitMinutes }: Pick<Policy, "limitMinutes">,
): number {
  const gaps = starts.slice(1).map((start, index) => start - starts[index]!);
  return Math.max(...gaps) / HOUR + limitMinutes / 60;
}

/** Why a schedule cannot keep the policy's promise; undefined: it can. */
export function rpoProblem(
  starts: readonly number[],
  policy: Pick<Policy, "limitMinutes" | "rpoHours">,
): string | undefined {
  const reachable = reachableRpoHours(starts, policy);
  if (reachable <= policy.rpoHours) return undefined;
  return (
    `promises to lose ${hours(policy.rpoHours)} of work at most, and its schedule can lose ${hours(reachable)}: up to ` +
    `${hours(reachable - policy.limitMinutes / 60)} between two backups and ${policy.limitMinutes} minutes for one`
  );
}

const hours = (count: number): string => `${Number(count.toFixed(2))} ${count === 1 ? "hour" : "hours"}`;

/** How old the newest backup that can be restored may be: what the policy promises to lose at most. */
export function isFresh(
  backups: readonly Candidate[],
  now: number,
  { rpoHours }: Pick<Policy, "rpoHours">,
): boolean {
  const [newest] = restorable(backups);
  return newest !== undefined && now - newest.startedAt <= rpoHours * HOUR;
}
