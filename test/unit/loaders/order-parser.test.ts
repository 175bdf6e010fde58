import fc from "fast-check";
import { expect, test } from "vitest";
import { createOrderParser } from "../../../loaders/qtickets/order-parser";
import { reasonOf } from "../../../loaders/core/fields";
import { createOrderSchema, type Order } from "../../../loaders/qtickets/schemas";
import { NOW, rawBasket, rawOrder } from "./samples";

/** Values that APIs have been seen to send in place of others, good and bad for every kind of field. */
const odd = fc.oneof(
  fc.constantFrom(
    ...[null, undefined, "", " 7 ", "0", "1", "true", true, false, 0, -0, 1, -1, 7.5, 1e21, NaN],
    ...["12,50", "+1.005", "1.999", "abc", "RUB", "usd", "0000-00-00 00:00:00", [], {}, [rawBasket()]],
    ...["2030-01-01", "2030-01-01T10:00:00", "2030-01-01 10:00:00", "2030-01-01T10:00:00Z"],
    ...["2030-02-30T10:00:00+03:00", "2030-01-01T24:00:00+03:00", "2030-01-01T10:00:60+03:00"],
    ...["2031-01-01T00:00:00+03:00", "1999-01-01T00:00:00+03:00", "2030-01-01T10:00:00-11:30"],
    ...["2030-01-01t10:00:00+03:00", "2030-01-01T10:00:00+99:99", "2030-13-01T10:00:00+03:00"],
  ),
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 8 }),
);
const changed = (sample: Record<string, unknown>) =>
  fc.dictionary(fc.constantFrom(...Object.keys(sample)), odd, { maxKeys: 2, noNullPrototype: true });

let naive = 0;
const schema = createOrderSchema(NOW, () => (naive += 1));
const quickReader = createOrderParser(schema, NOW, () => (naive += 1));

/** Result and number of times without an offset. */
function outcome(read: () => Order): unknown {
  naive = 0;
  try {
    return { order: read(), naive };
  } catch (error) {
    return (error as Error).message;
  }
}

test("the quick reader reads, counts and refuses what the schema does, with the same reasons", () => {
  const raw = fc
    .record({ order: changed(rawOrder()), baskets: fc.array(changed(rawBasket()), { maxLength: 3 }) })
    .map(({ order, baskets }) => rawOrder({ baskets: baskets.map((one) => rawBasket(one)), ...order }));
  fc.assert(
    fc.property(fc.oneof(raw, odd), (value) => {
      const bySchema = outcome(() => {
        const parsed = schema.safeParse(value);
        if (!parsed.success) throw new Error(reasonOf(parsed.error));
        return parsed.data;
      });
      const quick = outcome(() => quickReader(value));
      expect(quick).toEqual(bySchema);
    }),
    { numRuns: 500 },
  );
});

test("an ordinary order does not need the schema", () => {
  const unused = new Proxy(schema, {
    get: () => {
      throw new Error("the schema was asked");
    },
  });
  const read = createOrderParser(unused, NOW, () => undefined);
  expect(read(rawOrder())).toEqual(schema.parse(rawOrder()));
});
