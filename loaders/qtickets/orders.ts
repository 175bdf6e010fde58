import { TableWriter } from "../core/writer";
import { ApiError } from "../core/http";
import { ExpectedError } from "../core/errors";
import { IdSet } from "../core/id-set";
import { moscowDay } from "../core/values";
import type { Condition } from "./api";
import { readOrderPage, together, type Candidate, type Group, type OrderPage } from "./order-page";
import { ORDER_COLUMNS } from "./order-rows";
import { checkShare, count, type Run, type Source } from "./run";
import { ORDER_FIELDS, type Order } from "./schemas";
import { filterTime } from "./windows";

/** No order is paid or changed so late: a filter with this bound must find nothing, or it was not honoured. */
const FAR_FUTURE = Date.UTC(2100, 0, 1);

/** One reading of the order list: what is asked for, and what an order must be to belong to it. */
interface Reading {
  what: string;
  where: readonly Condition[];
  belongs: (order: Order) => boolean;
}

/** Orders and their tickets: new ones by moment of payment, changed ones by moment of change. */
export const orders: Source = {
  name: "orders",
  required: true,
  load: async (run) => {
    const { database, log, runId, counts } = run;
    const writer = new TableWriter({
      database,
      log,
      runId,
      table: "stg_qtickets_api_orders_raw",
      columns: ORDER_COLUMNS,
      stopwatch: run.stopwatch,
    });
    const state: State = { writer, written: new IdSet(), doubtful: [], seen: 0, bad: 0 };
    for (const reading of await readings(run)) {
      await read(run, reading, state);
      await settleDoubtful(run, state);
    }
    checkShare(run, "orders", state.seen, state.bad);
    counts.salesRows = await writer.finish();
    counts.orders = state.written.size;
    log.info(`Transformed ${counts.salesRows} sales rows`, {
      orders: counts.orders,
      quarantined: state.bad,
      dropped: counts.dropped,
    });
  },
};

interface State {
  writer: TableWriter;
  /** Orders that were handed to the writer. */
  written: IdSet;
  /** Orders that are written only if they are in the warehouse already; they are looked up many at a time. */
  doubtful: Candidate[];
  seen: number;
  bad: number;
}

/** Orders that are looked up together. */
const LOOKED_UP = 2000;

async function readings(run: Run): Promise<Reading[]> {
  const { plan, settings } = run;
  const time = (ms: number) => filterTime(ms, settings.TZ);
  const { paid, changedSince } = plan;
  if (paid === null) return [{ what: "all", where: [], belongs: () => true }];

  const isPaid: Condition = { column: "payed", value: 1 };
  if (!(await honours(run, "payed_at", [isPaid]))) {
    throw new ExpectedError(
      `The API did not honour the filter by payment time: it counts every order as paid after 2100. Nothing was loaded; check that the body of GET requests reaches it (a proxy may strip it).`,
    );
  }
  const byChange = plan.advances && (await filtersByChange(run));
  // What changes during the run is left to the next one, which reads it as changed. So no order comes into the listing
  // while it is read: those that leave it show in the total, and no other slips past in their place.
  const settled: Condition[] = byChange
    ? [{ column: "updated_at", operator: "<", value: time(run.startedAt) }]
    : [];
  const result: Reading[] = [
    {
      what: "paid",
      where: [
        isPaid,
        { column: "payed_at", operator: ">=", value: time(paid.start) },
        { column: "payed_at", operator: "<", value: time(paid.end) },
        ...settled,
      ],
      // Filter values have whole seconds, as have the source's moments.
      belongs: ({ payed, payed_at: at }) =>
        payed && at !== null && at.ms >= Math.floor(paid.start / 1000) * 1000 && at.ms < paid.end,
    },
  ];
  if (changedSince !== null) result.push(...changes(run, changedSince, byChange));
  return result;
}

/** Late refunds, cancellations, restores: by change time, or by creation over many days once a day if that filter is not honoured. */
function changes(run: Run, changedSince: number, byChange: boolean): Reading[] {
  const { settings, log } = run;
  const since = (column: string, ms: number): Condition[] => [
    { column, operator: ">=", value: filterTime(ms, settings.TZ) },
  ];
  if (byChange) {
    return [
      {
        what: "changed",
        where: since("updated_at", changedSince),
        belongs: ({ updated_at: at }) => at === null || at.ms >= Math.floor(changedSince / 1000) * 1000,
      },
    ];
  }
  const today = moscowDay(run.startedAt);
  if (run.watermarks.get("orders_reread") === today) return [];
  const start = run.startedAt - settings.QTICKETS_REREAD_DAYS * 24 * 3_600_000;
  log.warning("The API does not filter by change time: reading orders again by their creation, once a day", {
    days: settings.QTICKETS_REREAD_DAYS,
  });
  run.reread = true;
  return [{ what: "created", where: since("created_at", start), belongs: () => true }];
}

