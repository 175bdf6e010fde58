import { joinLines, tsvLine, type Lines } from "../core/tsv";
import { BadValue } from "../core/values";
import {
  ORDER_COLUMNS,
  orderRows,
  orderVersion,
  paymentTimestamp,
  saleDay,
  type OrderContext,
} from "./order-rows";
import type { Order } from "./schemas";

/** An order as it is going to be written. */
export interface Candidate {
  id: string;
  version: number;
  /** Its rows, in the writer's form. */
  lines: string[];
  /** Moscow day of sale; null when it was never paid. */
  day: string | null;
  isNewSale: boolean;
}

/** What is kept of a page until its turn: bytes and ids, as the objects of pages that wait would cost most of the memory. */
export interface OrderPage {
  seen: number;
  /** Orders that do not belong to the query. */
  outside: number;
  bad: { id: unknown; reason: string }[];
  /** New sales: they are written whatever is known of them. */
  sales: OrderGroup;
  others: Candidate[];
}

/** Orders that are written together. */
export interface OrderGroup {
  ids: string[];
  lines: Lines;
  /** Least day of sale. */
  oldestDay: string | null;
  /** Some were never paid. */
  withoutDay: boolean;
}

/** How a page is read. */
export interface PageContext extends OrderContext {
  /** An order of the API, or `BadValue` with the reason why it cannot be read. */
  parse: (raw: unknown) => Order;
  /** Whether an order belongs to the query. */
  belongs: (order: Order) => boolean;
  /** Whether an order paid at this time (ms) is written although the warehouse does not know it. */
  isNewSale: (paidAt: number | null) => boolean;
}

/** The orders of a page that belong to its query, each in its newest version. */
export function readOrderPage(rows: readonly unknown[], context: PageContext): OrderPage {
  const newest = new Map<string, Candidate>();
  const bad: OrderPage["bad"] = [];
  let outside = 0;
  for (const raw of rows) {
    try {
      const order = context.parse(raw);
      if (!context.belongs(order)) {
        outside += 1;
        continue;
      }
      const version = orderVersion(order, context.readAt);
      if ((newest.get(order.id)?.version ?? -1) > version) continue;
      newest.set(order.id, {
        id: order.id,
        version,
        lines: orderRows(order, context).map((row) => tsvLine(ORDER_COLUMNS, row)),
        day: saleDay(order),
        isNewSale: context.isNewSale(paymentTimestamp(order)),
      });
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      bad.push({ id: (raw as { id?: unknown } | null)?.id, reason: error.message });
    }
  }
  const all = [...newest.values()];
  return {
    seen: rows.length,
    outside,
    bad,
    sales: groupOrders(all.filter((one) => one.isNewSale)),
    others: all.filter((one) => !one.isNewSale),
  };
}

/** What is written of orders that are written together. */
export function groupOrders(orders: readonly Candidate[]): OrderGroup {
  const days = orders.flatMap((one) => one.day ?? []);
  return {
    ids: orders.map((one) => one.id),
    lines: joinLines(orders.flatMap((one) => one.lines)),
    oldestDay: days.reduce<string | null>(
      (least, day) => (least === null || day < least ? day : least),
      null,
    ),
    withoutDay: days.length < orders.length,
  };
}
