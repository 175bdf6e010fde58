import { addDays, daysBefore, type Days } from "../core/days";
import { UsageError } from "../core/errors";
import { STAGING_DAYS } from "./derive";

/**
 * The days that a run reads: those asked for, else the last `daysBack` days up to yesterday, as the vendor corrects what is
 * younger than that. `now` is the start of the run (ms). Throws `UsageError` for days that make no sense.
 */
export function chooseDays(asked: Partial<Days>, daysBack: number, now: number): Days {
  const today = daysBefore(now, 0);
  const to = asked.to ?? daysBefore(now, 1);
  if (to > today) throw new UsageError(`--to must not be after today (${today})`);
  const from = asked.from ?? addDays(to, 1 - daysBack);
  if (from > to) throw new UsageError(`--from (${from}) must not be after --to (${to})`);
  const oldest = oldestDay(now);
  if (from < oldest)
    throw new UsageError(
      `${from} is too long ago: staging keeps ${STAGING_DAYS} days, from ${oldest} on, and older ones might be gone before they are facts`,
    );
  return { from, to };
}

/** The first day that staging surely keeps. */
export function oldestDay(now: number): string {
  return daysBefore(now, STAGING_DAYS - 1);
}

/** Cuts days into pieces of at most `length` days, oldest first, without gap or overlap. */
export function splitDays({ from, to }: Days, length: number): Days[] {
  const pieces: Days[] = [];
  for (let start = from; start <= to; start = addDays(start, length)) {
    const last = addDays(start, length - 1);
    pieces.push({ from: start, to: last < to ? last : to });
  }
  return pieces;
}
