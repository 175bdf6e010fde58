import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orderRows, paymentTimestamp, saleDay } from "../../../loaders/qtickets/order-rows";
import { reasonOf } from "../../../loaders/core/fields";
import { createOrderSchema, ORDER_FIELDS } from "../../../loaders/qtickets/schemas";
import { NOW, parseOrder, rawBasket, rawOrder, tryOrder } from "./samples";

const context = {
  eventOfShow: new Map<string, string>(),
  cityOfEvent: new Map([["5001", "казань"]]),
  readAt: NOW,
  payloads: true,
  onRefundWithoutAmount: () => undefined,
};
const rows = (raw: unknown) => orderRows(parseOrder(raw), context);
const PAID = Date.parse("2030-01-01T12:50:52+03:00") / 1000;
const LATER = "2030-01-15T10:00:00+03:00";

test("a paid ticket becomes this row and nothing else", () => {
  expect(rows(rawOrder())).toEqual([
    {
      order_id: "900001",
      item_id: "9100001",
      event_id: "5001",
      show_id: "6001",
      city: "казань",
      status: "paid",
      sale_ts: PAID,
      created_ts: PAID - 16,
      updated_ts: PAID,
      tickets_sold: 1,
      revenue: "400.00",
      refunds: "0.00",
      currency: "RUB",
      utm_source: "vk",
      utm_medium: "cpc",
      utm_campaign: "123",
      utm_content: "",
      utm_term: "",
      discount_id: "",
      promo_code_id: "7",
      payment_type: "card",
      payload_json: '{"price":400.00,"quantity":1}',
      _ver: PAID * 1000 + 999,
    },
  ]);
});

test("the fields asked for hold nothing personal and are all the schema reads", () => {
  expect(
    ORDER_FIELDS.filter((field) => /client|url|uniqid|card|custom|fields|barcode|seat|phone/.test(field)),
  ).toEqual([]);
  const { shape } = createOrderSchema(NOW, () => undefined);
  const own = ORDER_FIELDS.filter((field) => !field.includes("."));
  expect([...own, "baskets"].sort()).toEqual(Object.keys(shape).sort());
  expect(parseOrder(rawOrder())).not.toHaveProperty("client");
});

describe("measures: the first rule that fits", () => {
  const refunded = { refunded_at: LATER, refunded_amount: 150, refunded_deduction_amount: 250 };
  test.each([
    [
      "never paid, deleted",
      { payed: false, payed_at: null, deleted_at: LATER },
      {},
      ["cancelled", null, 0, "0.00", "0.00"],
    ],
    ["never paid", { payed: 0, payed_at: null }, {}, ["unpaid", null, 0, "0.00", "0.00"]],
    ["payment moment without being paid", { payed: false }, {}, ["unpaid", null, 0, "0.00", "0.00"]],
    ["refunded in part", {}, refunded, ["refunded", PAID, 0, "250.00", "150.00"]],
    [
      "refunded in part, order deleted",
      { deleted_at: LATER },
      refunded,
      ["refunded", PAID, 0, "250.00", "150.00"],
    ],
    [
      "refunded, amount by what was kept",
      {},
      { ...refunded, refunded_amount: null },
      ["refunded", PAID, 0, "250.00", "150.00"],
    ],
    ["refunded without amounts", {}, { refunded_at: LATER }, ["refunded", PAID, 0, "0.00", "400.00"]],
    [
      "deleted, payment moment kept",
      { payed: false, deleted_at: LATER },
      {},
      ["cancelled", PAID, 0, "0.00", "0.00"],
    ],
    ["ticket deleted", {}, { deleted_at: LATER }, ["removed", PAID, 0, "0.00", "0.00"]],
    ["paid, three pieces", {}, { quantity: "3", price: "99,90" }, ["paid", PAID, 3, "299.70", "0.00"]],
    ["paid, free of charge", {}, { price: 0, quantity: null }, ["paid", PAID, 1, "0.00", "0.00"]],
  ])("%s", (_name, order, basket, expected) => {
    const [row] = rows(rawOrder({ ...order, baskets: [rawBasket(basket)] }));
    expect([row?.status, row?.sale_ts, row?.tickets_sold, row?.revenue, row?.refunds]).toEqual(expected);
  });

  test("a refund without an amount is counted", () => {
    let told = 0;
    const order = parseOrder(rawOrder({ baskets: [rawBasket({ refunded_at: LATER })] }));
    orderRows(order, { ...context, onRefundWithoutAmount: () => (told += 1) });
    expect(told).toBe(1);
  });

  test("revenue and refunds of any mix of tickets add up to what was charged", () => {
    const ticket = fc.record({
      kopecks: fc.integer({ min: 0, max: 10_000_000 }),
      quantity: fc.integer({ min: 1, max: 9 }),
      fate: fc.constantFrom("paid", "refunded", "removed"),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(ticket, { minLength: 1, maxLength: 12 }), (tickets) => {
        const money = (kopecks: number) =>
          `${Math.floor(kopecks / 100)}.${String(kopecks % 100).padStart(2, "0")}`;
        const baskets = tickets.map(({ kopecks, quantity, fate, share }, index) =>
          rawBasket({
            id: index + 1,
            price: money(kopecks),
            quantity,
            deleted_at: fate === "removed" ? LATER : null,
            refunded_at: fate === "refunded" ? LATER : null,
            refunded_amount: fate === "refunded" ? money(Math.floor(kopecks * quantity * share)) : null,
          }),
        );
        const result = rows(rawOrder({ baskets }));
        const kopecks = (text: unknown) => Math.round(Number(text) * 100);
        for (const [index, { kopecks: price, quantity, fate, share }] of tickets.entries()) {
          const row = result[index];
          const gross = price * quantity;
          const back = Math.floor(gross * share);
          const expected = {
            paid: [gross, 0, quantity],
            refunded: [gross - back, back, 0],
            removed: [0, 0, 0],
          }[fate];
          expect([kopecks(row?.revenue), kopecks(row?.refunds), row?.tickets_sold]).toEqual(expected);
        }
      }),
    );
  });
});

