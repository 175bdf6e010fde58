import { DateTime } from "luxon";

/** The zone of every day and of every timestamp without an offset. */
export const MOSCOW = "Europe/Moscow";

/** A value of the source that cannot be used; the reason is written, the value is not. */
export class BadValue extends Error {
  override readonly name = "BadValue";
}

/** Money in kopecks (hundredths of any currency): a safe integer, so that sums are exact. */
export type Kopecks = number;

/** Above this a JSON number has not surely kept its two decimals; no ticket costs that much. */
const MAX_MONEY: Kopecks = 999_999_999_999_999;

/**
 * Money of the source, exactly: a JSON number, or text with a point or a comma.
 * More than two places are rounded half up, because sources print binary fractions (1234.5599999999999).
 */
export function parseMoney(value: unknown): Kopecks {
  if (Number.isInteger(value) && Math.abs(value as number) < MAX_MONEY / 100)
    return (value as number) * 100 + 0;
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  const match = /^([+-]?)(\d{1,20})(?:[.,](\d{1,30}))?$/.exec(text);
  if (!match) throw new BadValue("unreadable money");
  const [, sign, whole = "", fraction = ""] = match;
  const roundUp = fraction.charCodeAt(2) >= FIVE ? 1 : 0;
  const kopecks = Number(whole) * 100 + Number(fraction.slice(0, 2).padEnd(2, "0")) + roundUp;
  if (kopecks > MAX_MONEY) throw new BadValue("unreadable money");
  return sign === "-" && kopecks !== 0 ? -kopecks : kopecks;
}

const FIVE = "5".charCodeAt(0);

/** Money as ClickHouse reads it without loss: text with two decimals. */
export function moneyText(money: Kopecks): string {
  const kopecks = Math.abs(money);
  const rest = kopecks % 100;
  return `${money < 0 ? "-" : ""}${(kopecks - rest) / 100}.${rest < 10 ? "0" : ""}${rest}`;
}

/** A timestamp of the source. */
export interface Timestamp {
  /** Milliseconds since 1970 UTC. */
  ms: number;
  /** The source gave no offset; Moscow time was assumed. */
  naive: boolean;
}

const TWO_DAYS = 2 * 24 * 3600 * 1000;
const YEAR_2000 = Date.UTC(2000, 0, 1);

/** An ISO 8601 timestamp with any offset, or without one (then it is Moscow time). Before 2000 or more than two days ahead of `now` (ms) is refused. */
export function parseTimestamp(value: unknown, now: number): Timestamp {
  if (typeof value !== "string") throw new BadValue("unreadable time");
  const quick = parseUsualTimestamp(value);
  if (!Number.isNaN(quick)) return inRange(quick, false, now);
  const text = value.trim().replace(/^(\d{4}-\d\d-\d\d) (\d)/, "$1T$2");
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?$/i.exec(text);
  if (!match) throw new BadValue("unreadable time");
  const parsed = DateTime.fromISO(text, { zone: MOSCOW });
  if (!parsed.isValid) throw new BadValue("unreadable time");
  return inRange(parsed.toMillis(), match[1] === undefined, now);
}

function inRange(ms: number, naive: boolean, now: number): Timestamp {
  if (ms < YEAR_2000 || ms > now + TWO_DAYS) throw new BadValue("time out of range");
  return { ms, naive };
}

const USUAL_TIMESTAMP =
  /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$/;

/**
 * The form in which the API writes nearly every time, `2030-01-31T12:00:00+03:00`, by the engine's own parser: an order has a
 * dozen of them, and with the general one a load takes several times as long. NaN for every other form, and for days
 * that do not exist, which the engine takes for days of the next month.
 */
function parseUsualTimestamp(text: string): number {
  if (!USUAL_TIMESTAMP.test(text)) return NaN;
  const day = Number(text.slice(8, 10));
  if (day > 28) {
    const [year, month] = [Number(text.slice(0, 4)), Number(text.slice(5, 7))];
    if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return NaN;
  }
  return Date.parse(text);
}

const DAY = 24 * 3600 * 1000;
/** Moscow's offset by number of the UTC day; null on the days on which it changes. */
const offsets = new Map<number, number | null>();
const dayTexts = new Map<number, string>();

