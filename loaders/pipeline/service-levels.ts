import type { Database } from "../core/database";
import type { JournalRow } from "../core/journal";
import { moscowDay } from "../core/values";
import { asLoader } from "../../warehouse/queries";

/** Something a person should look at. `code` is stable; of one job and code, one alert in six hours is written. */
export interface Alert {
  severity: "warning" | "error";
  code: string;
  /** One sentence; no personal data. */
  message: string;
}

/**
 * Service levels of the day: run_seconds, rows_loaded and api_calls of its newest run, and how old the newest good data
 * are at its end (freshness_hours: hours since the last `ok` run; none as long as there was none).
 */
export async function writeServiceLevels(database: Database, row: JournalRow): Promise<void> {
  const levels = {
    freshness_hours: row.status === "ok" ? 0 : await hoursSinceOk(database, row.job),
    run_seconds: (row.finishedAt - row.startedAt) / 1000,
    rows_loaded: row.rowsProcessed,
    api_calls: typeof row.metrics.requests === "number" ? row.metrics.requests : undefined,
  };
  await database.insert(
    "meta.sli_daily",
    ["d", "table_name", "metric_name", "metric_value", "_ver"],
    Object.entries(levels).flatMap(([name, value]) =>
      value === undefined
        ? []
        : {
            d: moscowDay(row.finishedAt),
            table_name: row.job,
            metric_name: name,
            metric_value: value,
            _ver: row.startedAt,
          },
    ),
    `service-levels:${row.runId}`,
  );
}

async function hoursSinceOk(database: Database, job: string): Promise<number | undefined> {
  const [last] = await database.rows<{ hours: number; runs: string }>(
    asLoader`SELECT dateDiff('second', max(finished_at), now()) / 3600 AS hours, count() AS runs
FROM ${database.name}.meta_job_runs FINAL WHERE job = {job:String} AND status = 'ok'`,
    { job },
  );
  return Number(last?.runs ?? 0) === 0 ? undefined : Number(last?.hours);
}

/** Writes the alerts that were not raised by this job within the last six hours. */
export async function raiseAlerts(
  database: Database,
  { job, runId, startedAt }: Pick<JournalRow, "job" | "runId" | "startedAt">,
  alerts: readonly Alert[],
): Promise<void> {
  for (const { severity, code, message } of alerts) {
    await database.run(
      asLoader`INSERT INTO meta.etl_alerts (ts, severity, job, code, message, context_json, _ver)
SELECT now('Europe/Moscow'), {severity:String}, {job:String}, {code:String}, {message:String}, {context:String}, {version:UInt64}
FROM (SELECT count() AS recent FROM meta.etl_alerts FINAL WHERE job = {job:String} AND code = {code:String} AND ts > now() - INTERVAL 6 HOUR)
WHERE recent = 0`,
      { severity, job, code, message, context: JSON.stringify({ run_id: runId }), version: startedAt },
    );
  }
}
