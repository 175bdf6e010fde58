import { z } from "zod";
import { BadValue } from "./values";

/**
 * Readers of single fields, tolerant where PHP is loose: ids as numbers or text, flags in four spellings, empty objects as
 * []. Each throws `BadValue` with a reason that names no value.
 */

/** Turns a parser that throws `BadValue` into a schema whose message is the reason, without the value. */
export function field<T>(parse: (value: unknown) => T) {
  // Without `optional` zod refuses a key that is absent before this sees it; here absent and null mean the same.
  return z
    .unknown()
    .optional()
    .transform((value, context): T => {
      try {
        return parse(value);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        context.addIssue({ code: "custom", message: error.message });
        return z.NEVER;
      }
    });
}

/** The same for a field that may be absent or null. */
export function orNull<T>(parse: (value: unknown) => T) {
  return field((value) => (value === null || value === undefined ? null : parse(value)));
}

/** An id as text. A number that JSON could not hold exactly is refused: two of them may look alike. */
export function readId(value: unknown): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return String(value);
  const text = typeof value === "string" ? value.trim() : "";
  if (!/^\d{1,20}$/.test(text))
    throw new BadValue(value === null || value === undefined ? "missing" : "unreadable id");
  return text;
}

/** A flag that must be there; null is no. */
export function readFlag(value: unknown): boolean {
  if (value === undefined) throw new BadValue("missing");
  if (value === true || value === 1 || value === "1" || value === "true") return true;
  if (value === false || value === 0 || value === null || value === "0" || value === "false" || value === "")
    return false;
  throw new BadValue("unreadable flag");
}

/** A count of 0 or more; numeric text is read. */
export function readCount(value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw new BadValue("unreadable quantity");
  if (number < 0) throw new BadValue("negative quantity");
  if (number > 0xffffffff) throw new BadValue("quantity out of range");
  return number;
}

/** A quantity of 1 or more; absent is 1. */
export function readQuantity(value: unknown): number {
  if (value === null || value === undefined) return 1;
  const count = readCount(value);
  if (count === 0) throw new BadValue("quantity of zero");
  return count;
}

/** A currency code of three letters, in upper case. */
export function readCurrency(value: unknown): string {
  if (value === null || value === undefined || value === "") throw new BadValue("missing");
  const text = typeof value === "string" ? value.trim().toUpperCase() : "";
  if (!/^[A-Z]{3}$/.test(text)) throw new BadValue("unreadable currency");
  return text;
}

/** Text or a number as text, at most 255 characters; anything else is empty. */
export function readText(value: unknown): string {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new BadValue("number too large to be exact");
  return typeof value === "string" || typeof value === "number" ? String(value).trim().slice(0, 255) : "";
}

/** An object; PHP's empty list, an empty text or null is an empty object. */
export function readObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** A list; a map is read by its values. Missing and null are refused. */
export function readList(value: unknown): unknown[] {
  if (value === null || value === undefined) throw new BadValue("missing");
  if (Array.isArray(value)) return value as unknown[];
  if (typeof value === "object") return Object.values(value);
  throw new BadValue("not a list");
}

/** The ids of a list of objects; an absent list is empty, what has no id is left out. */
export function readIds(value: unknown): string[] {
  return readList(value ?? []).flatMap((one) => {
    const { id } = readObject(one);
    return Number.isSafeInteger(id) || (typeof id === "string" && /^\d{1,20}$/.test(id)) ? [String(id)] : [];
  });
}

/** A name: text, or an object keyed by language (Russian first, then the first that is not empty). */
export function readName(value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  const names = readObject(value);
  const candidates = [names.ru, names.ru_RU, names.default, ...Object.values(names)];
  const found = candidates.find((one) => typeof one === "string" && one.trim() !== "");
  return typeof found === "string" ? found : "";
}

/** The first reason why a row does not fit, as "field: reason": field names and fixed words only. */
export function reasonOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "unreadable";
  const path = issue.path.filter((part) => typeof part === "string").join(".");
  const text = issue.code === "custom" ? issue.message : "unexpected shape";
  return path === "" ? text : `${path}: ${text}`;
}