/** The Moscow calendar day of a timestamp, as YYYY-MM-DD. */
export function moscowDay(ms: number): string {
  const day = Math.floor((ms + moscowOffset(ms)) / DAY);
  let text = dayTexts.get(day);
  if (text === undefined) {
    text = new Date(day * DAY).toISOString().slice(0, 10);
    dayTexts.set(day, text);
  }
  return text;
}

/** Moscow's offset from UTC in milliseconds, by the rules of the zone; asked for once per day, as that is slow. */
function moscowOffset(ms: number): number {
  const day = Math.floor(ms / DAY);
  let offset = offsets.get(day);
  if (offset === undefined) {
    const [first, last] = [zoneOffset(day * DAY), zoneOffset((day + 1) * DAY - 1)];
    offset = first === last ? first : null;
    offsets.set(day, offset);
  }
  return offset ?? zoneOffset(ms);
}

function zoneOffset(ms: number): number {
  return DateTime.fromMillis(ms, { zone: MOSCOW }).offset * 60_000;
}

/** Start of the Moscow day of a timestamp (ms). */
export function moscowMidnight(ms: number): number {
  return DateTime.fromMillis(ms, { zone: MOSCOW }).startOf("day").toMillis();
}

/** The last second that a DateTime column can hold: 2106-02-07. */
const LAST_SECOND = 0xffffffff;

/** Whole seconds for a DateTime column. "For ever" (the year 9999) becomes the last second it can hold. */
export function dateTimeSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.min(Math.floor(ms / 1000), LAST_SECOND);
}

/** Control characters and other invisible ones, but for the joiner between the parts of one emoji (a family, a flag). */
const INVISIBLE =
  /(?!(?<=\p{Extended_Pictographic}[\u{fe0f}\p{Emoji_Modifier}]?)\u{200d}(?=\p{Extended_Pictographic}))[\p{Cc}\p{Cf}]/gu;

/** Trimmed text in Unicode NFC, inner runs of blanks made one, without control characters. */
export function normalText(value: string): string {
  return value
    .replace(/[\s\p{Z}]+/gu, " ")
    .replace(INVISIBLE, "")
    .replace(/ +/g, " ")
    .trim()
    .normalize("NFC");
}

/** The normal form of a city: one spelling of blanks, underscores and case. Hyphens and ё stay. */
export function cityNormalForm(value: string): string {
  return normalText(value.replaceAll("_", " ")).toLowerCase().normalize("NFC");
}

/** The form under which a spelling is looked up: ё as е, hyphens as blanks. */
export function cityLookupKey(value: string): string {
  return normalText(cityNormalForm(value).replaceAll("ё", "е").replaceAll("-", " "));
}

/** Canonical city of a spelling. Without an alias it is the normal form itself, and `known` is false; empty stays empty. */
export function canonicalCity(
  value: string,
  aliases: ReadonlyMap<string, string>,
): { city: string; known: boolean } {
  const normal = cityNormalForm(value);
  if (normal === "") return { city: "", known: true };
  const city = aliases.get(cityLookupKey(normal));
  return city === undefined ? { city: normal, known: false } : { city, known: true };
}

const LONGEST_UTM = 255;
/** Only so much of an overlong value is looked at. */
const UTM_READ = 1000;
/** The usual kind of value, which is its own normal form and no e-mail address. */
const PLAIN_UTM = /^[A-Za-z0-9_|.:-]{0,255}$/;
/** Looked for first: the pattern of a whole address takes a time that grows with the square of the length. */
const AT_SIGN = /@|%40/;
const EMAIL = /[^\s@]+(?:@|%40)[^\s@]+\.[^\s@]+/i;
const PHONE = /\+\d[\d\s().-]{8,}\d|(?<!\d)[78][\s.-]?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{2}[\s.-]?\d{2}(?!\d)/;

/** One UTM value: trimmed, at most 255 characters, case kept; empty where it looks like an e-mail address or a phone number. */
export function utmValue(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return "";
  const given = String(value);
  if (PLAIN_UTM.test(given)) return PHONE.test(given) ? "" : given;
  const text = normalText(given.slice(0, UTM_READ));
  if (AT_SIGN.test(text) && EMAIL.test(text)) return "";
  if (PHONE.test(text)) return "";
  return [...text].slice(0, LONGEST_UTM).join("").trim();
}
