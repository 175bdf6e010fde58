import { readId, readObject } from "../../core/fields";
import { parseMoney } from "../../core/values";
import { Unknown, type Verdict } from "../../pipeline/probe";
import { holdsOfAll, tolerant, wasSeen } from "../../pipeline/probe-judge";
import { readDay } from "../records";

/** What the probes of both APIs see in what came. */

/** A row as it came. */
export type Row = Readonly<Record<string, unknown>>;

/** An id that no ad has. */
export const NO_AD = "999999999999999";

export const idOf = tolerant(readId);
export const moneyOf = tolerant(parseMoney);
const dayOf = tolerant(readDay);

/** Ids of rows; those without one are left out. */
export const idsOf = (rows: readonly Row[]): string[] => rows.flatMap(({ id }) => idOf(id) ?? []);

/** Every row has no other fields than these. Throws `Unknown` for no rows. */
export function hasOnly(rows: readonly Row[], fields: string): Verdict {
  if (rows.length === 0) throw new Unknown("no rows came");
  const known = fields.split(",");
  const extra = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => !known.includes(name))));
  return {
    answer: extra.size === 0 ? "yes" : "no",
    evidence: `${known.length} fields asked for, ${extra.size} others came`,
  };
}

/** Texts that hold marks: `utm_…=`. */
export const isMarked = (text: unknown): text is string =>
  typeof text === "string" && /\butm_[a-z]+=/.test(text);

/** Whether marks are given with macros that nobody replaced. */
export function macros(texts: readonly string[]): Verdict {
  const found = texts.filter((text) => /\{\{|%7B%7B/i.test(text)).length;
  return wasSeen(found, "with a macro", `${texts.length} texts with marks`);
}

/** Whether days are calendar days. Throws `Unknown` for none. */
export function daysAreDays(days: readonly unknown[]): Verdict {
  return holdsOfAll(days, "days", (day) => dayOf(day) !== undefined, "the statistics");
}

/** Whether money comes as decimal text. Throws `Unknown` for none. */
export function moneyIsText(values: readonly unknown[]): Verdict {
  const given = values.filter((value) => value !== undefined && value !== null);
  return holdsOfAll(
    given,
    "figures",
    (value) => typeof value === "string" && moneyOf(value) !== undefined,
    "the statistics",
  );
}

/** Objects of a list; none for anything else. */
export const rowsIn = (value: unknown): Row[] => (Array.isArray(value) ? value.map(readObject) : []);
