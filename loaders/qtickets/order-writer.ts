import { asLoader } from "../../warehouse/queries";
import { IdSet } from "../core/id-set";
import { TableWriter } from "../core/writer";
import { increment, type Counters, type Found } from "../pipeline/found";
import { groupOrders, type Candidate, type OrderGroup, type OrderPage } from "./order-page";
import { ORDER_COLUMNS } from "./order-rows";
import { checkBadRows, type QticketsRun } from "./run";

/** Orders that are looked up together. */
const LOOKED_UP = 2000;

/** What was written, for the derivation of the facts. */
export interface OrdersWritten extends Found {
  /** Least day of sale among the orders. */
  oldestDay: string | null;
  /** One of them has no payment (any more), so that its former day of sale is not known here. */
  withoutDay: boolean;
}

/** Writes pages of orders to staging: new sales at once, all others only where the warehouse has the order already. */
export class OrderWriter {
  private readonly writer: TableWriter;
  /** Orders that were handed to the writer. */
  private readonly handedOver = new IdSet();
  /** Orders that are written only if they are in the warehouse already; they are looked up many at a time. */
  private unconfirmed: Candidate[] = [];
  private readonly dropped: Counters = {};
  private seen = 0;
  private bad = 0;
  private oldestDay: string | null = null;
  private withoutDay = false;

  constructor(
    private readonly run: QticketsRun,
    blockPrefix: string,
  ) {
    const { database, log, stopwatch } = run;
    this.writer = new TableWriter({
      database,
      log,
      table: "stg_qtickets_api_orders_raw",
      columns: ORDER_COLUMNS,
      stopwatch,
      blockPrefix,
    });
  }

  /** Takes a page of a query; `what` names the query. */
  async add(page: OrderPage, what: string): Promise<void> {
    this.seen += page.seen;
    this.bad += page.bad.length;
    for (const { id, reason } of page.bad) this.run.quarantine.add("orders", id, reason);
    increment(this.dropped, `outside the ${what} window`, page.outside);
    await this.write(page.sales);
    const isKnown = (one: Candidate) => this.handedOver.has(one.id);
    await this.write(groupOrders(page.others.filter(isKnown)));
    this.unconfirmed.push(...page.others.filter((one) => !isKnown(one)));
    if (this.unconfirmed.length >= LOOKED_UP) await this.settleUnconfirmed();
  }

  /** Ends a query: what it has brought is written or dropped. */
  async settleUnconfirmed(): Promise<void> {
    const unconfirmed = this.unconfirmed;
    this.unconfirmed = [];
    const found = await this.findKnown(unconfirmed.map(({ id }) => id));
    // An order of this run may still be on its way to the server.
    const isKnown = (id: string) => found.has(id) || this.handedOver.has(id);
    for (const { id, day } of unconfirmed) {
      if (isKnown(id)) continue;
      increment(this.dropped, day === null ? "never paid" : "paid before the days that are loaded");
    }
    await this.write(groupOrders(unconfirmed.filter(({ id }) => isKnown(id))));
  }

  /** Waits until every row is acknowledged. Throws when too many orders could not be read. */
  async finish(): Promise<OrdersWritten> {
    const { log } = this.run;
    checkBadRows(this.run, { name: "orders", seen: this.seen, bad: this.bad });
    const rows = await this.writer.finish();
    const orders = this.handedOver.size;
    log.info(`Transformed ${rows} sales rows`, { orders, quarantined: this.bad, dropped: this.dropped });
    return {
      counters: { orders, sales_rows: rows },
      written: rows,
      dropped: this.dropped,
      oldestDay: this.oldestDay,
      withoutDay: this.withoutDay,
    };
  }

  private async write({ ids, lines, oldestDay, withoutDay }: OrderGroup): Promise<void> {
    if (withoutDay) this.withoutDay = true;
    if (oldestDay !== null && oldestDay < (this.oldestDay ?? "9")) this.oldestDay = oldestDay;
    for (const id of ids) this.handedOver.add(id);
    await this.writer.addLines(lines);
  }

  private async findKnown(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const { database } = this.run;
    const found = await database.rows<{ order_id: string }>(
      asLoader`SELECT DISTINCT order_id FROM
(
  SELECT order_id FROM ${database.name}.stg_qtickets_api_orders_raw WHERE order_id IN {ids:Array(String)}
  UNION ALL
  SELECT order_id FROM ${database.name}.fact_qtickets_orders WHERE order_id IN {ids:Array(String)}
)`,
      { ids },
    );
    return new Set(found.map((row) => row.order_id));
  }
}
