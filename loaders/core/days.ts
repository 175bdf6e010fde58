import { DateTime } from "luxon";
import { UsageError } from "./errors";
import { MOSCOW } from "./values";

/** Moscow days, both included, as YYYY-MM-DD. */
export interface Days {
  from: string;
  to: string;
}

const FORM = "yyyy-MM-dd";

/** A day given by hand. Throws `UsageError`. */
export function parseDayFlag(text: string, flag: string): string {
  if (!DateTime.fromFormat(text, FORM, { zone: "utc" }).isValid) {
    throw new UsageError(`${flag} must be a day such as 2030-01-31`);
  }
  return text;
}

/** So many days later; earlier with a negative number. */
export function addDays(day: string, days: number): string {
  return DateTime.fromFormat(day, FORM, { zone: "utc" }).plus({ days }).toFormat(FORM);
}

/** The Moscow day so many days before that of a timestamp (ms). */
export function daysBefore(now: number, days: number): string {
  return DateTime.fromMillis(now, { zone: MOSCOW }).minus({ days }).toFormat(FORM);
}
