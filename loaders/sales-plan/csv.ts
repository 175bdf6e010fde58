import { CsvError } from "csv-parse";
import { parse } from "csv-parse/sync";
import { DateTime } from "luxon";
import { UsageError } from "../core/errors";
import { cityNormalForm } from "../core/values";

/** One line of a plan, checked; the city is as written. */
export interface PlanLine {
  line: number;
  /** YYYY-MM-DD. */
  sales_date: string;
  /** Empty: the plan of a whole city. */
  event_id: string;
  city: string;
  plan_tickets: number;
  /** Roubles with two decimals. */
  plan_revenue: string;
}

/** One thing that is wrong with one line. */
export interface BadLine {
  line: number;
  column: string;
  /** What stands there, shortened. Only for the person whose file it is; the journal gets the column. */
  found: string;
  accepted: string;
}

export interface SalesPlan {
  lines: PlanLine[];
  bad: BadLine[];
}

interface Column {
  required?: true;
  accepted: string;
  /** The value, or undefined when the text is not one. */
  read: (text: string) => string | number | undefined;
  /** Value of a line when the file has no such column. */
  absent: string | number;
}

/** The columns a file may have, in any order; blanks inside numbers (1 200) are allowed. */
export const PLAN_COLUMNS = {
  sales_date: {
    required: true,
    accepted: "a day such as 2030-01-31 or 31.01.2030",
    read: readDay,
    absent: "",
  },
  event_id: { accepted: "the event's id (digits), or nothing for all events", read: readEvent, absent: "" },
  city: { accepted: "a city, or nothing for all of them", read: cityNormalForm, absent: "" },
  plan_tickets: { accepted: "a whole number such as 120", read: readTickets, absent: 0 },
  plan_revenue: { accepted: "roubles such as 1500 or 1500.50", read: readRoubles, absent: "0.00" },
} satisfies Record<string, Column>;

type Name = keyof typeof PLAN_COLUMNS;
const NAMES = Object.keys(PLAN_COLUMNS) as Name[];

/**
 * Reads a plan: CSV in UTF-8 (a byte order mark is fine), comma or semicolon, a header line with names of
 * `PLAN_COLUMNS`. Lines that are wrong are told with everything that is wrong about them.
 * Throws `UsageError` when the file as a whole is no plan.
 */
export function parsePlan(bytes: Buffer): SalesPlan {
  const text = decode(bytes);
  const [head, ...lines] = records(text);
  if (head === undefined)
    throw new UsageError(`The plan is empty: it needs a header line with ${NAMES.join(", ")}.`);
  const names = readHeader(head.record);
  const plan: SalesPlan = { lines: [], bad: [] };
  for (const { record, line } of lines) readLine(names, record, line, plan);
  if (lines.length === 0) throw new UsageError("The plan has a header line and nothing below it.");
  return plan;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError('The plan is not UTF-8: save it as "CSV UTF-8".');
  }
}

function records(text: string): { record: string[]; line: number }[] {
  const [first = ""] = text.split("\n", 1);
  try {
    const rows = parse(text, {
      // Numbers may have a decimal comma, so only one of the two separates.
      delimiter: first.includes(";") ? ";" : ",",
      info: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UsageError(`The plan is not CSV: ${error.message}.`);
  }
}

function readHeader(cells: readonly string[]): Name[] {
  const names = cells.map((cell) => cell.toLowerCase());
  const unknown = names.filter((name) => !(NAMES as string[]).includes(name));
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  const missing = NAMES.filter((name) => "required" in PLAN_COLUMNS[name] && !names.includes(name));
  const mistakes = [
    ...unknown.map((name) => `"${shorten(name)}" is unknown`),
    ...repeated.map((name) => `${name} stands there twice`),
    ...missing.map((name) => `${name} is missing`),
    ...(names.includes("plan_tickets") || names.includes("plan_revenue")
      ? []
      : ["plan_tickets and plan_revenue are both missing"]),
  ];
  if (mistakes.length > 0) {
    throw new UsageError(
      `The plan's header (line 1) is wrong: ${mistakes.join(", ")}. Accepted are ${NAMES.join(", ")}, in any order.`,
    );
  }
  return names as Name[];
}

function readLine(names: readonly Name[], cells: readonly string[], line: number, plan: SalesPlan): void {
  if (cells.length !== names.length) {
    const accepted = `${names.length} cells as in the header`;
    plan.bad.push({ line, column: "(line)", found: `${cells.length} cells`, accepted });
    return;
  }
  const bad: BadLine[] = [];
  const values: Record<string, string | number> = {};
  for (const name of NAMES) {
    const column: Column = PLAN_COLUMNS[name];
    const at = names.indexOf(name);
    const cell = cells[at] ?? "";
    const value = at === -1 ? column.absent : column.read(cell);
    if (value === undefined) {
      bad.push({ line, column: name, found: shorten(cell), accepted: column.accepted });
    } else values[name] = value;
  }
  if (bad.length > 0) plan.bad.push(...bad);
  else plan.lines.push({ line, ...values } as unknown as PlanLine);
}

const LONGEST_FOUND = 40;

function shorten(text: string): string {
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text;
}

function readDay(text: string): string | undefined {
  const day = ["yyyy-MM-dd", "dd.MM.yyyy"]
    .map((format) => DateTime.fromFormat(text, format, { zone: "utc" }))
    .find((one) => one.isValid);
  return day !== undefined && day.year >= 2000 && day.year <= 2100 ? day.toFormat("yyyy-MM-dd") : undefined;
}

function readEvent(text: string): string | undefined {
  return /^\d{0,20}$/.test(text) ? text : undefined;
}

const withoutBlanks = (text: string) => text.replace(/(?<=\d)[\s\p{Z}](?=\d{3})/gu, "");

function readTickets(text: string): number | undefined {
  const digits = withoutBlanks(text);
  return /^\d{1,10}$/.test(digits) && Number(digits) <= 0xffffffff ? Number(digits) : undefined;
}

function readRoubles(text: string): string | undefined {
  const match = /^(\d{1,13})(?:[.,](\d{1,2}))?$/.exec(withoutBlanks(text));
  return match ? `${match[1]}.${(match[2] ?? "").padEnd(2, "0")}` : undefined;
}
