import { DateTime } from "luxon";
import { UsageError } from "../core/errors";
import { MOSCOW, moscowMidnight } from "../core/values";

/** What the user asked for by hand. Timestamps are milliseconds since 1970 UTC; `since` is before `until` and before now. */
export interface AskedWindow {
  sinceHours?: number | undefined;
  since?: number | undefined;
  until?: number | undefined;
  full: boolean;
}

/** What is known from earlier runs. */
export interface History {
  /** The guard table has an ok run of the job. */
  hadOkRun: boolean;
  /** Watermark `orders`: everything paid or changed before it has been read. */
  readUntil: number | undefined;
  /** No order of the warehouse was read before this (ms); undefined when there is none, or a watermark says more. */
  oldestRead: number | undefined;
  /** Watermark `orders_from`: sales before it were never read as a whole. */
  readFrom: number | undefined;
  /** Watermark `orders_target`: how far back the first load goes. It is not at its end while this is before `readFrom`. */
  target: number | undefined;
}

/** From `start` to before `end`, in ms. */
export interface Span {
  start: number;
  end: number;
}

export type Mode = "incremental" | "backfill" | "window" | "full" | "offline";

/** Which orders a run reads. */
export interface Window {
  mode: Mode;
  /** Paid orders by time of payment; null reads every order without a filter. */
  paid: Span | null;
  /** What an unfinished first load has left of its days. */
  older: Span | null;
  /** Orders of any kind that changed since; null when there is nothing that could have changed, or it is not asked for. */
  changedSince: number | null;
  /** Sales before this are whole only if they are in the warehouse already. */
  readFrom: number;
  /** The watermark `orders` moves to the start of the run. */
  advances: boolean;
}

const HOUR = 3_600_000;
/** Before the first order of any source. */
export const EVERYTHING = Date.UTC(2000, 0, 1);

export interface WindowInput {
  /** Start of the run (ms), the end of its windows. */
  now: number;
  sinceHours: number;
  backfillHours: number;
  overlapMinutes: number;
  offline: boolean;
  asked: AskedWindow;
  history: History;
}

/** Chooses the windows of a run. Hours are elapsed time; a window that opens new history begins at midnight in Moscow. */
export function chooseWindow(input: WindowInput): Window {
  const { now, asked, history } = input;
  const hours = asked.sinceHours ?? input.sinceHours;
  const everything = { paid: null, older: null, changedSince: null, readFrom: EVERYTHING };
  if (input.offline) return { mode: "offline", ...everything, advances: false };
  if (asked.full) return { mode: "full", ...everything, advances: true };
  if (asked.since !== undefined || asked.until !== undefined) {
    const start = asked.since ?? EVERYTHING;
    const end = Math.min(asked.until ?? now, now);
    return {
      mode: "window",
      paid: { start, end },
      older: null,
      changedSince: null,
      readFrom: history.readFrom ?? now,
      advances: false,
    };
  }
  const { readUntil, target } = history;
  const isUnfinished = target !== undefined && history.readFrom !== undefined && target < history.readFrom;
  const overlap = input.overlapMinutes * 60_000;
  if (readUntil === undefined || (!history.hadOkRun && !isUnfinished)) {
    // What earlier runs have left behind may have changed since, and not only in ways that a paid order shows.
    const since = readUntil === undefined ? history.oldestRead : Math.min(readUntil, now) - overlap;
    const start = moscowMidnight(now - Math.max(hours, input.backfillHours) * HOUR);
    return {
      mode: "backfill",
      paid: { start, end: now },
      older: null,
      changedSince: since ?? null,
      readFrom: Math.min(start, history.readFrom ?? start),
      advances: true,
    };
  }
  const changedSince = Math.min(readUntil, now) - overlap;
  const wanted = Math.min(changedSince, now - hours * HOUR);
  const known = history.readFrom ?? wanted;
  const start = wanted < known ? moscowMidnight(wanted) : wanted;
  const readFrom = Math.min(start, known);
  return {
    mode: isUnfinished ? "backfill" : "incremental",
    paid: { start, end: now },
    older: isUnfinished && target < readFrom ? { start: target, end: readFrom } : null,
    changedSince,
    readFrom,
    advances: true,
  };
}

/**
 * The newest whole days of a span that has `total` orders, so that they have about `wanted` at most; the span itself when
 * it has no more than that, or cannot be parted.
 */
export function newestDays(span: Span, total: number, wanted: number): Span {
  if (total <= wanted) return span;
  const { start, end } = span;
  const part = moscowMidnight(end - (end - start) * (wanted / total));
  return { start: Math.max(start, Math.min(part, moscowMidnight(end - 1))), end };
}

/** A timestamp as the API takes it in a filter: ISO 8601 with seconds and a colon in the offset. */
export function filterTime(ms: number, zone: string): string {
  return DateTime.fromMillis(ms, { zone }).toFormat("yyyy-MM-dd'T'HH:mm:ssZZ");
}

/** A timestamp given by hand: a day (its midnight in Moscow) or ISO 8601 (Moscow unless it has an offset). */
export function parseTimestampFlag(text: string, flag: string): number {
  const parsed = DateTime.fromISO(text, { zone: MOSCOW });
  if (!parsed.isValid || !/^\d{4}-\d\d-\d\d/.test(text)) {
    throw new UsageError(
      `${flag} must be a day such as 2030-01-31 or a time such as 2030-01-31T12:00:00+03:00`,
    );
  }
  return parsed.toMillis();
}
