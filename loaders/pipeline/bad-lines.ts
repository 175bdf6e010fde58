import type { BadLine, CsvFile } from "../core/csv";
import { ExpectedError } from "../core/errors";
import type { Log } from "../core/log";

/** At most so many wrong lines are listed one by one. */
const LONGEST_LIST = 50;

/** Says what is wrong, line by line. Throws, before anything is written, unless wrong lines are to be left out. */
export function reportBadLines(
  what: string,
  { lines, bad }: CsvFile<unknown>,
  { skipBad, log }: { skipBad: boolean; log: Log },
): void {
  if (bad.length === 0) return;
  const say = (text: string): void => (skipBad ? log.warning(text) : log.error(text));
  const inOrder = [...bad].sort((a, b) => a.line - b.line);
  for (const { line, column, found, accepted } of inOrder.slice(0, LONGEST_LIST)) {
    say(`Line ${line}, ${column}: found "${found}", accepted is ${accepted}`);
  }
  if (bad.length > LONGEST_LIST) say(`… and ${bad.length - LONGEST_LIST} more`);
  if (skipBad && lines.length > 0) return;
  const columns = [...new Set(inOrder.map(({ column }) => column))].join(", ");
  const mistakes = bad.length === 1 ? "1 mistake" : `${bad.length} mistakes`;
  throw new ExpectedError(
    `The ${what} was not imported: ${mistakes} in ${columns}. Correct them, or leave those lines out with --skip-bad.`,
  );
}

/** How many lines are wrong: one line may have several mistakes. */
export function countLines(bad: readonly BadLine[]): number {
  return new Set(bad.map(({ line }) => line)).size;
}
