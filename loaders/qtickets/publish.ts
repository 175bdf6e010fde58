import { DateTime } from "luxon";
import { MOSCOW, moscowDay } from "../core/values";
import { writeWatermarks, type Watermark } from "../core/watermarks";
import { deriveStatements, type DeriveStatement } from "./derive";
import type { Run } from "./run";
import { filterTime, moscowMidnight } from "./windows";

/** Facts of the last days are compared on every run, all of them on the first run of a day. */
const COMPARED_DAYS = 92;
const ALL_DAYS = "1970-01-01";

/** Makes visible what was read, and notes how far that is. */
export async function publish(run: Run, kinds: readonly DeriveStatement["kind"][]): Promise<void> {
  await run.stopwatch.wait("recompute", derive(run, kinds));
  await moveWatermarks(run);
  run.published += 1;
}

/** Brings the facts in line with staging, one statement per fact. */
async function derive(run: Run, kinds: readonly DeriveStatement["kind"][]): Promise<void> {
  const { database, log, counts } = run;
  const params = {
    run_clock: run.startedAt,
    first_day: await firstDay(run),
    snapshot_ts: run.snapshotSeconds ?? 0,
  };
  for (const statement of deriveStatements()) {
    if (!kinds.includes(statement.kind)) continue;
    if (statement.kind === "inventory" && run.snapshotSeconds === null) continue;
    const table = statement.table.replace("zakaz.", `${database.name}.`);
    const rows = await database.run(statement.sql.replaceAll("zakaz.", `${database.name}.`), params);
    log.info(`Inserted ${rows} rows into ${table}`, { step: statement.name, rows });
    if (statement.name === "sales_daily") counts.salesDailyRows += rows;
    if (statement.name === "sales_utm_daily") counts.salesUtmDailyRows += rows;
    if (statement.kind === "inventory") counts.inventoryFactRows += rows;
  }
}

/**
 * First day of sale that this run compares: the last 92 days, and more when older days may have changed. As long as the
 * first load is under way, no day before those that it has read whole.
 */
async function firstDay(run: Run): Promise<string> {
  const { database, touched, plan, startedAt, settings } = run;
  if (run.older !== null) return moscowDay(run.readFrom);
  if (plan.mode !== "incremental" || touched.unknown) return ALL_DAYS;
  const [today] = await database.rows<{ runs: string }>(
    `SELECT count() AS runs FROM ${database.name}.meta_job_runs FINAL
WHERE job = {job:String} AND status = 'ok' AND started_at >= {midnight:DateTime('Europe/Moscow')}`,
    { job: settings.JOB_NAME, midnight: moscowMidnight(startedAt) / 1000 },
  );
  if (Number(today?.runs ?? 0) === 0) return ALL_DAYS;
  const usual = DateTime.fromMillis(startedAt, { zone: MOSCOW })
    .minus({ days: COMPARED_DAYS })
    .toFormat("yyyy-MM-dd");
  return touched.oldestDay !== null && touched.oldestDay < usual ? touched.oldestDay : usual;
}

async function moveWatermarks(run: Run): Promise<void> {
  const { plan, startedAt } = run;
  if (!plan.advances) return;
  const iso = (ms: number) => filterTime(ms, MOSCOW);
  const watermarks: Watermark[] = [
    { stream: "orders", type: "ts", value: iso(startedAt) },
    { stream: "orders_from", type: "ts", value: iso(run.readFrom) },
  ];
  if (plan.mode === "backfill") {
    const target = run.older?.start ?? run.readFrom;
    watermarks.push({ stream: "orders_target", type: "ts", value: iso(target) });
  }
  if (run.reread) {
    watermarks.push({ stream: "orders_reread", type: "date", value: iso(startedAt).slice(0, 10) });
  }
  await writeWatermarks(
    run.database,
    run.settings.JOB_NAME,
    run.runId,
    startedAt + run.published,
    watermarks,
  );
}