/** Whether a filter for the far future leaves out anything: a few orders may have impossible moments. */
async function honours(run: Run, column: string, others: Condition[] = []): Promise<boolean> {
  const value = filterTime(FAR_FUTURE, run.settings.TZ);
  const found = await run.reader.count("/orders", [...others, { column, operator: ">=", value }]);
  return found === 0 || found < (await run.reader.count("/orders", others));
}

async function filtersByChange(run: Run): Promise<boolean> {
  try {
    return await honours(run, "updated_at");
  } catch (error) {
    // The API answers an unknown column with 503 UNKNOWN_ERROR, or a 4xx that speaks of the request.
    const refused =
      error instanceof ApiError && (error.code === "UNKNOWN_ERROR" || [400, 422].includes(error.status ?? 0));
    if (!refused) throw error;
    return false;
  }
}

async function read(run: Run, reading: Reading, state: State): Promise<void> {
  const { settings, log } = run;
  log.info("Fetching orders via GET /orders", { reading: reading.what, where: reading.where });
  const query = {
    ...(settings.QTICKETS_SELECT_FIELDS ? { select: ORDER_FIELDS } : {}),
    where: reading.where,
    pageSize: settings.QTICKETS_PAGE_SIZE,
  };
  let pages = 0;
  let rows = 0;
  for await (const page of run.reader.pages("/orders", query, (raw) =>
    readOrderPage(run, reading.belongs, raw),
  )) {
    pages += 1;
    rows += page.size;
    await takePage(run, reading, page.content, state);
    log.debug("Read a page of orders", { reading: reading.what, page: pages, total: page.total });
  }
  log.info("Fetched orders from QTickets API via GET", { reading: reading.what, pages, rows });
}

async function takePage(run: Run, reading: Reading, page: OrderPage, state: State): Promise<void> {
  state.seen += page.seen;
  state.bad += page.bad.length;
  for (const { id, reason } of page.bad) run.quarantine.add("orders", id, reason);
  count(run.counts.dropped, `outside the ${reading.what} window`, page.outside);
  await write(run, state, page.sales);
  const known = (one: Candidate) => state.written.has(one.id);
  await write(run, state, together(page.others.filter(known)));
  state.doubtful.push(...page.others.filter((one) => !known(one)));
  if (state.doubtful.length >= LOOKED_UP) await settleDoubtful(run, state);
}

async function settleDoubtful(run: Run, state: State): Promise<void> {
  const { doubtful } = state;
  state.doubtful = [];
  const found = await knownOrders(
    run,
    doubtful.map(({ id }) => id),
  );
  // An order of this run may still be on its way to the server.
  const known = (id: string) => found.has(id) || state.written.has(id);
  for (const { id, day } of doubtful) {
    if (!known(id)) {
      count(run.counts.dropped, day === null ? "never paid" : "paid before the days that are loaded");
    }
  }
  await write(run, state, together(doubtful.filter(({ id }) => known(id))));
}

async function write(run: Run, state: State, { ids, lines, oldestDay, withoutDay }: Group): Promise<void> {
  const { touched } = run;
  if (withoutDay) touched.unknown = true;
  if (oldestDay !== null && oldestDay < (touched.oldestDay ?? "9")) touched.oldestDay = oldestDay;
  for (const id of ids) state.written.add(id);
  await state.writer.addLines(lines);
}

async function knownOrders(run: Run, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const db = run.database.name;
  const found = await run.database.rows<{ order_id: string }>(
    `SELECT DISTINCT order_id FROM
(
  SELECT order_id FROM ${db}.stg_qtickets_api_orders_raw WHERE order_id IN {ids:Array(String)}
  UNION ALL
  SELECT order_id FROM ${db}.fact_qtickets_orders WHERE order_id IN {ids:Array(String)}
)`,
    { ids },
  );
  return new Set(found.map((row) => row.order_id));
}
