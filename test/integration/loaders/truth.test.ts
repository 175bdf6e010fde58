import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Order } from "../../../sandbox/qtickets/types";
import { journal, startWarehouse, type Warehouse } from "./warehouse";

/** Single rules of what counts, each on a few orders that say nothing else. */
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 5, days: 2 });
});
afterAll(() => warehouse?.close());
beforeEach(async () => {
  await warehouse.reset();
  const { data } = warehouse.sandbox;
  const ids = [...Array(data.orders().length).keys()].map((index) => data.orders().at(index).id);
  for (const id of ids) data.removeOrder(id);
});

const soon = () => Date.now() - 60_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, "+00:00");

/** One ticket of an order in the making, at a price; the others of the order go. */
const ticket = (order: Order, change: Partial<Order["baskets"][number]>): Order["baskets"][number] => {
  const [first] = order.baskets;
  if (first === undefined) throw new Error("an order without a ticket");
  return { ...first, quantity: 1, price: 100, deleted_at: null, refunded_at: null, ...change };
};

const sales = () =>
  warehouse.sql(
    `SELECT event_id AS event, toUInt32(sum(f.tickets_sold)) AS tickets, toDecimalString(sum(f.revenue), 2) AS revenue,
       toDecimalString(sum(f.refunds), 2) AS refunds, toUInt32(sum(f.orders_count)) AS orders
     FROM zakaz.fact_qtickets_sales_daily AS f FINAL GROUP BY event HAVING tickets != 0 OR revenue != '0.00' ORDER BY event`,
  );

/** Days of sale that have tickets. */
const soldPerDay = () =>
  warehouse.sql(
    "SELECT toString(sales_date) AS day, tickets_sold AS tickets FROM zakaz.fact_qtickets_sales_daily FINAL WHERE tickets_sold > 0 ORDER BY day",
  );
const day = (ms: number) => new Date(ms + 3 * 3_600_000).toISOString().slice(0, 10);

/** What the journal says of a run that went well. */
async function loaded(args: string[] = []): Promise<Record<string, unknown>> {
  const run = await warehouse.run({}, args);
  expect(run.code, run.stderr).toBe(0);
  return JSON.parse((await journal(warehouse)).at(-1)?.message ?? "{}") as Record<string, unknown>;
}

/** An order with two tickets, one of each of two events. */
function orderOfTwoEvents(): Order {
  const { data } = warehouse.sandbox;
  const [one, two] = data.events().filter((event) => event.shows.length > 0 && event.deleted_at === null);
  const order = data.addOrder({ event_id: one?.id ?? 0 }, soon());
  order.baskets = [
    ticket(order, { id: 9_000_001, show_id: one?.shows[0]?.id ?? 0, price: "100.10" }),
    ticket(order, { id: 9_000_002, show_id: two?.shows[0]?.id ?? 0, price: "200,25" }),
  ];
  return order;
}

test("tickets of several events in one order: each event gets its own, both count the order", async () => {
  const order = orderOfTwoEvents();
  const shows = order.baskets.map((one) => one.show_id);
  const { data } = warehouse.sandbox;
  const events = shows.map(
    (show) => data.events().find((event) => event.shows.some(({ id }) => id === show))?.id,
  );
  await loaded();
  expect(await sales()).toEqual(
    [
      { event: String(events[0]), tickets: 1, revenue: "100.10", refunds: "0.00", orders: 1 },
      { event: String(events[1]), tickets: 1, revenue: "200.25", refunds: "0.00", orders: 1 },
    ].sort((a, b) => a.event.localeCompare(b.event)),
  );
});

test("an order that was exchanged counts nothing any more, the one in its place counts once", async () => {
  const { data } = warehouse.sandbox;
  const old = data.addOrder({ event_id: 5001 }, soon());
  old.baskets = [ticket(old, { price: 500 })];
  await loaded();
  expect(await sales()).toMatchObject([{ tickets: 1, revenue: "500.00" }]);
  const now = iso(Date.now());
  data.updateOrder(old.id, (order) => {
    order.deleted_at = now;
    for (const one of order.baskets) Object.assign(one, { deleted_at: now, barcode: null });
  });
  const next = data.addOrder({ event_id: 5001 }, soon());
  next.baskets = [ticket(next, { id: 9_000_003, price: 700 })];
  await loaded();
  expect(await sales()).toMatchObject([{ tickets: 1, revenue: "700.00", refunds: "0.00", orders: 1 }]);
});

