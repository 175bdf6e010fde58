import { dayText, moscowDay } from "../moscow-time";
import type { Order } from "./types";

/** Sales of one event on one Moscow day in one currency. Money in units of the currency, with two decimals. */
export interface ExpectedSales {
  day: string;
  eventId: number;
  currency: string;
  tickets: number;
  revenue: string;
  refunds: string;
  /** Orders with at least one valid ticket of the event. */
  orders: number;
}

/** What a right loader arrives at. */
export interface Expected {
  /** One row per key that has a line, rows of zeros included; sorted by day, event, currency. */
  sales: ExpectedSales[];
  /** Orders that were paid, cancelled ones with a time of payment included. */
  orders: number;
  /** Lines of those orders: one per ticket, one for an order without tickets. */
  lines: number;
  tickets: number;
}

interface Sums {
  tickets: number;
  revenue: number;
  refunds: number;
  orders: Set<number>;
}

/** Money in hundredths; the sandbox's amounts never have more than two decimals. */
function hundredths(amount: number | string | null): number {
  return Math.round(Number(amount) * 100);
}

function money(amount: number): string {
  return (amount / 100).toFixed(2);
}

/** Sums up orders the plain way, one by one, without any of the loader's code. */
export function expectedFacts(
  orders: Iterable<Order>,
  eventOfShow: (showId: number) => number | undefined,
): Expected {
  const keys = new Map<string, Sums>();
  const result: Expected = { sales: [], orders: 0, lines: 0, tickets: 0 };
  for (const order of orders) {
    if (order.payed_at === null) continue;
    const day = dayText(moscowDay(Date.parse(order.payed_at)));
    const sumsOf = (event: number) => {
      const key = JSON.stringify([day, event, order.currency_id]);
      const sums = keys.get(key) ?? { tickets: 0, revenue: 0, refunds: 0, orders: new Set() };
      keys.set(key, sums);
      return sums;
    };
    result.orders += 1;
    result.lines += Math.max(order.baskets.length, 1);
    if (order.baskets.length === 0) sumsOf(order.event_id);
    for (const basket of order.baskets) {
      const sums = sumsOf(eventOfShow(basket.show_id) ?? order.event_id);
      const price = hundredths(basket.price) * Number(basket.quantity);
      if (basket.refunded_at !== null) {
        const returned = basket.refunded_amount === null ? price : hundredths(basket.refunded_amount);
        sums.revenue += price - returned;
        sums.refunds += returned;
      } else if (order.deleted_at === null && basket.deleted_at === null) {
        sums.tickets += Number(basket.quantity);
        sums.revenue += price;
        sums.orders.add(order.id);
        result.tickets += Number(basket.quantity);
      }
    }
  }
  result.sales = [...keys]
    .map(([key, sums]) => {
      const [day, eventId, currency] = JSON.parse(key) as [string, number, string];
      return {
        day,
        eventId,
        currency,
        tickets: sums.tickets,
        revenue: money(sums.revenue),
        refunds: money(sums.refunds),
        orders: sums.orders.size,
      };
    })
    .sort(
      (a, b) => a.day.localeCompare(b.day) || a.eventId - b.eventId || a.currency.localeCompare(b.currency),
    );
  return result;
}
