/** Moscow has been at +03:00 without changes since 2014; the sandbox's data never reach further back. */
const MOSCOW_OFFSET_HOURS = 3;
export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
export const DAY = 24 * HOUR;

/** Number of the Moscow calendar day (days since 1970-01-01) of a timestamp in epoch milliseconds. */
export function moscowDay(timestamp: number): number {
  return Math.floor((timestamp + MOSCOW_OFFSET_HOURS * HOUR) / DAY);
}

/** Epoch milliseconds of the midnight at which a Moscow day begins. */
export function dayStart(day: number): number {
  return day * DAY - MOSCOW_OFFSET_HOURS * HOUR;
}

/** `2030-01-31` for a day number. */
export function dayText(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

/** A timestamp in epoch milliseconds as text: ISO 8601, whole seconds, a colon in the offset. */
export function isoTime(timestamp: number, offsetHours = MOSCOW_OFFSET_HOURS): string {
  const wallClock = new Date(timestamp + offsetHours * HOUR).toISOString().slice(0, 19);
  return `${wallClock}+${String(offsetHours).padStart(2, "0")}:00`;
}
