import { readAliases } from "../core/cities";
import { MOSCOW } from "../core/values";
import { readWatermarks } from "../core/watermarks";
import type { DataSets, OnRead } from "../pipeline/data-sets";
import { checkTables } from "../pipeline/table-check";
import { observedClient } from "./client";
import { loadEvents, writeEvents } from "./events";
import { readHistory } from "./history";
import { inventorySkip, loadInventory, type InventoryFound } from "./inventory";
import { OPTIONAL_DATA_SETS } from "./optional-data-sets";
import { OrderLoad, type OrdersFound } from "./orders";
import { publish } from "./publish";
import type { QticketsRun } from "./run";
import type { Settings } from "./settings";
import { TABLES } from "./tables";
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
  asked: AskedWindow,
): Promise<Record<string, unknown>> {
  const { database, job, settings } = run;
  const observe = (onRead: OnRead) => observedClient(run.client, run.stopwatch, onRead);
  await checkTables(database, TABLES);
  const watermarks = await readWatermarks(database, job);
  const window = await findWindow(run, asked, watermarks);
  const aliases = await readAliases(database);

  const events = await dataSets.required("events", (onRead) =>
    loadEvents({ ...run, client: observe(onRead) }, aliases),
  );
  const rereadOn = watermarks.get("orders_reread");
  const orderLoad = new OrderLoad(run, { window, events, rereadOn });
  const orders = await dataSets.required("orders", (onRead) => orderLoad.load(observe(onRead)));
  for (const dataSet of OPTIONAL_DATA_SETS) {
    const reason = dataSet.skip(run);
    if (reason !== undefined) dataSets.skip(dataSet.name, reason);
    else {
      await dataSets.optional(dataSet.name, (onRead) =>
        dataSet.load({ ...run, client: observe(onRead) }, events.events),
      );
    }
  }
  let inventory: InventoryFound | undefined;
  const reason = inventorySkip(run);
  if (reason !== undefined) dataSets.skip("inventory", reason);
  else {
    inventory = await dataSets.optional("inventory", (onRead) =>
      loadInventory({ ...run, client: observe(onRead) }, events),
    );
  }
  dataSets.add({ skipped: neverRequested(settings) });

  await writeEvents(run, events.rows);
  const snapshotSeconds = inventory?.snapshotSeconds ?? null;
  const kinds = ["sales", "inventory"] as const;
  dataSets.add(await publish(run, { kinds, window, orders, snapshotSeconds, earlier: 0 }));
  await loadOlder(run, dataSets, window, orders, (onRead, older) =>
    orderLoad.loadSlice(observe(onRead), older),
  );
  const { paid, older, mode } = window;
  const hours = paid === null ? null : Math.round((paid.end - (older ?? paid).start) / 3_600_000);
  return { lookback_hours: hours, backfill_mode: mode === "backfill", mode };
}

async function findWindow(
  run: QticketsRun,
  asked: AskedWindow,
  watermarks: ReadonlyMap<string, string>,
): Promise<Window> {
  const { settings, database, job, startedAt, client } = run;
  const window = chooseWindow({
    now: startedAt,
    sinceHours: settings.QTICKETS_SINCE_HOURS,
    backfillHours: settings.QTICKETS_INITIAL_BACKFILL_HOURS,
    overlapMinutes: settings.QTICKETS_OVERLAP_MINUTES,
    offline: client.offline,
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

/**
 * The rest of a first load, slice by slice. Each is visible and noted before the next one, so that a run that ends has lost
 * one slice at most. What does not fit into the time is left to the next run.
 */
async function loadOlder(
  run: QticketsRun,
  dataSets: DataSets,
  window: Window,
  newest: OrdersFound,
  loadSlice: (onRead: OnRead, older: NonNullable<OrdersFound["older"]>) => Promise<OrdersFound>,
): Promise<void> {
  let took = run.clock.now() - run.startedAt;
  let { older, readFrom } = newest;
  for (let earlier = 1; older !== null; earlier += 1) {
    const began = run.clock.now();
    if (run.deadline - began < 2 * took) {
      const from = filterTime(readFrom, MOSCOW);
      dataSets.add({
        incomplete: [`orders: those paid before ${from} are not loaded yet; the next run goes on with them`],
      });
      return;
    }
    const rest = older;
    const slice = await dataSets.required("orders", (onRead) => loadSlice(onRead, rest));
    const orders = { ...slice, reread: newest.reread };
    dataSets.add(await publish(run, { kinds: ["sales"], window, orders, snapshotSeconds: null, earlier }));
    ({ older, readFrom } = slice);
    took = run.clock.now() - began;
  }
}

/** Data sets that were switched on although they are never requested: said, not ignored. */
function neverRequested(settings: Settings) {
  const asked: readonly (readonly [string, boolean])[] = [
    ["clients", settings.QTICKETS_SKIP_CLIENTS],
    ["partner_tickets", settings.QTICKETS_SKIP_PARTNER_TICKETS],
  ];
  return asked.flatMap(([resource, skip]) => (skip ? [] : [{ resource, reason: "never_requested" }]));
}
