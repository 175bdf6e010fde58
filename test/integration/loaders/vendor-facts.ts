import { dayText, moscowDay } from "../../../sandbox/moscow-time";
import type { OrderStore } from "../../../sandbox/qtickets/store";

/** Money as the vendor writes it, in kopecks. */
export function inKopecks(money: number | string): number {
  return Math.round(Number(String(money).replace(",", ".")) * 100);
}

function inRoubles(money: number): string {
  return (money / 100).toFixed(2);
}

/** What the facts must say, one line per row that is not all zeros, sorted. */
export interface Facts {
  /** `day event currency: tickets revenue refunds orders` */
  daily: string[];
  /** `day event currency [utm]: tickets revenue refunds` */
  utm: string[];
}

interface Sum {
  tickets: number;
  revenue: number;
  refunds: number;
  orders: Set<number>;
}

/** The facts computed from nothing but the vendor's present state. Shares no code with the loader. */
export function factsOf(store: OrderStore): Facts {
  const eventOf = new Map(store.events().flatMap(({ id, shows }) => shows.map((show) => [show.id, id])));
  const daily = new Map<string, Sum>();
  const utm = new Map<string, Sum>();
  const sumOf = (sums: Map<string, Sum>, key: string): Sum => {
    const sum = sums.get(key) ?? { tickets: 0, revenue: 0, refunds: 0, orders: new Set<number>() };
    sums.set(key, sum);
    return sum;
  };
  for (const order of store.all()) {
    if (order.payed_at === null) continue;
    const day = dayText(moscowDay(Date.parse(order.payed_at)));
    const marks = order.utm as Record<string, string>;
    const tags = ["source", "medium", "campaign", "content", "term"].map((name) =>
      (marks[`utm_${name}`] ?? "").toLowerCase(),
    );
    for (const basket of order.baskets) {
      const price = inKopecks(basket.price) * Number(basket.quantity);
      let [tickets, returned, revenue] = [0, 0, 0];
      if (basket.refunded_at !== null) {
        if (basket.refunded_amount !== null) returned = inKopecks(basket.refunded_amount);
        else if (basket.refunded_deduction_amount === null) returned = price;
        else returned = price - inKopecks(basket.refunded_deduction_amount);
        revenue = price - returned;
      } else if (order.deleted_at === null && basket.deleted_at === null) {
        [tickets, revenue] = [Number(basket.quantity), price];
      }
      const key = `${day} ${eventOf.get(basket.show_id) ?? order.event_id} ${order.currency_id}`;
      for (const sum of [sumOf(daily, key), sumOf(utm, `${key} [${tags.join("|")}]`)]) {
        sum.tickets += tickets;
        sum.revenue += revenue;
        sum.refunds += returned;
        if (tickets > 0) sum.orders.add(order.id);
      }
    }
  }
  const lines = (sums: Map<string, Sum>, show: (sum: Sum) => string): string[] =>
    [...sums]
      .filter(([, { tickets, revenue, refunds }]) => tickets !== 0 || revenue !== 0 || refunds !== 0)
      .map(([key, sum]) => `${key}: ${show(sum)}`)
      .sort();
  const money = ({ tickets, revenue, refunds }: Sum) =>
    `${tickets} ${inRoubles(revenue)} ${inRoubles(refunds)}`;
  return { daily: lines(daily, (sum) => `${money(sum)} ${sum.orders.size}`), utm: lines(utm, money) };
}
