import { readAliases } from "../core/cities";
import type { Database } from "../core/database";
import { ExpectedError, StoppedError } from "../core/errors";
import type { Progress } from "../core/progress";
import { MOSCOW } from "../core/values";
import { readWatermarks } from "../core/watermarks";
import { TableWriter } from "../core/writer";
import { DateTime } from "luxon";
import { createOrderReader } from "./order-reader";
import { loadSlice, orders } from "./orders";
import { EVENT_COLUMNS } from "./event-rows";
import { count, newCounts, type Run } from "./run";
import { publish } from "./publish";
import { observed } from "./reader";
import { createSchemas } from "./schemas";
import { checkSchema } from "./schema-check";
import { SOURCES } from "./sources";
import { filterTime, planRun, type History, type WindowArguments } from "./windows";

/** What a run is given; the rest it finds out itself. */
export type RunInput = Pick<
  Run,
  | "settings"
  | "runId"
  | "startedAt"
  | "deadline"
  | "clock"
  | "log"
  | "database"
  | "reader"
  | "quarantine"
  | "stopwatch"
> & { progress: Progress; asked: WindowArguments };

/**
 * Reads the sources, writes staging, derives the facts, moves the watermarks. The caller holds the lease, writes the
 * journal, and answers for the connections. Throws when the run must count as failed; then none of its facts are visible,
 * but for the slices of a first load that were whole.
 */
export async function load(input: RunInput): Promise<Run> {
  const run = await prepare(input);
  for (const source of SOURCES) {
    const reason = source.skip?.(run);
    if (reason !== undefined) {
      run.skipped.push({ resource: source.name, reason });
      run.log.info(`Skipped ${source.name}`, { reason });
    } else {
      await watched(run, source, input);
    }
  }
  neverRequested(run);
  await writeEvents(run);
  await publish(run, ["sales", "inventory"]);
  await loadOlder(run, input);
  return run;
}

/**
 * The rest of a first load, slice by slice. Each is visible and noted before the next one, so that a run that ends has lost
 * one slice at most. What does not fit into the time is left to the next run.
 */
async function loadOlder(run: Run, input: RunInput): Promise<void> {
  let took = run.clock.now() - run.startedAt;
  while (run.older !== null) {
    const began = run.clock.now();
    if (run.deadline - began < 2 * took) {
      const from = filterTime(run.readFrom, MOSCOW);
      run.degraded.push(
        `orders: those paid before ${from} are not loaded yet; the next run goes on with them`,
      );
      return;
    }
    await watched(run, { ...orders, load: loadSlice }, input);
    await publish(run, ["sales"]);
    took = run.clock.now() - began;
  }
}

/** Data sets that were switched on although they are never requested: said, not ignored. */
function neverRequested({ settings, skipped }: Run): void {
  const asked: readonly (readonly [string, boolean])[] = [
    ["clients", settings.QTICKETS_SKIP_CLIENTS],
    ["partner_tickets", settings.QTICKETS_SKIP_PARTNER_TICKETS],
  ];
  for (const [resource, skip] of asked) if (!skip) skipped.push({ resource, reason: "never_requested" });
}

/** Loads a source, shows how far it is, and says what it took. */
async function watched(
  run: Run,
  source: (typeof SOURCES)[number],
  { progress, reader, clock, log }: RunInput,
): Promise<void> {
  const reading = { pages: 0, rows: 0, total: 0 };
  const startedAt = clock.now();
  progress.show(source.name, reading);
  run.reader = observed(reader, run.stopwatch, (rows, total) => {
    reading.pages += 1;
    reading.rows += rows;
    reading.total = Math.max(total, reading.rows);
    progress.show(source.name, reading);
  });
  try {
    await loadSource(run, source);
  } finally {
    progress.end(source.name, reading);
  }
  const seconds = (clock.now() - startedAt) / 1000;
  log.info(`Read ${source.name}: ${reading.pages} pages, ${reading.rows} rows in ${seconds.toFixed(1)} s`, {
    source: source.name,
    pages: reading.pages,
    rows: reading.rows,
    seconds,
  });
}