describe("the order as a whole", () => {
  test("its version is the greatest moment of order and tickets, the same on every line", () => {
    const baskets = [rawBasket(), rawBasket({ id: 2, refunded_at: LATER, refunded_amount: 1 })];
    expect(rows(rawOrder({ baskets })).map((row) => row._ver)).toEqual([
      Date.parse(LATER) + 999,
      Date.parse(LATER) + 999,
    ]);
  });

  test.each([
    [-5000, 0],
    [0, 0],
    [400, 400],
    [999, 999],
    [60_000, 999],
  ])("read %i ms after the second of its last change, it beats what was read sooner", (later, more) => {
    const second = Date.parse(LATER);
    const order = parseOrder(rawOrder({ updated_at: LATER.replace("+", ".750+") }));
    const [row] = orderRows(order, { ...context, readAt: second + later });
    expect(row?._ver).toBe(second + more);
    expect(row?.updated_ts).toBe(second / 1000);
  });

  test("a ticket belongs to the event of its show, else to the event of the order", () => {
    const baskets = [rawBasket(), rawBasket({ id: 2, show_id: 6002 }), rawBasket({ id: 3, show_id: null })];
    const order = parseOrder(rawOrder({ baskets }));
    const mapped = orderRows(order, { ...context, eventOfShow: new Map([["6002", "5002"]]) });
    expect(mapped.map((row) => [row.event_id, row.show_id, row.city])).toEqual([
      ["5001", "6001", "казань"],
      ["5002", "6002", ""],
      ["5001", "", "казань"],
    ]);
  });

  test.each([
    ["paid", {}, "paid"],
    ["deleted", { deleted_at: LATER }, "cancelled"],
    ["unpaid", { payed: false, payed_at: null }, "unpaid"],
  ])("without tickets and %s it is one header line of zeros", (_name, change, status) => {
    const [row, ...others] = rows(rawOrder({ baskets: [], ...change }));
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      item_id: "",
      show_id: "",
      status,
      tickets_sold: 0,
      revenue: "0.00",
      refunds: "0.00",
    });
  });

  test("tickets as a map are read by their values", () => {
    expect(rows(rawOrder({ baskets: { a: rawBasket(), b: rawBasket({ id: 2 }) } }))).toHaveLength(2);
  });

  test.each([[[]], [""], [null], [undefined]])("utm %j is five empty values", (utm) => {
    const [row] = rows(rawOrder({ utm }));
    expect([row?.utm_source, row?.utm_medium, row?.utm_campaign, row?.utm_content, row?.utm_term]).toEqual(
      Array(5).fill(""),
    );
  });

  test("the day of sale is Moscow's", () => {
    const day = (payed_at: string) => saleDay(parseOrder(rawOrder({ payed_at })));
    expect(day("2030-01-01T23:59:59+03:00")).toBe("2030-01-01");
    expect(day("2030-01-02T00:00:00+03:00")).toBe("2030-01-02");
    expect(day("2030-01-02T03:00:00+07:00")).toBe("2030-01-01");
    expect(saleDay(parseOrder(rawOrder({ payed: false, payed_at: null })))).toBeNull();
  });

  test.each([true, 1, "1", "true"])("payed = %j is paid", (payed) => {
    expect(paymentTimestamp(parseOrder(rawOrder({ payed })))).toBe(PAID * 1000);
  });
  test.each([false, 0, "0", "false", null])("payed = %j is not", (payed) => {
    expect(paymentTimestamp(parseOrder(rawOrder({ payed })))).toBeNull();
  });
});

