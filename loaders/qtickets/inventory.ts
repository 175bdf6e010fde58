import { TableWriter } from "../core/writer";
import { ExpectedError, StoppedError } from "../core/errors";
import { ApiError } from "../core/api-error";
import { startShare } from "../core/time-limit";
import { BadValue } from "../core/values";
import { seconds } from "./catalogue";
import { openShows } from "./event-rows";
import { countSeats, INVENTORY_COLUMNS, type InventoryRow, type Seats } from "./seat-counts";
import type { Reader } from "./reader";
import type { Run, Source } from "./run";

/** After so many failures in a row the API is taken to be down, and the other shows are not asked. */
const GIVE_UP_AFTER = 3;
/** Share of the run's time that is kept for the derivation and the journal. */
const KEPT_SHARE = 0.2;

interface Reading {
  seats: Seats | null;
  status: "ok" | "no_counters" | "not_found" | "error";
}

const UNREAD: Reading = { seats: null, status: "error" };

/** Seats of every open show, one request each. A show that cannot be read is unknown, never a zero or a partial sum. */
export const inventory: Source = {
  name: "inventory",
  required: false,
  skip: ({ settings, reader }) => {
    if (settings.QTICKETS_SKIP_INVENTORY) return "disabled_via_flag";
    return reader.offline ? "offline_fixtures" : undefined;
  },
  load: async (run) => {
    const { database, log, runId, clock, counts } = run;
    const snapshot = Math.floor(clock.now() / 1000);
    const lastMoment = run.deadline - KEPT_SHARE * (run.deadline - run.startedAt);
    // A request that hangs must not cost the facts their time either.
    const limit = startShare("inventory", lastMoment - clock.now());
    const reader = run.reader.within(limit.signal);
    const rows: InventoryRow[] = [];
    const failures: string[] = [];
    let failuresInARow = 0;
    for (const [index, event] of run.events.entries()) {
      for (const show of openShows(event, run.startedAt)) {
        const asked = failuresInARow < GIVE_UP_AFTER && clock.now() < lastMoment;
        const before = failures.length;
        const reading = asked ? await readShow(run, reader, show.id, failures) : UNREAD;
        if (!asked) failures.push("not asked");
        failuresInARow = failures.length > before ? failuresInARow + 1 : 0;
        const dimension = run.eventRows[index];
        rows.push({
          snapshot_ts: snapshot,
          event_id: event.id,
          show_id: show.id,
          event_name: dimension?.event_name ?? "",
          city: dimension?.city ?? "",
          show_start_ts: seconds(show.start_date?.ms ?? null),
          tickets_total: reading.seats?.total ?? null,
          tickets_left: reading.seats?.left ?? null,
          status: reading.status,
          _ver: snapshot * 1000,
        });
      }
    }
    limit.done();
    const writer = new TableWriter({
      database,
      log,
      runId,
      table: "stg_qtickets_api_inventory_raw",
      columns: INVENTORY_COLUMNS,
    });
    await writer.add(rows);
    counts.inventoryRows = await writer.finish();
    run.snapshotSeconds = snapshot;
    if (failures.length > 0) {
      const reasons = [...new Set(failures)].join(", ");
      run.degraded.push(
        `inventory: ${failures.length} of ${rows.length} shows could not be read (${reasons})`,
      );
    }
  },
};

async function readShow(run: Run, reader: Reader, showId: string, failures: string[]): Promise<Reading> {
  try {
    const seats = countSeats(await reader.seats(showId));
    return seats === null ? { seats, status: "no_counters" } : { seats, status: "ok" };
  } catch (error) {
    if (error instanceof BadValue) {
      run.quarantine.add("inventory", showId, error.message);
      failures.push(error.message);
    } else if (error instanceof ApiError && (error.status === 403 || error.status === 404)) {
      run.skipped.push({ resource: "inventory", reason: `http_${error.status}`, details: `show ${showId}` });
      return error.status === 404 ? { seats: null, status: "not_found" } : UNREAD;
    } else if (error instanceof ApiError) {
      failures.push(error.status === null ? (error.code ?? "no answer") : `HTTP ${error.status}`);
    } else if (error instanceof ExpectedError && !(error instanceof StoppedError)) {
      // The limit of time, or a wait beyond the end of the run.
      failures.push("no time left");
    } else {
      throw error;
    }
    return UNREAD;
  }
}
