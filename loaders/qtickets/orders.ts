import type { EventsFound } from "./events";
import { readOrderPage, type PageContext } from "./order-page";
import { createOrderParser } from "./order-parser";
import {
  ALL_ORDERS,
  changeQuery,
  checkFilters,
  paidQuery,
  type Filters,
  type OrderQuery,
} from "./order-queries";
import { OrderWriter, type OrdersWritten } from "./order-writer";
import { NO_OFFSET, type DataSetInput, type QticketsRun } from "./run";
import { createOrderSchema, ORDER_FIELDS } from "./schemas";
import { filterTime, newestDays, type Span, type Window } from "./windows";

/** What one step of the load of orders has brought. */
export interface OrdersFound extends OrdersWritten {
  /** Sales before this (ms) are whole only if they are in the warehouse already. */
  readFrom: number;
  /** What the first load has not read yet. */
  older: Span | null;
  /** The orders were read again by their creation, as the API does not filter by change time. */
  reread: boolean;
  /** No order can have been missed; else the watermarks must stay where they are. */
  whole: boolean;
}

export interface OrderLoadOptions {
  window: Window;
  events: Pick<EventsFound, "eventOfShow" | "cityOfEvent">;
  /** Moscow day on which orders were read again by their creation last. */
  rereadOn: string | undefined;
}

/** What a step of the load is given: the run itself it has. */
type LoadInput = Omit<DataSetInput, "run">;

/** Loads orders and their tickets: new ones by time of payment, changed ones by time of change, a first load in slices. */
export class OrderLoad {
  private readFrom: number;
  private older: Span | null;
  private filters: Filters = { byChange: false, settled: [] };

  constructor(
    private readonly run: QticketsRun,
    private readonly options: OrderLoadOptions,
  ) {
    this.readFrom = options.window.readFrom;
    this.older = options.window.older;
  }

  /** Reads what the window of the run says; of a first load the newest days. */
  async load(input: LoadInput): Promise<OrdersFound> {
    const { paid, changedSince, mode, advances } = this.options.window;
    const reader = this.start(input, this.run.runId);
    if (paid === null) {
      await reader.read(ALL_ORDERS);
      return this.finish(reader, false);
    }
    this.filters = await checkFilters(this.run, input.client, advances);
    // Days that an earlier run may have read in part are read before anything is made visible.
    const { older } = this;
    if (mode === "backfill" && older === null) await this.readSlice(reader, paid);
    else await reader.read(this.paid(paid));
    const changes =
      changedSince === null
        ? undefined
        : changeQuery(this.run, changedSince, this.filters, this.options.rereadOn);
    if (changes !== undefined) await reader.read(changes);
    if (older !== null) await this.readSlice(reader, older);
    return this.finish(reader, changes?.what === "created");
  }

  /** The newest days of what an unfinished first load has left. */
  async loadSlice(input: LoadInput, older: Span): Promise<OrdersFound> {
    const reader = this.start(input, `${this.run.runId}:${older.end}`);
    await this.readSlice(reader, older);
    return this.finish(reader, false);
  }

  /** Reads the paid orders of a span, or of its newest days when it has too many for one slice; the others stay in `older`. */
  private async readSlice(reader: OrderReader, span: Span): Promise<void> {
    const { window } = this.options;
    const { settings, log } = this.run;
    for (let slice = span; ;) {
      // What was whole before the first load began stays so.
      this.readFrom = window.readFrom < span.start ? window.readFrom : slice.start;
      this.older = slice.start > span.start ? { start: span.start, end: slice.start } : null;
      const { start } = slice;
      const isTooLarge = (total: number) => {
        slice = newestDays(slice, total, settings.QTICKETS_SLICE_ORDERS);
        return slice.start > start;
      };
      if (await reader.read(this.paid(slice), isTooLarge)) return;
      const since = filterTime(slice.start, settings.TZ);
      log.info(`Too many orders for one slice of the first load: reading those paid since ${since} first`);
    }
  }

  private paid(span: Span): OrderQuery {
    return paidQuery(span, this.run.settings.TZ, this.filters);
  }

  private start(input: LoadInput, blockPrefix: string): OrderReader {
    const { window, events } = this.options;
    // A paid order within the days that are loaded whole. All others are written only over what is there already.
    const isNewSale = (paidAt: number | null) =>
      paidAt !== null && (window.mode === "window" || paidAt >= this.readFrom);
    return new OrderReader(this.run, input, events, isNewSale, blockPrefix);
  }

  private async finish(reader: OrderReader, reread: boolean): Promise<OrdersFound> {
    const written = await reader.writer.finish();
    return { ...written, readFrom: this.readFrom, older: this.older, reread, whole: reader.whole };
  }
}

/** Queries of one step: from pages of the API to the writer. */
class OrderReader {
  readonly writer: OrderWriter;
  whole = true;
  private readonly context: Omit<PageContext, "belongs">;

  constructor(
    private readonly run: QticketsRun,
    private readonly input: LoadInput,
    { eventOfShow, cityOfEvent }: OrderLoadOptions["events"],
    isNewSale: PageContext["isNewSale"],
    blockPrefix: string,
  ) {
    const { startedAt, settings } = run;
    const { report } = input;
    const onNoOffset = () => report.note(NO_OFFSET);
    this.writer = new OrderWriter(run, blockPrefix);
    this.context = {
      parse: createOrderParser(createOrderSchema(startedAt, onNoOffset), startedAt, onNoOffset),
      isNewSale,
      eventOfShow,
      cityOfEvent,
      readAt: startedAt,
      payloads: settings.QTICKETS_PAYLOADS,
      onRefundWithoutAmount: () => report.note("refunds without an amount"),
    };
  }

  /** Reads and writes the orders of a query; answers false, without any, when it has too many. */
  async read(query: OrderQuery, isTooLarge: (total: number) => boolean = () => false): Promise<boolean> {
    const { settings, log } = this.run;
    log.info("Fetching orders via GET /orders", { reading: query.what, where: query.where });
    const list = {
      ...(settings.QTICKETS_SELECT_FIELDS ? { select: ORDER_FIELDS } : {}),
      where: query.where,
      pageSize: settings.QTICKETS_PAGE_SIZE,
    };
    const context = { ...this.context, belongs: query.belongs };
    let pages = 0;
    let rows = 0;
    for await (const page of this.input.client.pages("/orders", list, (raw) => readOrderPage(raw, context))) {
      if (pages === 0 && isTooLarge(page.total)) return false;
      pages += 1;
      rows += page.size;
      if (page.incomplete !== undefined) this.whole = false;
      await this.writer.add(page.content, query.what);
      log.debug("Read a page of orders", { reading: query.what, page: pages, total: page.total });
    }
    await this.writer.settleUnconfirmed();
    log.info("Fetched orders from QTickets API via GET", { reading: query.what, pages, rows });
    return true;
  }
}
