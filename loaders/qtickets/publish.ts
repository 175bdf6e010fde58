import { DateTime } from "luxon";
import { asLoader } from "../../warehouse/queries";
import { MOSCOW, moscowDay, moscowMidnight } from "../core/values";
import { writeWatermarks, type Watermark } from "../core/watermarks";
import type { RunContext } from "../pipeline/context";
import { derive } from "../pipeline/derivation";
import type { Found } from "../pipeline/found";
import { deriveStatements, type DeriveStatement } from "./derive";
import type { OrdersFound } from "./orders";
import { filterTime, type Window } from "./windows";

/** Facts of the last days are compared on every run, all of them on the first run of a day. */
const COMPARED_DAYS = 92;
const ALL_DAYS = "1970-01-01";

/** What has been read and is to become visible. */
export interface Publication {
  kinds: readonly DeriveStatement["kind"][];
  window: Window;
  orders: Omit<OrdersFound, keyof Found>;
  /** When this run polled the seats, in whole seconds; null when it did not. */
  snapshotSeconds: number | null;
  /** How often this run has published before. */
  earlier: number;
}

/** Makes visible what was read, and notes how far that is: not at all when some of it may be missing. */
export async function publish(run: RunContext, publication: Publication): Promise<Found> {
  const found = await run.stopwatch.wait("recompute", derivePublished(run, publication));
  await moveWatermarks(run, publication);
  return found;
}

async function derivePublished(run: RunContext, publication: Publication): Promise<Found> {
  const { kinds, snapshotSeconds } = publication;
  return deriveFacts(
    run,
    kinds.filter((kind) => kind !== "inventory" || snapshotSeconds !== null),
    {
      run_clock: run.startedAt,
      first_day: await firstDay(run, publication),
      snapshot_ts: snapshotSeconds ?? 0,
    },
  );
}

/** Brings the facts in line with staging, one statement per fact; `params` are those of `deriveStatements`. */
export function deriveFacts(
  run: Pick<RunContext, "database" | "log">,
  kinds: readonly DeriveStatement["kind"][],
  params: { run_clock: number; first_day: string; snapshot_ts: number },
): Promise<Found> {
  return derive(
    run,
    deriveStatements().filter(({ kind }) => kinds.includes(kind)),
    params,
  );
}

/**
 * First day of sale that this run compares: the last 92 days, and more when older days may have changed. As long as the
 * first load is under way, no day before those that it has read whole.
 */
async function firstDay(run: RunContext, { window, orders }: Publication): Promise<string> {
  const { database, startedAt, job } = run;
  if (orders.older !== null) return moscowDay(orders.readFrom);
  if (window.mode !== "incremental" || orders.withoutDay) return ALL_DAYS;
  const [today] = await database.rows<{ runs: string }>(
    asLoader`SELECT count() AS runs FROM ${database.name}.meta_job_runs FINAL
WHERE job = {job:String} AND status = 'ok' AND started_at >= {midnight:DateTime('Europe/Moscow')}`,
    { job, midnight: moscowMidnight(startedAt) / 1000 },
  );
  if (Number(today?.runs ?? 0) === 0) return ALL_DAYS;
  const usual = DateTime.fromMillis(startedAt, { zone: MOSCOW })
    .minus({ days: COMPARED_DAYS })
    .toFormat("yyyy-MM-dd");
  return orders.oldestDay !== null && orders.oldestDay < usual ? orders.oldestDay : usual;
}

async function moveWatermarks(run: RunContext, { window, orders, earlier }: Publication): Promise<void> {
  if (!window.advances || !orders.whole) return;
  const { startedAt, database, job, runId } = run;
  const iso = (ms: number) => filterTime(ms, MOSCOW);
  const watermarks: Watermark[] = [
    { stream: "orders", type: "ts", value: iso(startedAt) },
    { stream: "orders_from", type: "ts", value: iso(orders.readFrom) },
  ];
  if (window.mode === "backfill") {
    const target = orders.older?.start ?? orders.readFrom;
    watermarks.push({ stream: "orders_target", type: "ts", value: iso(target) });
  }
  if (orders.reread) {
    watermarks.push({ stream: "orders_reread", type: "date", value: iso(startedAt).slice(0, 10) });
  }
  await writeWatermarks(database, job, runId, startedAt + earlier, watermarks);
}
