import Big from "big.js";
import { DateTime } from "luxon";

/** The zone of every day and of every moment without an offset. */
export const MOSCOW = "Europe/Moscow";

/** A value of the source that cannot be used; the reason is written, the value is not. */
export class BadValue extends Error {
  override readonly name = "BadValue";
}

/** Above this a JSON number has not surely kept its two decimals; no ticket costs that much. */
const MAX_MONEY = new Big("9999999999999.99");

/**
 * Money of the source as an exact decimal with two places: a JSON number, or text with a point or a comma.
 * More places are rounded half up, because sources print binary fractions (1234.5599999999999).
 */
export function parseMoney(value: unknown): Big {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  if (!/^[+-]?\d{1,20}([.,]\d{1,30})?$/.test(text)) throw new BadValue("unreadable money");
  const money = new Big(text.replace(",", ".").replace("+", "")).round(2, Big.roundHalfUp);
  if (money.abs().gt(MAX_MONEY)) throw new BadValue("unreadable money");
  return money;
}

/** Money as ClickHouse reads it without loss: text with two decimals. */
export function moneyText(money: Big): string {
  return money.eq(0) ? "0.00" : money.toFixed(2);
}

/** A moment of the source. */
export interface Moment {
  /** Milliseconds since 1970 UTC. */
  ms: number;
  /** The source gave no offset; Moscow time was assumed. */
  naive: boolean;
}

const TWO_DAYS = 2 * 24 * 3600 * 1000;
const YEAR_2000 = Date.UTC(2000, 0, 1);

/** An ISO 8601 moment with any offset, or without one (then it is Moscow time). Before 2000 or more than two days ahead of `now` (ms) is refused. */
export function parseMoment(value: unknown, now: number): Moment {
  if (typeof value !== "string") throw new BadValue("unreadable time");
  const text = value.trim().replace(/^(\d{4}-\d\d-\d\d) (\d)/, "$1T$2");
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?$/i.exec(text);
  if (!match) throw new BadValue("unreadable time");
  const parsed = DateTime.fromISO(text, { zone: MOSCOW });
  if (!parsed.isValid) throw new BadValue("unreadable time");
  const ms = parsed.toMillis();
  if (ms < YEAR_2000 || ms > now + TWO_DAYS) throw new BadValue("time out of range");
  return { ms, naive: match[1] === undefined };
}

/** The Moscow calendar day of a moment, as YYYY-MM-DD. */
export function moscowDay(ms: number): string {
  return DateTime.fromMillis(ms, { zone: MOSCOW }).toFormat("yyyy-MM-dd");
}

/** Trimmed text in Unicode NFC, inner runs of blanks made one, without control characters. */
export function normalText(value: string): string {
  return value
    .replace(/[\s\p{Z}]+/gu, " ")
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
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
const EMAIL = /[^\s@]+(?:@|%40)[^\s@]+\.[^\s@]+/i;
const PHONE = /\+\d[\d\s().-]{8,}\d|(?<!\d)[78][\s.-]?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{2}[\s.-]?\d{2}(?!\d)/;

/** One UTM value: trimmed, at most 255 characters, case kept; empty where it looks like an e-mail address or a phone number. */
export function utmValue(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return "";
  const text = normalText(String(value).slice(0, UTM_READ));
  if (EMAIL.test(text) || PHONE.test(text)) return "";
  return [...text].slice(0, LONGEST_UTM).join("").trim();
}