async function loadSource(run: Run, source: (typeof SOURCES)[number]): Promise<void> {
  try {
    await source.load(run);
  } catch (error) {
    // An optional source may fail in the ways that are expected; a run that was stopped stays stopped.
    const expected = error instanceof ExpectedError && !(error instanceof StoppedError);
    if (source.required || !expected) throw error;
    run.log.warning(`Left out ${source.name}: ${error.message}`);
    run.degraded.push(`${source.name}: ${error.message}`);
  }
}

async function prepare(input: RunInput): Promise<Run> {
  const { database, settings, startedAt } = input;
  await checkSchema(database);
  const watermarks = await readWatermarks(database, settings.JOB_NAME);
  const history = await readHistory(database, settings, watermarks);
  const plan = planRun({
    now: startedAt,
    sinceHours: settings.QTICKETS_SINCE_HOURS,
    backfillHours: settings.QTICKETS_INITIAL_BACKFILL_HOURS,
    overlapMinutes: settings.QTICKETS_OVERLAP_MINUTES,
    offline: input.reader.offline,
    asked: input.asked,
    history,
  });
  const aliases = await readAliases(database);
  const counts = newCounts();
  const naive = (): void => count(counts.notes, "times without an offset");
  const schemas = createSchemas(startedAt, naive);
  const time = (ms: number | undefined | null) =>
    ms === null || ms === undefined ? null : filterTime(ms, settings.TZ);
  input.log.info("Chose the window", {
    mode: plan.mode,
    older_from: time(plan.older?.start),
    paid_from: time(plan.paid?.start),
    paid_until: time(plan.paid?.end),
    changed_since: time(plan.changedSince),
  });
  return {
    ...input,
    plan,
    readFrom: plan.readFrom,
    older: plan.older,
    published: 0,
    settled: [],
    watermarks,
    counts,
    schemas,
    readOrder: createOrderReader(schemas.order, startedAt, naive),
    aliases,
    skipped: [],
    degraded: [],
    events: [],
    eventRows: [],
    eventOfShow: new Map(),
    cityOfEvent: new Map(),
    touched: { oldestDay: null, unknown: false },
    reread: false,
    snapshotSeconds: null,
  };
}

async function readHistory(
  database: Database,
  settings: Run["settings"],
  watermarks: ReadonlyMap<string, string>,
): Promise<History> {
  const [guard] = await database.rows<{ ok: string }>(
    `SELECT countIf(status = 'ok') AS ok FROM ${database.name}.${settings.QTICKETS_BACKFILL_GUARD_TABLE} FINAL WHERE job = {job:String}`,
    { job: settings.JOB_NAME },
  );
  const moment = (stream: string): number | undefined => {
    const value = watermarks.get(stream);
    return value === undefined ? undefined : DateTime.fromISO(value, { zone: MOSCOW }).toMillis();
  };
  const readUntil = moment("orders");
  return {
    hadOkRun: Number(guard?.ok ?? 0) > 0,
    oldestRead: readUntil === undefined ? await oldestVersion(database) : undefined,
    readUntil,
    readFrom: moment("orders_from"),
    target: moment("orders_target"),
  };
}

/** An order is read after its last change, which is its version: nothing was read before the least version (ms). */
async function oldestVersion(database: Database): Promise<number | undefined> {
  const [ledger] = await database.rows<{ oldest: string; lines: string }>(
    `SELECT min(_ver) AS oldest, count() AS lines FROM ${database.name}.fact_qtickets_orders`,
  );
  return Number(ledger?.lines ?? 0) === 0 ? undefined : Number(ledger?.oldest);
}

async function writeEvents(run: Run): Promise<void> {
  const { database, log, runId } = run;
  const writer = new TableWriter({ database, log, runId, table: "dim_events", columns: EVENT_COLUMNS });
  await writer.add(run.eventRows);
  await writer.finish();
}
