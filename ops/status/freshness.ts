import { sourceOf } from "../../loaders/sources";

/**
 * How a table is: `broken` cannot be read or lacks what `sql/` declares; `empty` has no rows; `stale` has rows, and the newest
 * good run of its job is too long ago; `fresh` is none of these. A good run that found nothing new leaves a table fresh.
 */
export type Freshness = "broken" | "empty" | "fresh" | "stale";

/**
 * How a table that can be read is.
 * @param secondsSinceOk since the end of the newest `ok` run of its job; null: there was none
 */
export function freshnessOf(
  job: string,
  rows: number,
  secondsSinceOk: number | null,
): Exclude<Freshness, "broken"> {
  if (rows === 0) return "empty";
  const hours = sourceOf(job)?.freshHours ?? 0;
  return secondsSinceOk !== null && secondsSinceOk <= hours * 3600 ? "fresh" : "stale";
}
