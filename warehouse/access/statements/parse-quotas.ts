import type { Cursor } from "./cursor";
import { unreadable } from "./declaration-error";
import type { Change, IntervalChange } from "./statement";

/** Seconds of each unit, as the server counts them. */
const secondsOf: Record<string, number> = {
  SECOND: 1,
  MINUTE: 60,
  HOUR: 3600,
  DAY: 86_400,
  WEEK: 604_800,
  MONTH: 2_629_746,
  QUARTER: 7_889_238,
  YEAR: 31_556_952,
};

/** What CREATE QUOTA and ALTER QUOTA say between the name and TO. */
export function readQuotaClauses(cursor: Cursor, change: Change): void {
  if (cursor.accept("NOT", "KEYED")) change.keys = [];
  if (cursor.accept("KEYED", "BY")) change.keys = cursor.names();
  if (cursor.peek("FOR")) change.intervals = cursor.list(() => readInterval(cursor));
}

function readInterval(cursor: Cursor): IntervalChange {
  cursor.expect("FOR");
  const randomized = cursor.accept("RANDOMIZED");
  cursor.expect("INTERVAL");
  const count = Number(cursor.value());
  const unit = cursor.name();
  const unitSeconds = secondsOf[unit.toUpperCase()];
  if (unitSeconds === undefined) throw unreadable(`a quota's interval in \`${unit}\``);
  const interval = { seconds: count * unitSeconds, randomized, limits: {}, remove: false };
  if (cursor.accept("NO", "LIMITS")) return { ...interval, remove: true };
  if (cursor.accept("TRACKING", "ONLY")) return interval;
  cursor.expect("MAX");
  return { ...interval, limits: readLimits(cursor) };
}

function readLimits(cursor: Cursor): Record<string, number> {
  const limits: Record<string, number> = {};
  do {
    const name = cursor.name();
    cursor.expect("=");
    limits[name] = Number(cursor.value());
    // The comma before the next interval belongs to the list of intervals.
  } while (!cursor.peek(",", "FOR") && cursor.accept(","));
  return limits;
}
