import { readAliases } from "../core/cities";
import type { Database } from "../core/database";
import type { RowOf } from "../core/row";
import { ExpectedError } from "../core/errors";
import type { Log } from "../core/log";
import { canonicalCity } from "../core/values";
import { asLoader } from "../../warehouse/queries";
import type { RunContext } from "../pipeline/context";
import type { Found } from "../pipeline/found";
import type { BadLine, SalesPlan, PlanLine } from "./csv";

export const COLUMNS = ["sales_date", "event_id", "city", "plan_tickets", "plan_revenue", "_ver"] as const;
type PlanRow = RowOf<(typeof COLUMNS)[number]>;

/** Counters of the journal. */
export const COUNTERS = ["plan_rows", "withdrawn_rows", "bad_lines", "unknown_cities"] as const;

/**
 * Writes a plan: all of it, or with `skipBad` what is right of it. A key (day, event, city) that is there already is
 * replaced; the plan of an event that stands there under another city is withdrawn, or it would count twice.
 */
export async function importPlan(run: RunContext, plan: SalesPlan, skipBad: boolean): Promise<Found> {
  const { database, log, quarantine, startedAt } = run;
  const aliases = await readAliases(database);
  const unknownCities = new Set<string>();
  const rows = new Map<string, { line: number; row: PlanRow }>();
  const bad = [...plan.bad];
  for (const line of plan.lines) {
    const { city, known } = canonicalCity(line.city, aliases);
    if (!known) unknownCities.add(city);
    const key = `${line.sales_date} ${line.event_id} ${city}`;
    const before = rows.get(key);
    if (before === undefined) rows.set(key, { line: line.line, row: toRow(line, city, startedAt) });
    else bad.push(repeatedLine(line, before.line));
  }
  reportBadLines(bad, plan.lines.length, { skipBad, log });
  for (const { line, column } of bad) quarantine.add("plan", line, `${column}: not accepted`);

  const block = [...rows.values()].map(({ row }) => row);
  const withdrawn = await staleRows(database, block, startedAt);
  await database.insert(
    `${database.name}.plan_sales`,
    COLUMNS,
    [...block, ...withdrawn],
    `plan_sales:${run.runId}`,
  );
  log.info(`Inserted ${block.length} rows into ${database.name}.plan_sales`, { withdrawn: withdrawn.length });
  const badLines = new Set(bad.map(({ line }) => line)).size;
  return {
    counters: {
      plan_rows: block.length,
      withdrawn_rows: withdrawn.length,
      bad_lines: badLines,
      unknown_cities: unknownCities.size,
    } satisfies Record<(typeof COUNTERS)[number], number>,
    written: block.length + withdrawn.length,
    incomplete: badLines > 0 ? [{ dataSet: "plan", reason: `${badLines} lines were left out` }] : [],
  };
}

function toRow(line: PlanLine, city: string, version: number): PlanRow {
  const { sales_date, event_id, plan_tickets, plan_revenue } = line;
  return { sales_date, event_id, city, plan_tickets, plan_revenue, _ver: version };
}

function repeatedLine(line: PlanLine, first: number): BadLine {
  const found = [line.sales_date, line.event_id, line.city].filter(Boolean).join(" ");
  const accepted = `each day, event and city once (this is line ${first} again)`;
  return { line: line.line, column: "(line)", found, accepted };
}

/** At most so many wrong lines are listed one by one. */
const LONGEST_LIST = 50;

/** Says what is wrong, line by line. Throws, before anything is written, unless wrong lines are to be left out. */
export function reportBadLines(
  bad: readonly BadLine[],
  good: number,
  { skipBad, log }: { skipBad: boolean; log: Log },
): void {
  if (bad.length === 0) return;
  const say = (text: string): void => (skipBad ? log.warning(text) : log.error(text));
  for (const { line, column, found, accepted } of bad.slice(0, LONGEST_LIST)) {
    say(`Line ${line}, ${column}: found "${found}", accepted is ${accepted}`);
  }
  if (bad.length > LONGEST_LIST) say(`… and ${bad.length - LONGEST_LIST} more`);
  if (skipBad && good > 0) return;
  const columns = [...new Set(bad.map(({ column }) => column))].join(", ");
  throw new ExpectedError(
    `The plan was not imported: ${bad.length} mistakes in ${columns}. Correct them, or leave those lines out with --skip-bad.`,
  );
}

/** Zero rows for plans of the same days and events under cities that the file does not name. */
async function staleRows(database: Database, rows: readonly PlanRow[], version: number): Promise<PlanRow[]> {
  const days = rows.filter(({ event_id: event }) => event !== "");
  const keys = new Set(days.map((row) => `${String(row.sales_date)} ${String(row.event_id)}`));
  const named = new Set(
    rows.map((row) => `${String(row.sales_date)} ${String(row.event_id)} ${String(row.city)}`),
  );
  const found = await database.rows<{ sales_date: string; event_id: string; city: string }>(
    asLoader`SELECT toString(sales_date) AS sales_date, event_id, city FROM ${database.name}.plan_sales AS p FINAL
WHERE p.event_id IN {events:Array(String)} AND (p.plan_tickets != 0 OR p.plan_revenue != 0)`,
    { events: [...new Set(days.map((row) => row.event_id))] },
  );
  return found
    .filter((row) => keys.has(`${row.sales_date} ${row.event_id}`))
    .filter((row) => !named.has(`${row.sales_date} ${row.event_id} ${row.city}`))
    .map((row) => ({ ...row, plan_tickets: 0, plan_revenue: "0.00", _ver: version }));
}
