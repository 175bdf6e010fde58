import { readAliases } from "../core/cities";
import { formatDuration } from "../core/duration";
import { MOSCOW } from "../core/values";
import { readWatermarks } from "../core/watermarks";
import type { DataSetReport, DataSets } from "../pipeline/data-sets";
import { observedClient, type QticketsClient } from "./client";
import { loadEvents, writeEvents } from "./events";
import { readHistory } from "./history";
import { loadInventory, skipInventory, type InventoryFound } from "./inventory";
import { OPTIONAL_DATA_SETS } from "./optional-data-sets";
import { OrderLoad, type OrdersFound } from "./orders";
import { publish } from "./publish";
import type { DataSetInput, QticketsRun } from "./run";
import type { Settings } from "./settings";
import { chooseWindow, filterTime, type AskedWindow, type Window } from "./windows";

/**
 * Reads the data sets, writes staging, derives the facts, moves the watermarks. The caller holds the lease, writes the
 * journal, and answers for the connections. Throws when the run must count as failed; then none of its facts are visible,
 * but for the slices of a first load that were whole.
 * @returns what the journal's metrics get besides
 */
export async function load(
  run: QticketsRun,
  dataSets: DataSets,
  client: QticketsClient,
  asked: AskedWindow,
): Promise<Record<string, unknown>> {
  const { database, job, settings, stopwatch } = run;
  const inputOf = (report: DataSetReport): DataSetInput => ({
    run,
    report,
    client: observedClient(client, stopwatch, report),
  });
  const watermarks = await readWatermarks(database, job);
  const window = await findWindow(run, client.offline, asked, watermarks);
  const aliases = await readAliases(database);

  const known = await dataSets.required("events", (report) => loadEvents(inputOf(report), aliases));
  const { events } = known;
  const rereadOn = watermarks.get("orders_reread");
  const orderLoad = new OrderLoad(run, { window, events: known, rereadOn });
  const orders = await dataSets.required("orders", (report) => orderLoad.load(inputOf(report)));
  for (const dataSet of OPTIONAL_DATA_SETS) {
    const reason = dataSet.skip(settings, client);
    if (reason !== undefined) dataSets.skip(dataSet.name, reason);
    else await dataSets.optional(dataSet.name, (report) => dataSet.load(inputOf(report), events));
  }
  const inventory = await loadSeats();
  skipNeverRequested(dataSets, settings);

  await writeEvents(run, events);
  const snapshotSeconds = inventory?.snapshotSeconds ?? null;
  const kinds = ["sales", "inventory"] as const;
  dataSets.add(await publish(run, { kinds, window, orders, snapshotSeconds, earlier: 0 }));
  await loadOlder();
  const { paid, older, mode } = window;
  const hours = paid === null ? null : Math.round((paid.end - (older ?? paid).start) / 3_600_000);
  return { lookback_hours: hours, backfill_mode: mode === "backfill", mode };

  async function loadSeats(): Promise<InventoryFound | undefined> {
    const reason = skipInventory(settings, client);
    if (reason === undefined) {
      return dataSets.optional("inventory", (report) => loadInventory(inputOf(report), events));
    }
    dataSets.skip("inventory", reason);
    return undefined;
  }

  /**
   * The rest of a first load, slice by slice. Each is visible and noted before the next one, so that a run that ends has lost
   * one slice at most. What does not fit into the time is left to the next run.
   */
  async function loadOlder(): Promise<void> {
    let newest: OrdersFound = orders;
    let took = run.clock.now() - run.startedAt;
    for (let earlier = 1; newest.older !== null && newest.whole; earlier += 1) {
      const { older, readFrom } = newest;
      const began = run.clock.now();
      run.log.info(firstLoadSoFar(run, older.start, readFrom));
      if (run.deadline - began < 2 * took) {
        const from = filterTime(readFrom, MOSCOW);
        const reason = `those paid before ${from} are not loaded yet; the next run goes on with them`;
        dataSets.add({ incomplete: [{ dataSet: "orders", reason }] });
        return;
      }
      const slice = await dataSets.required("orders", (report) =>
        orderLoad.loadSlice(inputOf(report), older),
      );
      newest = { ...slice, reread: orders.reread };
      dataSets.add(
        await publish(run, { kinds: ["sales"], window, orders: newest, snapshotSeconds: null, earlier }),
      );
      took = run.clock.now() - began;
    }
  }
}

/** How much of a first load is done, and how long the rest takes if it goes on like this. */
function firstLoadSoFar({ startedAt, clock }: QticketsRun, target: number, readFrom: number): string {
  const days = (ms: number) => Math.round(ms / 86_400_000);
  const done = startedAt - readFrom;
  const left = ((clock.now() - startedAt) * (readFrom - target)) / done;
  return (
    `First load: the orders paid since ${filterTime(readFrom, MOSCOW)} are loaded, ${days(done)} of ` +
    `${days(startedAt - target)} days; about ${formatDuration(left)} left`
  );
}

async function findWindow(
  run: QticketsRun,
  offline: boolean,
  asked: AskedWindow,
  watermarks: ReadonlyMap<string, string>,
): Promise<Window> {
  const { settings, database, job, startedAt } = run;
  const window = chooseWindow({
    now: startedAt,
    sinceHours: settings.QTICKETS_SINCE_HOURS,
    backfillHours: settings.QTICKETS_INITIAL_BACKFILL_HOURS,
    overlapMinutes: settings.QTICKETS_OVERLAP_MINUTES,
    offline,
    asked,
    history: await readHistory(database, job, settings.QTICKETS_BACKFILL_GUARD_TABLE, watermarks),
  });
  const time = (ms: number | undefined | null) =>
    ms === null || ms === undefined ? null : filterTime(ms, settings.TZ);
  run.log.info("Chose the window", {
    mode: window.mode,
    older_from: time(window.older?.start),
    paid_from: time(window.paid?.start),
    paid_until: time(window.paid?.end),
    changed_since: time(window.changedSince),
  });
  return window;
}

/** Data sets that were switched on although they are never requested: said, not ignored. */
function skipNeverRequested({ total }: DataSets, settings: Settings): void {
  const asked: readonly (readonly [string, boolean])[] = [
    ["clients", settings.QTICKETS_SKIP_CLIENTS],
    ["partner_tickets", settings.QTICKETS_SKIP_PARTNER_TICKETS],
  ];
  for (const [resource, skip] of asked) {
    if (!skip) total.skipped.push({ resource, reason: "never_requested" });
  }
}
