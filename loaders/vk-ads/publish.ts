import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import { daysBefore } from "../core/days";
import type { RunContext } from "../pipeline/context";
import { derive } from "../pipeline/derivation";
import type { Found } from "../pipeline/found";
import { deriveStatements, STAGING_DAYS } from "./derive";

/** The version of a run's rows: its start (ms), or more where the clock has stepped back behind an earlier run. */
export async function nextVersion(database: Database, startedAt: number): Promise<number> {
  const [found] = await database.rows<{ newest: string }>(
    asLoader`SELECT max(_ver) AS newest FROM ${database.name}.stg_vk_ads_daily`,
  );
  return Math.max(startedAt, Number(found?.newest ?? 0) + 1);
}

/** Brings the fact in line with all that staging holds: a run over whatever days may have died before it did so. */
export function publish(run: Pick<RunContext, "database" | "log" | "startedAt">): Promise<Found> {
  const { startedAt } = run;
  const params = { run_clock: startedAt, first_day: daysBefore(startedAt, STAGING_DAYS) };
  return derive(run, deriveStatements(), params);
}
