import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import { daysBefore } from "../core/days";
import type { RunContext } from "../pipeline/context";
import { increment, type Counters, type Found } from "../pipeline/found";
import { deriveStatements } from "./derive";

/** Days that every run compares, beside those that it has read: a run that died may have left them half done. */
const COMPARED_DAYS = 92;

/** The version of a run's rows: its start (ms), or more where the clock has stepped back behind an earlier run. */
export async function nextVersion(database: Database, startedAt: number): Promise<number> {
  const [found] = await database.rows<{ newest: string }>(
    asLoader`SELECT max(_ver) AS newest FROM ${database.name}.stg_vk_ads_daily`,
  );
  return Math.max(startedAt, Number(found?.newest ?? 0) + 1);
}

/** Brings the fact in line with staging, from a day on. */
export async function publish(
  run: Pick<RunContext, "database" | "log" | "startedAt">,
  version: number,
  firstDay: string,
): Promise<Found> {
  const { database, log } = run;
  const usual = daysBefore(run.startedAt, COMPARED_DAYS);
  const params = { version, first_day: firstDay < usual ? firstDay : usual };
  const counters: Counters = {};
  let written = 0;
  for (const { name, counter, table: fullName, sql } of deriveStatements()) {
    const table = fullName.replace("zakaz.", `${database.name}.`);
    const rows = await database.run(sql.replaceAll("zakaz.", `${database.name}.`), params);
    log.info(`Inserted ${rows} rows into ${table}`, { step: name, rows });
    increment(counters, counter, rows);
    written += rows;
  }
  return { counters, written };
}
