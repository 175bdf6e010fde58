import { DateTime } from "luxon";
import { BadValue } from "./values";

/** Readers of cells that people write by hand or with a spreadsheet; undefined where a text is no such value. */

/** Turns a parser that throws `BadValue` into a reader of cells. */
export function cell<T>(parse: (text: string) => T): (text: string) => T | undefined {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      return undefined;
    }
  };
}

/** The same for a cell that may be empty. */
export function cellOrEmpty(parse: (text: string) => string): (text: string) => string | undefined {
  return cell((text) => (text === "" ? "" : parse(text)));
}

export const DAY_FORMS = "a day such as 2030-01-31 or 31.01.2030";

/** A day of this century, as YYYY-MM-DD. */
export function dayCell(text: string): string | undefined {
  const day = ["yyyy-MM-dd", "dd.MM.yyyy"]
    .map((format) => DateTime.fromFormat(text, format, { zone: "utc" }))
    .find((one) => one.isValid);
  return day !== undefined && day.year >= 2000 && day.year <= 2100 ? day.toFormat("yyyy-MM-dd") : undefined;
}

/** Blanks inside numbers (1 200) are how spreadsheets show thousands. */
const withoutBlanks = (text: string) => text.replace(/(?<=\d)[\s\p{Z}](?=\d{3})/gu, "");

export const WHOLE_NUMBER_FORMS = "a whole number such as 120";

export function wholeNumberCell(greatest: number): (text: string) => number | undefined {
  return (text) => {
    const digits = withoutBlanks(text);
    return /^\d{1,16}$/.test(digits) && Number(digits) <= greatest ? Number(digits) : undefined;
  };
}

/** Money as text with two decimals, exactly as it stands there. */
export function moneyCell(text: string): string | undefined {
  const match = /^(\d{1,13})(?:[.,](\d{1,2}))?$/.exec(withoutBlanks(text));
  return match ? `${match[1]}.${(match[2] ?? "").padEnd(2, "0")}` : undefined;
}
