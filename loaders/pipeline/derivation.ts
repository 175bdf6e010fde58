import type { RunContext } from "./context";
import { increment, type Counters, type Found } from "./found";

/** One step from staging to facts: an `INSERT … SELECT` with query parameters, which writes differences only. */
export interface DerivationStep {
  /** Stable short name for logs and metrics. */
  name: string;
  /** Counter of the journal for the rows written, if they have one. */
  counter?: string;
  /** A repair is no new data: its rows count for nothing. */
  isRepair?: true;
  /** The table written to, in the database `zakaz`. */
  table: string;
  sql: string;
}

/** Runs steps one after another in the database of the run. */
export async function derive(
  { database, log }: Pick<RunContext, "database" | "log">,
  steps: readonly DerivationStep[],
  params: Record<string, unknown>,
): Promise<Found> {
  const counters: Counters = {};
  let written = 0;
  for (const { name, counter, isRepair, table: fullName, sql } of steps) {
    const table = fullName.replace("zakaz.", `${database.name}.`);
    const rows = await database.run(sql.replaceAll("zakaz.", `${database.name}.`), params);
    log.info(`Inserted ${rows} rows into ${table}`, { step: name, rows });
    if (counter !== undefined) increment(counters, counter, rows);
    if (!isRepair) written += rows;
  }
  return { counters, written };
}
