import type { StatementFailure } from "../warehouse/failure";
import { isSignificant, tokenize } from "../warehouse/sql/lexer";
import type { SqlStatement } from "../warehouse/schema/source";

/** Something that is wrong with the schema or with the code that uses it. */
export interface Finding {
  /** Relative to the repository. */
  file: string;
  /** From 1. */
  line: number;
  /** `database.name`, with `.column` where one is meant; a user for access; the file itself for text. */
  object: string;
  wrong: string;
  expected: string;
  /** Objects that it reads: what is wrong with one of them explains it, and only that is reported. */
  follows?: readonly string[];
  /** True: no view and no query fails because of it. */
  harmless?: boolean;
  /** True: two definitions contradict each other; which of them is right cannot be told. */
  critical?: boolean;
}

/** `file:line object: what is wrong; expected …` */
export function describeFinding({ file, line, object, wrong, expected, critical }: Finding): string {
  return `${critical ? "critical: " : ""}${file}:${line} ${object}: ${wrong}; expected ${expected}`;
}

/** What is wrong with a statement that ClickHouse refuses: its code and the first sentence of its text. */
export function describeRefusal({ code, reason }: StatementFailure): string {
  return `code ${code}, ${reason.replace(/\s+/g, " ").split(/\. \(|: While |: In scope |\.$/)[0]}`;
}

/** A finding about a statement, at the line of the first of the words that stands in it. */
export function at(
  statement: SqlStatement,
  object: string,
  wrong: string,
  expected: string,
  ...words: string[]
): Finding {
  return { file: statement.file, line: lineOf(statement, words), object, wrong, expected };
}

/** Line in the file of the first of the words (columns, keywords) that stands in a statement, or of its beginning. */
export function lineOf({ text, line }: SqlStatement, words: string[]): number {
  const tokens = tokenize(text).filter(isSignificant);
  for (const word of words) {
    const token = tokens.find(({ text: found }) => found.replace(/^[`"](.*)[`"]$/, "$1") === word);
    if (token) return line + newlines(text.slice(0, token.start));
  }
  return line;
}

/**
 * Findings in the order of files and lines, each once, without those that only follow from others: a view of a view of a
 * broken table is not broken itself.
 */
export function rootCauses(findings: readonly Finding[]): Finding[] {
  const objectOf = ({ object }: Finding): string => object.split(".").slice(0, 2).join(".");
  const broken = new Set(findings.filter((one) => !one.harmless).map(objectOf));
  const rest = findings.filter(({ follows }) => !follows?.some((object) => broken.has(object)));
  const place = ({ file, line }: Finding): string => `${file}:${String(line).padStart(6, "0")}`;
  const unique = new Map(rest.map((one) => [describeFinding(one), one]));
  return [...unique.values()].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
}

/** Number of line breaks in a text. */
export function newlines(text: string): number {
  return text.split("\n").length - 1;
}
