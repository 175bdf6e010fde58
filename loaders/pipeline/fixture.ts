import { addDays } from "../core/days";
import { moscowDay } from "../core/values";

/** Rewrites a text of which a part may stay; `hide` gives the replacement of another part. */
export type Rewrite = (text: string, hide: (part: string) => string) => string;

/**
 * What may be seen of a field that is known: `id`, a number that is given another one; `time`, which is moved by whole days;
 * a pattern of numbers and texts that stay; `hidden`, of which only the shape stays.
 */
export type FieldKind = "id" | "time" | "hidden" | RegExp | Rewrite;

/** The fields whose names stay. Everything else is replaced, its name too. */
export type KnownFields = Readonly<Record<string, FieldKind>>;

/** Kinds that several vendors have. */
export const FLAG = /^(?:true|false|[01]?)$/;
export const NUMBER = /^-?\d{1,12}(?:[.,]\d{1,10})?$/;

/** The day on which a fixture was taken, whenever that was. */
export const FIXTURE_DAY = "2030-01-15";

const DAY = 24 * 3_600_000;
const TIME =
  /^(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)\.(\d\d)\.(\d{4}))((?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)? ?(?:Z|[+-]\d\d:?\d\d)?)$/;
/** Later days mean "for ever" and stay. */
const LAST_YEAR = 2200;

/**
 * Answers of a vendor as input of a test: of every value only what `fields` allows stays. Ids become 1, 2, 3 … in their own
 * order, the same id the same number everywhere; equal texts get equal replacements; times keep clock, offset and form.
 * @param answers by name; these names stay
 * @param now when they were taken (ms)
 */
export function anonymise<Name extends string>(
  answers: Partial<Record<Name, unknown>>,
  fields: KnownFields,
  now: number,
): Partial<Record<Name, unknown>> {
  const numbers = renumber(answers, fields);
  const texts = new Map<string, string>();
  const later = (Date.parse(FIXTURE_DAY) - Date.parse(moscowDay(now))) / DAY;

  const hide = (text: string): string => {
    if (text === "") return "";
    const known = texts.get(text) ?? `text-${texts.size + 1}`;
    texts.set(text, known);
    return known;
  };
  const scalar = (value: string | number, kind: FieldKind): unknown => {
    const hidden = () => (typeof value === "number" ? 0 : hide(value));
    if (kind === "hidden") return hidden();
    if (kind === "id") {
      const number = numbers.get(String(value));
      if (number === undefined) return hidden();
      return typeof value === "number" ? number : String(number);
    }
    if (kind instanceof RegExp) return kind.test(String(value)) ? value : hidden();
    if (typeof value === "number") return hidden();
    return kind === "time" ? (moved(value, later) ?? hidden()) : kind(value, hide);
  };
  const walk = (value: unknown, kind: FieldKind): unknown => {
    if (typeof value === "string" || typeof value === "number") return scalar(value, kind);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((one) => walk(one, kind));
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const known = kindOf(fields, name);
        return [known === undefined ? hide(name) : name, walk(inner, known ?? "hidden")];
      }),
    );
  };
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, walk(answer, "hidden")]),
  ) as Partial<Record<Name, unknown>>;
}

function kindOf(fields: KnownFields, name: string): FieldKind | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** A new number for each id, in their order. */
function renumber(answers: unknown, fields: KnownFields): Map<string, number> {
  const found = new Set<string>();
  const walk = (value: unknown, isId: boolean): void => {
    if (typeof value === "string" || typeof value === "number") {
      if (isId && /^\d{1,20}$/.test(String(value))) found.add(String(value));
    } else if (Array.isArray(value)) value.forEach((one) => walk(one, isId));
    else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) walk(inner, kindOf(fields, name) === "id");
    }
  };
  walk(answers, false);
  const inOrder = [...found].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return new Map(inOrder.map((id, index) => [id, index + 1]));
}

/** A time so many days later, in the same form; undefined for what is none. */
function moved(text: string, days: number): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, dayFirst, monthFirst, yearLast, rest = ""] = match;
  const given = `${year ?? yearLast}-${month ?? monthFirst}-${day ?? dayFirst}`;
  if (Number(given.slice(0, 4)) > LAST_YEAR) return text;
  const [y, m, d] = addDays(given, days).split("-");
  if (y === undefined || m === undefined || d === undefined) return undefined;
  return year === undefined ? `${d}.${m}.${y}${rest}` : `${y}-${m}-${d}${rest}`;
}