describe("put aside with a reason that holds no value", () => {
  const nowhere = { created_at: null, updated_at: null };
  test.each([
    ["no id", { id: undefined }, "id: missing"],
    ["no event", { event_id: null }, "event_id: missing"],
    ["event that is text", { event_id: "secret" }, "event_id: unreadable id"],
    ["payed renamed", { payed: undefined }, "payed: missing"],
    ["payed unreadable", { payed: "secret" }, "payed: unreadable flag"],
    ["no currency", { currency_id: null }, "currency_id: missing"],
    ["odd currency", { currency_id: "secret" }, "currency_id: unreadable currency"],
    ["no tickets at all", { baskets: null }, "baskets: missing"],
    ["tickets that are text", { baskets: "secret" }, "baskets: not a list"],
    ["zero date", { payed_at: "0000-00-00 00:00:00" }, "payed_at: unreadable time"],
    ["future date", { payed_at: "2031-01-01T00:00:00+03:00" }, "payed_at: time out of range"],
    ["money of text", { baskets: [rawBasket({ price: "secret" })] }, "baskets.price: unreadable money"],
    ["no price", { baskets: [rawBasket({ price: undefined })] }, "baskets.price: unreadable money"],
    ["quantity of zero", { baskets: [rawBasket({ quantity: 0 })] }, "baskets.quantity: quantity of zero"],
    ["half a ticket", { baskets: [rawBasket({ quantity: 0.5 })] }, "baskets.quantity: unreadable quantity"],
    ["a ticket less", { baskets: [rawBasket({ quantity: "-1" })] }, "baskets.quantity: negative quantity"],
    ["a ticket that is text", { baskets: ["secret"] }, "baskets: unexpected shape"],
  ])("%s", (_name, change, reason) => {
    const parsed = tryOrder(rawOrder(change));
    expect(parsed.success).toBe(false);
    expect(parsed.error && reasonOf(parsed.error)).toBe(reason);
  });

  test.each([
    ["paid without a moment", { payed_at: null }, {}, "payed_at: missing"],
    ["no moment at all", { ...nowhere, payed: false, payed_at: null }, nowhere, "no change time"],
    [
      "refund above the price",
      {},
      { refunded_at: LATER, refunded_amount: 400.01 },
      "baskets.refunded_amount: above the price",
    ],
    [
      "refund below zero",
      {},
      { refunded_at: LATER, refunded_amount: -1 },
      "baskets.refunded_amount: negative money",
    ],
    [
      "more kept than charged",
      {},
      { refunded_at: LATER, refunded_deduction_amount: 500 },
      "baskets.refunded_amount: negative money",
    ],
    ["price below zero", {}, { price: -1 }, "baskets.price: negative money"],
  ])("%s", (_name, order, basket, reason) => {
    expect(() => rows(rawOrder({ ...order, baskets: [rawBasket(basket)] }))).toThrow(reason);
  });

  test("an order that is no object", () => {
    expect(tryOrder(null).success).toBe(false);
    expect(tryOrder("secret").success).toBe(false);
  });
});

test("times without an offset are Moscow's and are counted", () => {
  let naive = 0;
  const order = createOrderSchema(NOW, () => (naive += 1));
  const parsed = order.parse(
    rawOrder({ payed_at: "2030-01-01T12:50:52", updated_at: "2030-01-01 12:50:52" }),
  );
  expect(naive).toBe(2);
  expect(parsed.payed_at?.ms).toBe(PAID * 1000);
});

describe("the payload holds what the measures come from, nothing else, and can be switched off", () => {
  const payload = (
    change: Record<string, unknown>,
    basket: Record<string, unknown> = {},
    payloads = true,
  ) => {
    const order = parseOrder(rawOrder({ baskets: [rawBasket(basket)], ...change }));
    const text = String(orderRows(order, { ...context, payloads })[0]?.payload_json);
    return text === "" ? "" : (JSON.parse(text) as unknown);
  };
  const at = "2030-01-03T12:00:00+03:00";
  const utc = "2030-01-03T09:00:00.000Z";

  test.each([
    [
      "a refund",
      {},
      { refunded_at: at, refunded_amount: "10,55" },
      { refunded_at: utc, refunded_amount: 10.55 },
    ],
    [
      "a part kept",
      {},
      { refunded_at: at, refunded_deduction_amount: 5 },
      { refunded_at: utc, refunded_deduction_amount: 5 },
    ],
    ["a ticket taken out", {}, { deleted_at: at }, { deleted_at: utc }],
    ["a cancelled order", { payed: false, deleted_at: at }, {}, { payed: false, order_deleted_at: utc }],
  ])("%s", (_name, order, basket, more) => {
    expect(payload(order, basket)).toEqual({ price: 400, quantity: 1, ...more });
  });

  test("an order without tickets", () => {
    expect(payload({ baskets: [] })).toEqual({});
  });

  test("switched off", () => {
    expect(payload({}, {}, false)).toBe("");
  });
});
