import { describe, expect, it } from "vitest";
import { expectedFacts } from "../../../sandbox/qtickets/expected";
import type { Basket, Order } from "../../../sandbox/qtickets/types";
import { all, dataSet } from "./support";

const data = dataSet();
const template = data.orders().at(0);
const ticket = { ...(template.baskets[0] as Basket), price: 500, quantity: 1, show_id: 60_001 };
const order = (fields: Partial<Order>, ...baskets: Partial<Basket>[]): Order => ({
  ...template,
  event_id: 1,
  currency_id: "RUB",
  payed: true,
  payed_at: "2030-05-01T12:00:00+03:00",
  deleted_at: null,
  baskets: baskets.map((basket) => ({ ...ticket, ...basket })),
  ...fields,
});
const AT = "2030-05-02T12:00:00+03:00";
const facts = (...orders: Order[]) =>
  expectedFacts(orders, (show) => (show === 60_001 ? 1 : show === 60_002 ? 2 : undefined));
const row = {
  day: "2030-05-01",
  eventId: 1,
  currency: "RUB",
  tickets: 1,
  revenue: "500.00",
  refunds: "0.00",
  orders: 1,
};

describe("the expected facts", () => {
  it("counts a paid ticket once, by quantity and price", () => {
    expect(facts(order({}, { quantity: 3, price: "12.50" }))).toEqual({
      sales: [{ ...row, tickets: 3, revenue: "37.50" }],
      orders: 1,
      lines: 1,
      tickets: 3,
    });
  });

  it("keeps what a refund leaves, on the day of the sale", () => {
    const refunded = { refunded_at: AT };
    expect(
      facts(order({}, { ...refunded, refunded_amount: 450.5 }, { ...refunded, refunded_amount: null })).sales,
    ).toEqual([{ ...row, tickets: 0, revenue: "49.50", refunds: "950.50", orders: 0 }]);
  });

  it("counts cancelled orders and removed tickets as lines of zero", () => {
    const zeros = { ...row, tickets: 0, revenue: "0.00", orders: 0 };
    expect(facts(order({ deleted_at: AT }, {}), order({}, { deleted_at: AT }))).toEqual({
      sales: [zeros],
      orders: 2,
      lines: 2,
      tickets: 0,
    });
  });

  it("gives an order without tickets one line, an unpaid one none", () => {
    expect(facts(order({}))).toMatchObject({ orders: 1, lines: 1, tickets: 0 });
    expect(facts(order({ payed_at: null }, {}))).toEqual({ sales: [], orders: 0, lines: 0, tickets: 0 });
  });

  it("splits by Moscow day, by event of the show, and by currency", () => {
    const sales = facts(
      order({ payed_at: "2030-05-01T23:59:59+03:00" }, {}, { show_id: 60_002 }),
      order({ payed_at: "2030-05-01T21:00:00Z" }, { show_id: 7 }),
      order({ currency_id: "KZT" }, {}),
    ).sales.map(({ day, eventId, currency, tickets }) => [day, eventId, currency, tickets]);
    expect(sales).toEqual([
      ["2030-05-01", 1, "KZT", 1],
      ["2030-05-01", 1, "RUB", 1],
      ["2030-05-01", 2, "RUB", 1],
      ["2030-05-02", 1, "RUB", 1],
    ]);
  });

  it("covers every paid order of the data set, and only those that are asked for", () => {
    const paid = all(data.orders()).filter(({ payed_at }) => payed_at !== null);
    expect(data.expected().orders).toBe(paid.length);
    const last = paid.at(-1)?.id ?? 0;
    expect(data.expected(({ id }) => id === last).orders).toBe(1);
    const barcodes = paid
      .filter(({ deleted_at }) => deleted_at === null)
      .flatMap(({ baskets }) =>
        baskets.filter((basket) => basket.barcode !== null && basket.refunded_at === null),
      );
    expect(data.expected().tickets).toBe(barcodes.length);
  });
});
