import { describe, expect, test } from "vitest";
import { reasonOf } from "../../../loaders/core/fields";
import { parseEvent, parseOrder, rawBasket, rawEvent, rawOrder, tryEvent, tryOrder } from "./samples";

/** The vendor's own samples leave documented keys out. */
const without = (raw: Record<string, unknown>, key: string) =>
  Object.fromEntries(Object.entries(raw).filter(([name]) => name !== key));

describe("a key that is absent is the same as one that is null", () => {
  const optional = ["payed_at", "discount_id", "promo_code_id", "created_at", "updated_at", "deleted_at"];
  test.each([...optional, "utm", "payment_type_id"])("order.%s", (key) => {
    const unpaid = rawOrder({ payed: false });
    expect(parseOrder(without(unpaid, key))).toEqual(parseOrder({ ...unpaid, [key]: null }));
  });

  const ofTicket = ["refunded_at", "refunded_amount", "refunded_deduction_amount"];
  test.each([...ofTicket, "show_id", "quantity", "created_at", "updated_at", "deleted_at"])(
    "basket.%s",
    (key) => {
      const order = (basket: unknown) => parseOrder(rawOrder({ baskets: [basket] }));
      expect(order(without(rawBasket(), key))).toEqual(order(rawBasket({ [key]: null })));
    },
  );

  test.each(["name", "city", "currency_id", "shows", "created_at", "deleted_at"])("event.%s", (key) => {
    expect(parseEvent(without(rawEvent(), key))).toEqual(parseEvent(rawEvent({ [key]: null })));
  });
});

test.each([
  ["id", "id: missing"],
  ["event_id", "event_id: missing"],
  ["payed", "payed: missing"],
  ["currency_id", "currency_id: missing"],
  ["baskets", "baskets: missing"],
])("an order without %s is put aside", (key, reason) => {
  const result = tryOrder(without(rawOrder(), key));
  expect(result.error && reasonOf(result.error)).toBe(reason);
});

test("an event without an id is put aside", () => {
  const result = tryEvent(without(rawEvent(), "id"));
  expect(result.error && reasonOf(result.error)).toBe("id: missing");
});
