import { asLines, tsvLine, type Lines } from "../core/tsv";
import { BadValue } from "../core/values";
import { ORDER_COLUMNS, orderRows, orderVersion, paymentMoment, saleDay } from "./order-rows";
import { count, type Run } from "./run";
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
  /** Orders that do not belong to the reading. */
  outside: number;
  bad: { id: unknown; reason: string }[];
  /** New sales: they are written whatever is known of them. */
  sales: Group;
  others: Candidate[];
}

/** Orders that are written together. */
export interface Group {
  ids: string[];
  lines: Lines;
  /** Least day of sale. */
  oldestDay: string | null;
  /** Some were never paid. */
  withoutDay: boolean;
}

/** The orders of a page that belong to its reading, each in its newest version. Changes nothing but remarks in the counters. */
export function readOrderPage(
  run: Run,
  belongs: (order: Order) => boolean,
  rows: readonly unknown[],
): OrderPage {
  const newest = new Map<string, Candidate>();
  const bad: OrderPage["bad"] = [];
  let outside = 0;
  const context = {
    eventOfShow: run.eventOfShow,
    cityOfEvent: run.cityOfEvent,
    readAt: run.startedAt,
    payloads: run.settings.QTICKETS_PAYLOADS,
    onRefundWithoutAmount: () => count(run.counts.notes, "refunds without an amount"),
  };
  for (const raw of rows) {
    try {
      const order = run.readOrder(raw);
      if (!belongs(order)) {
        outside += 1;
        continue;
      }
      const version = orderVersion(order, run.startedAt);
      if ((newest.get(order.id)?.version ?? -1) > version) continue;
      newest.set(order.id, {
        id: order.id,
        version,
        lines: orderRows(order, context).map((row) => tsvLine(ORDER_COLUMNS, row)),
        day: saleDay(order),
        isNewSale: isNewSale(run, paymentMoment(order)),
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
    sales: together(all.filter((one) => one.isNewSale)),
    others: all.filter((one) => !one.isNewSale),
  };
}

/** What is written of orders that are written together. */
export function together(orders: readonly Candidate[]): Group {
  const days = orders.flatMap((one) => one.day ?? []);
  return {
    ids: orders.map((one) => one.id),
    lines: asLines(orders.flatMap((one) => one.lines)),
    oldestDay: days.reduce<string | null>(
      (least, day) => (least === null || day < least ? day : least),
      null,
    ),
    withoutDay: days.length < orders.length,
  };
}

/** A paid order within the days that are loaded whole. All others are written only over what is there already. */
function isNewSale(run: Run, paid: number | null): boolean {
  return paid !== null && (run.plan.mode === "window" || paid >= run.readFrom);
}
