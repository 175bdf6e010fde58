import { ApiError } from "../core/api-error";
import { ExpectedError, StoppedError } from "../core/errors";
import type { Quarantine } from "../core/quarantine";
import { startBudget } from "../core/time-limit";
import { BadValue, dateTimeSeconds } from "../core/values";
import { TableWriter } from "../core/writer";
import type { Found, Skipped } from "../pipeline/found";
import type { QticketsClient } from "./client";
import type { EventsFound } from "./events";
import { openShows } from "./event-rows";
import type { DataSetInput } from "./run";
import { countSeats, INVENTORY_COLUMNS, type InventoryRow, type Seats } from "./seat-counts";
import type { Settings } from "./settings";

/** After so many failures in a row the API is taken to be down, and the other shows are not asked. */
const GIVE_UP_AFTER = 3;
/** Ratio of the run's time that is kept for the derivation and the journal. */
const KEPT_RATIO = 0.2;

export interface InventoryFound extends Found {
  /** When the seats were polled, in whole seconds since 1970 UTC. */
  snapshotSeconds: number;
}

/** What is known of a show's seats. */
interface SeatsOfShow {
  seats: Seats | null;
  status: "ok" | "no_counters" | "not_found" | "error";
  /** Why it could not be read. */
  failure?: string;
  skipped?: Skipped;
}

const NOT_ASKED: SeatsOfShow = { seats: null, status: "error", failure: "not asked" };

/** Why the seats are left out of this run, if they are. */
export function skipInventory(settings: Settings, client: QticketsClient): string | undefined {
  if (settings.QTICKETS_SKIP_INVENTORY) return "disabled_via_flag";
  return client.offline ? "offline_fixtures" : undefined;
}

/** Seats of every open show, one request each. A show that cannot be read is unknown, never a zero or a partial sum. */
export async function loadInventory(
  input: DataSetInput,
  events: EventsFound["events"],
): Promise<InventoryFound> {
  const { database, log, runId, clock } = input.run;
  const snapshot = Math.floor(clock.now() / 1000);
  const { rows, failures } = await pollShows(input, events, snapshot);
  const writer = new TableWriter({
    database,
    log,
    blockPrefix: runId,
    table: "stg_qtickets_api_inventory_raw",
    columns: INVENTORY_COLUMNS,
  });
  await writer.add(rows);
  const written = await writer.finish();
  const reasons = [...new Set(failures)].join(", ");
  const reason = `${failures.length} of ${rows.length} shows could not be read (${reasons})`;
  return {
    snapshotSeconds: snapshot,
    counters: { inventory_rows: written },
    written,
    incomplete: failures.length === 0 ? [] : [{ dataSet: "inventory", reason }],
  };
}

async function pollShows(
  { run, client, report }: DataSetInput,
  events: EventsFound["events"],
  snapshot: number,
): Promise<{ rows: InventoryRow[]; failures: string[] }> {
  const { clock, quarantine } = run;
  const lastRequestAt = run.deadline - KEPT_RATIO * (run.deadline - run.startedAt);
  // A request that hangs must not cost the facts their time either.
  const budget = startBudget("inventory", lastRequestAt - clock.now());
  const limited = client.within(budget.signal);
  const rows: InventoryRow[] = [];
  const failures: string[] = [];
  let failuresInARow = 0;
  for (const { event, row } of events) {
    for (const show of openShows(event, run.startedAt)) {
      const mayAsk = failuresInARow < GIVE_UP_AFTER && clock.now() < lastRequestAt;
      const read = mayAsk ? await readSeats(limited, quarantine, show.id) : NOT_ASKED;
      if (read.failure !== undefined) failures.push(read.failure);
      if (read.skipped !== undefined) report.skip(read.skipped);
      failuresInARow = read.failure === undefined ? 0 : failuresInARow + 1;
      rows.push({
        snapshot_ts: snapshot,
        event_id: event.id,
        show_id: show.id,
        event_name: row.event_name,
        city: row.city,
        show_start_ts: dateTimeSeconds(show.start_date?.ms ?? null),
        tickets_total: read.seats?.total ?? null,
        tickets_left: read.seats?.left ?? null,
        status: read.status,
        _ver: snapshot * 1000,
      });
    }
  }
  budget.done();
  return { rows, failures };
}

async function readSeats(
  client: QticketsClient,
  quarantine: Quarantine,
  showId: string,
): Promise<SeatsOfShow> {
  const unread = (failure: string): SeatsOfShow => ({ seats: null, status: "error", failure });
  try {
    const seats = countSeats(await client.seats(showId));
    return seats === null ? { seats, status: "no_counters" } : { seats, status: "ok" };
  } catch (error) {
    if (error instanceof BadValue) {
      quarantine.add("inventory", showId, error.message);
      return unread(error.message);
    }
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) {
      const skipped = {
        resource: "inventory",
        reason: `http_${error.status}`,
        details: `show ${showId}`,
      };
      return { seats: null, status: error.status === 404 ? "not_found" : "error", skipped };
    }
    if (error instanceof ApiError) {
      return unread(error.status === null ? (error.code ?? "no answer") : `HTTP ${error.status}`);
    }
    // The limit of time, or a wait beyond the end of the run.
    if (error instanceof ExpectedError && !(error instanceof StoppedError)) return unread("no time left");
    throw error;
  }
}
