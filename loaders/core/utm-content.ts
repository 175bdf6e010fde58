/** What campaigns write into `utm_content`: which city, and the day and month of the event. */
export interface UtmContent {
  /** The city as it was written, without blanks around it; empty when the form is another one. */
  cityRaw: string;
  /** 0 when the form is another one. */
  day: number;
  month: number;
  /** Whether the text has the agreed form. */
  ok: boolean;
}

/** Latin or Cyrillic letters, in words parted by hyphens or underscores; then day and month, two digits each. */
const FORM = /^([a-zа-яё]+(?:[-_][a-zа-яё]+)*)_(\d\d)_(\d\d)$/i;

const NOT_PARSED: UtmContent = { cityRaw: "", day: 0, month: 0, ok: false };

/** Days of a month in a leap year: the year is not known. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads `<city>_<dd>_<mm>`, whatever the case. Everything else is no mistake: the value stays as it is, and nothing is
 * guessed of it.
 */
export function parseUtmContent(text: string): UtmContent {
  const [, cityRaw = "", first = "", second = ""] = FORM.exec(text.normalize("NFC").trim()) ?? [];
  const [day, month] = [Number(first), Number(second)];
  const isDay = cityRaw !== "" && day >= 1 && day <= (DAYS[month - 1] ?? 0);
  return isDay ? { cityRaw, day, month, ok: true } : NOT_PARSED;
}