test("a season ticket and its linked tickets: every live ticket counts once, with its own price", async () => {
  const order = warehouse.sandbox.data.addOrder({ event_id: 5001 }, soon());
  order.baskets = [
    ticket(order, { id: 9_000_010, price: 900, related_baskets: [9_000_011, 9_000_012] }),
    ticket(order, { id: 9_000_011, price: 0, related_baskets: [] }),
    ticket(order, { id: 9_000_012, price: 0, related_baskets: [], deleted_at: iso(soon()) }),
  ];
  await loaded();
  expect(await sales()).toMatchObject([{ tickets: 2, revenue: "900.00", orders: 1 }]);
});

test("money is added to the kopeck, however it is written", async () => {
  const { data } = warehouse.sandbox;
  for (const price of [0.1, "0.2", "0,30", 1234.5599999999999, "9007199254.99"]) {
    const order = data.addOrder({ event_id: 5001 }, soon());
    // A show that nobody knows: the event is that of the order.
    order.baskets = [ticket(order, { id: order.id, show_id: 1, price })];
  }
  await loaded();
  expect(await sales()).toMatchObject([{ event: "5001", tickets: 5, revenue: "9007200490.15" }]);
});

test("what the filter should not have returned is dropped and counted", async () => {
  const { data, faults } = warehouse.sandbox;
  const order = data.addOrder({ event_id: 5001 }, soon());
  order.baskets = [ticket(order, {})];
  data.addOrder({ event_id: 5001 }, Date.now() - 800 * 3_600_000);
  data.updateOrder(data.addOrder({ event_id: 5001 }, soon()).id, { payed: false, payed_at: null });
  // The canary is answered well, the page itself without a filter.
  faults.set({ kind: "filtersIgnored", route: "/orders", skip: 1 });
  const message = await loaded();
  expect(message.dropped).toEqual({ "outside the paid window": 2 });
  expect(await sales()).toMatchObject([{ tickets: 1, revenue: "100.00" }]);
});

test("sales on both sides of Moscow's midnight are of two days, whatever their offset says", async () => {
  const { data } = warehouse.sandbox;
  const midnight = Math.floor((Date.now() + 3 * 3_600_000) / 86_400_000) * 86_400_000 - 3 * 3_600_000;
  for (const at of [midnight - 1000, midnight]) {
    const order = data.addOrder({ event_id: 5001 }, at);
    Object.assign(order, { payed_at: iso(at), baskets: [ticket(order, { id: order.id })] });
  }
  await loaded();
  expect(await soldPerDay()).toEqual([
    { day: day(midnight - 1000), tickets: 1 },
    { day: day(midnight), tickets: 1 },
  ]);
});

/** Ways in which an order loses its payment, each in the source's fields. */
const LOSSES: [string, (order: Order) => void][] = [
  ["unpaid", (order) => Object.assign(order, { payed: false, payed_at: null })],
  ["cancelled", (order) => Object.assign(order, { payed: false, deleted_at: iso(soon()) })],
];

test.each(LOSSES)(
  "%s orders of days before those that are loaded come back: one that the warehouse knows, no other",
  async (_, lose) => {
    const { data } = warehouse.sandbox;
    const today = soon();
    const sold = (at: number) => {
      const order = data.addOrder({ event_id: 5001 }, at);
      return Object.assign(order, { baskets: [ticket(order, { id: order.id })] });
    };
    sold(today);
    await loaded();

    // Two months are longer than the first load. By hand only what is paid by then can be found.
    const old = today - 60 * 86_400_000;
    const [known, unknown] = [sold(old), sold(old)];
    const before = [structuredClone(known), structuredClone(unknown)];
    const restore = () => {
      for (const { id, payed, payed_at, deleted_at } of before) {
        data.updateOrder(id, { payed, payed_at, deleted_at });
      }
    };
    data.updateOrder(unknown.id, lose, old);
    const window = ["--since", day(old - 86_400_000), "--until", day(old + 86_400_000)];
    await loaded(window);
    expect(await soldPerDay()).toEqual([
      { day: day(old), tickets: 1 },
      { day: day(today), tickets: 1 },
    ]);

    data.updateOrder(known.id, lose);
    await loaded();
    expect(await soldPerDay()).toEqual([{ day: day(today), tickets: 1 }]);

    restore();
    const message = await loaded();
    expect(message.dropped).toEqual({ "paid before the days that are loaded": 1 });
    expect(await soldPerDay()).toEqual([
      { day: day(old), tickets: 1 },
      { day: day(today), tickets: 1 },
    ]);

    // The same window by hand again finds it, and from then on it is known.
    await loaded(window);
    expect(await soldPerDay()).toEqual([
      { day: day(old), tickets: 2 },
      { day: day(today), tickets: 1 },
    ]);
    data.updateOrder(unknown.id, lose);
    const later = await loaded();
    expect(later.dropped).toBeUndefined();
    expect(await soldPerDay()).toEqual([
      { day: day(old), tickets: 1 },
      { day: day(today), tickets: 1 },
    ]);
  },
);
