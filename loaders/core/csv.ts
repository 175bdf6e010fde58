import { isUtf8 } from "node:buffer";
import { CsvError } from "csv-parse";
import { parse } from "csv-parse/sync";
import { UsageError } from "./errors";

/** One thing that is wrong with one line. */
export interface BadLine {
  line: number;
  column: string;
  /** What stands there, shortened. Only for the person whose file it is; the journal gets the column. */
  found: string;
  accepted: string;
}

/** A file that was read: its lines that are right, and everything that is wrong about the others. */
export interface CsvFile<Line> {
  lines: Line[];
  bad: BadLine[];
}

export interface CsvColumn {
  /** What a cell may be, for the person whose file it is. */
  accepted: string;
  /** The value, or undefined when the text is not one. */
  read: (text: string) => string | number | undefined;
  /** Value of every line when the file has no such column; a column without it must be there. */
  absent?: string | number;
}

export type CsvColumns = Readonly<Record<string, CsvColumn>>;

/** One line, checked: its number, and a value for every column. */
export type CsvLine<Columns extends CsvColumns> = { line: number } & {
  [Name in keyof Columns]: Exclude<ReturnType<Columns[Name]["read"]>, undefined>;
};

/** What a file must be. */
export interface CsvForm<Columns extends CsvColumns> {
  /** What the file is called in a sentence: "plan". */
  what: string;
  /** The columns it may have, in any order. */
  columns: Columns;
  /** What else is wrong with a header of these names. */
  checkHeader?: (names: readonly string[]) => string[];
}

/**
 * Reads CSV in UTF-8 (a byte order mark is fine), comma or semicolon, with a header line. Lines that are wrong are told with
 * everything that is wrong about them. Throws `UsageError` when the file as a whole is not of this form.
 */
export function parseCsv<Columns extends CsvColumns>(
  bytes: Buffer,
  form: CsvForm<Columns>,
): CsvFile<CsvLine<Columns>> {
  const file: CsvFile<CsvLine<Columns>> = { lines: [], bad: [] };
  let header: string[] | undefined;
  let below = 0;
  forEachRecord(bytes, form.what, (cells, line) => {
    if (header === undefined) header = readHeader(cells, form);
    else {
      below += 1;
      readLine(header, cells, line, { form, file });
    }
  });
  if (header === undefined) {
    const names = Object.keys(form.columns).join(", ");
    throw new UsageError(`The ${form.what} is empty: it needs a header line with ${names}.`);
  }
  if (below === 0) throw new UsageError(`The ${form.what} has a header line and nothing below it.`);
  return file;
}

/** The image's memory holds so much, with all that is made of it. */
const MOST_LINES = 50_000;
const MOST_MEBIBYTES = 16;

/** Hands out one record after the other, so that no more than what is made of them is kept. */
function forEachRecord(bytes: Buffer, what: string, use: (cells: string[], line: number) => void): void {
  if (!isUtf8(bytes)) throw new UsageError(`The ${what} is not UTF-8: save it as "CSV UTF-8".`);
  const tooLong = () =>
    new UsageError(
      `The ${what} has more than ${MOST_LINES} lines or ${MOST_MEBIBYTES} MiB: import it in parts.`,
    );
  if (bytes.length > MOST_MEBIBYTES * 2 ** 20) throw tooLong();
  let records = 0;
  try {
    parse(bytes, {
      bom: true,
      // Numbers may have a decimal comma, so only one of the two separates.
      delimiter: firstLine(bytes).includes(";") ? ";" : ",",
      relax_column_count: true,
      skip_records_with_empty_values: true,
      trim: true,
      on_record: (cells: string[], { lines }) => {
        records += 1;
        // One is the header.
        if (records > MOST_LINES + 1) throw tooLong();
        use(cells, lines);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UsageError(`The ${what} is not CSV: ${error.message}.`);
  }
}

function firstLine(bytes: Buffer): string {
  const end = bytes.indexOf("\n");
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}

function readHeader(cells: readonly string[], { what, columns, checkHeader }: CsvForm<CsvColumns>): string[] {
  const known = Object.keys(columns);
  const names = cells.map((cell) => cell.toLowerCase());
  const mistakes = [
    ...names.filter((name) => !known.includes(name)).map((name) => `"${shorten(name)}" is unknown`),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `${shorten(name)} stands there twice`),
    ...known
      .filter((name) => columns[name]?.absent === undefined && !names.includes(name))
      .map((name) => `${name} is missing`),
    ...(checkHeader?.(names) ?? []),
  ];
  if (mistakes.length > 0) {
    throw new UsageError(
      `The ${what}'s header (line 1) is wrong: ${mistakes.join(", ")}. Accepted are ${known.join(", ")}, in any order.`,
    );
  }
  return names;
}

function readLine<Columns extends CsvColumns>(
  names: readonly string[],
  cells: readonly string[],
  line: number,
  { form, file }: { form: CsvForm<Columns>; file: CsvFile<CsvLine<Columns>> },
): void {
  if (cells.length !== names.length) {
    const accepted = `${names.length} cells as in the header`;
    file.bad.push({ line, column: "(line)", found: `${cells.length} cells`, accepted });
    return;
  }
  const bad: BadLine[] = [];
  const values: Record<string, string | number> = {};
  for (const [name, column] of Object.entries(form.columns)) {
    const at = names.indexOf(name);
    const cell = cells[at] ?? "";
    const value = at === -1 ? column.absent : column.read(cell);
    if (value === undefined) {
      bad.push({ line, column: name, found: shorten(cell), accepted: column.accepted });
    } else values[name] = value;
  }
  if (bad.length > 0) file.bad.push(...bad);
  else file.lines.push({ line, ...values } as unknown as CsvLine<Columns>);
}

const LONGEST_FOUND = 40;

function shorten(text: string): string {
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text;
}

/** What tells the lines of a file apart. */
export interface LineKey<Line> {
  of: (line: Line) => readonly string[];
  /** Its parts in words: "day, event and city". */
  inWords: string;
}

/** The file with every key once: a line whose key stands above is a mistake. */
export function withoutRepeats<Line extends { line: number }>(
  { lines, bad }: CsvFile<Line>,
  { of, inWords }: LineKey<Line>,
): CsvFile<Line> {
  const seen = new Map<string, number>();
  const once: CsvFile<Line> = { lines: [], bad: [...bad] };
  for (const line of lines) {
    const parts = of(line);
    const key = JSON.stringify(parts);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, line.line);
      once.lines.push(line);
    } else {
      const accepted = `each ${inWords} once (this is line ${first} again)`;
      once.bad.push({ line: line.line, column: "(line)", found: parts.filter(Boolean).join(" "), accepted });
    }
  }
  return once;
}
