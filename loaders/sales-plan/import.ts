import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import type { RowOf } from "../core/row";
import type { RunContext } from "../pipeline/context";
import type { Counters } from "../pipeline/found";
import type { PlanLine } from "./csv";

export const COLUMNS = ["sales_date", "event_id", "city", "plan_tickets", "plan_revenue", "_ver"] as const;
type PlanRow = RowOf<(typeof COLUMNS)[number]>;

/** Counters of the journal. */
export const COUNTERS = ["plan_rows", "withdrawn_rows"] as const;

/**
 * Writes a plan. A key (day, event, city) that is there already is replaced; the plan of an event that stands there under
 * another city is withdrawn, or it would count twice.
 */
export async function writePlan(
  { database, log, runId, startedAt }: RunContext,
  lines: readonly PlanLine[],
): Promise<{ counters: Counters; written: number }> {
  const rows = lines.map((line) => toRow(line, startedAt));
  const withdrawn = await staleRows(database, rows, startedAt);
  await database.insert(
    `${database.name}.plan_sales`,
    COLUMNS,
    [...rows, ...withdrawn],
    `plan_sales:${runId}`,
  );
  log.info(`Inserted ${rows.length} rows into ${database.name}.plan_sales`, { withdrawn: withdrawn.length });
  return {
    counters: {
      plan_rows: rows.length,
      withdrawn_rows: withdrawn.length,
    } satisfies Record<(typeof COUNTERS)[number], number>,
    written: rows.length + withdrawn.length,
  };
}

function toRow(line: PlanLine, version: number): PlanRow {
  const { sales_date, event_id, city, plan_tickets, plan_revenue } = line;
  return { sales_date, event_id, city, plan_tickets, plan_revenue, _ver: version };
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
