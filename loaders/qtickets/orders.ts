import { TableWriter } from "../core/writer";
import { IdSet } from "../core/id-set";
import { readOrderPage, together, type Candidate, type Group, type OrderPage } from "./order-page";
import { ALL, changes, checkFilters, paidReading, type Reading } from "./order-readings";
import { ORDER_COLUMNS } from "./order-rows";
import { checkShare, count, type Run, type Source } from "./run";
import { ORDER_FIELDS } from "./schemas";
import { filterTime, newestDays, type Span } from "./windows";

/** Orders and their tickets: new ones by moment of payment, changed ones by moment of change. */
export const orders: Source = {
  name: "orders",
  required: true,
  load: (run) =>
    written(run, run.runId, async (state) => {
      const { paid, changedSince, mode } = run.plan;
      if (paid === null) {
        await read(run, ALL, state);
        return;
      }
      const byChange = await checkFilters(run);
      // Days that an earlier run may have read in part are read before anything is made visible.
      const { older } = run;
      if (mode === "backfill" && older === null) await readSlice(run, paid, state);
      else await read(run, paidReading(run, paid), state);
      if (changedSince !== null) {
        for (const reading of changes(run, changedSince, byChange)) await read(run, reading, state);
      }
      if (older !== null) await readSlice(run, older, state);
    }),
};

/** The newest days of what an unfinished first load has left. */
export async function loadSlice(run: Run): Promise<void> {
  const { older } = run;
  if (older === null) return;
  // Blocks of one run have names of their own: the server takes the second one of a name for a repetition.
  await written(run, `${run.runId}:${older.end}`, (state) => readSlice(run, older, state));
}

/** Writes what `work` reads; all of it is acknowledged in the end. */
async function written(run: Run, blocks: string, work: (state: State) => Promise<void>): Promise<void> {
  const { database, log, stopwatch, counts } = run;
  const table = "stg_qtickets_api_orders_raw";
  const writer = new TableWriter({
    database,
    log,
    table,
    columns: ORDER_COLUMNS,
    stopwatch,
    runId: blocks,
  });
  const state: State = { writer, written: new IdSet(), doubtful: [], seen: 0, bad: 0 };
  await work(state);
  checkShare(run, "orders", state.seen, state.bad);
  const rows = await writer.finish();
  counts.salesRows += rows;
  counts.orders += state.written.size;
  log.info(`Transformed ${rows} sales rows`, {
    orders: state.written.size,
    quarantined: state.bad,
    dropped: counts.dropped,
  });
}

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

/** Reads the paid orders of a span, or of its newest days when it has too many for one slice; the others become `run.older`. */
async function readSlice(run: Run, span: Span, state: State): Promise<void> {
  const { plan, settings } = run;
  for (let slice = span; ;) {
    // What was whole before the first load began stays so.
    run.readFrom = plan.readFrom < span.start ? plan.readFrom : slice.start;
    run.older = slice.start > span.start ? { start: span.start, end: slice.start } : null;
    const { start } = slice;
    const isTooLarge = (total: number) => {
      slice = newestDays(slice, total, settings.QTICKETS_SLICE_ORDERS);
      return slice.start > start;
    };
    if (await read(run, paidReading(run, slice), state, isTooLarge)) return;
    const since = filterTime(slice.start, settings.TZ);
    run.log.info(`Too many orders for one slice of the first load: reading those paid since ${since} first`);
  }
}

/** Reads and writes the orders of a reading; answers false, without any, when the reading is too large. */
async function read(
  run: Run,
  reading: Reading,
  state: State,
  isTooLarge: (total: number) => boolean = () => false,
): Promise<boolean> {
  const { settings, log } = run;
  log.info("Fetching orders via GET /orders", { reading: reading.what, where: reading.where });
  const query = {
    ...(settings.QTICKETS_SELECT_FIELDS ? { select: ORDER_FIELDS } : {}),
    where: reading.where,
    pageSize: settings.QTICKETS_PAGE_SIZE,
  };
  let pages = 0;
  let rows = 0;
  const readPage = (raw: unknown[]) => readOrderPage(run, reading.belongs, raw);
  for await (const page of run.reader.pages("/orders", query, readPage)) {
    if (pages === 0 && isTooLarge(page.total)) return false;
    pages += 1;
    rows += page.size;
    await takePage(run, reading, page.content, state);
    log.debug("Read a page of orders", { reading: reading.what, page: pages, total: page.total });
  }
  await settleDoubtful(run, state);
  log.info("Fetched orders from QTickets API via GET", { reading: reading.what, pages, rows });
  return true;
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
