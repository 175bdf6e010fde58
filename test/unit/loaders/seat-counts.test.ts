import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countSeats } from "../../../loaders/qtickets/seat-counts";

const seat = (change: Record<string, unknown> = {}) => ({
  id: "full_A-1;1",
  root_id: "A-1;1",
  admission: false,
  max_quantity: 1,
  free_quantity: 1,
  available: true,
  disabled: false,
  ...change,
});
const seats = (...rows: unknown[]) =>
  countSeats({ data: Object.fromEntries(rows.map((row, index) => [`k${index}`, row])) });

describe("known", () => {
  test.each([
    ["a place per tariff counts once", [seat(), seat({ id: "child_A-1;1" })], { total: 1, left: 1 }],
    [
      "the greatest of its quantities",
      [seat({ max_quantity: 2, free_quantity: 0 }), seat({ max_quantity: 5, free_quantity: 3 })],
      { total: 5, left: 3 },
    ],
    [
      "without a root the id is the place",
      [seat({ root_id: null }), seat({ root_id: undefined, id: "full_A-1;2" })],
      { total: 2, left: 2 },
    ],
    [
      "switched-off rows do not count",
      [seat(), seat({ root_id: "B", disabled: "1", max_quantity: 9 })],
      { total: 1, left: 1 },
    ],
    ["what is not available is not left", [seat({ available: 0 })], { total: 1, left: 0 }],
    ["sold out is 0", [seat({ free_quantity: 0 })], { total: 1, left: 0 }],
    [
      "entrance counts by its quantities",
      [seat({ admission: true, max_quantity: "300", free_quantity: "120" })],
      { total: 300, left: 120 },
    ],
    [
      "more free than there are is capped",
      [seat({ max_quantity: 3, free_quantity: 7 })],
      { total: 3, left: 3 },
    ],
    ["everything switched off is none", [seat({ disabled: true })], { total: 0, left: 0 }],
  ])("%s", (_name, rows, expected) => {
    expect(seats(...rows)).toEqual(expected);
  });
});

describe("unknown", () => {
  test.each([
    ["an empty map", { data: {} }],
    ["an empty list", { data: [] }],
    [
      "zones without counters",
      { data: { zone: { zone_id: "zone", seats: { "1;1": { seat_id: "zone-1;1", admission: true } } } } },
    ],
    ["one row without its counter", { data: { a: seat(), b: seat({ free_quantity: null }) } }],
    [
      "one row that does not say whether it is available",
      { data: { a: seat(), b: seat({ available: undefined }) } },
    ],
  ])("%s", (_name, answer) => {
    expect(countSeats(answer)).toBeNull();
  });
});

describe("impossible", () => {
  test.each([
    ["a negative counter", { data: { a: seat({ free_quantity: -1 }) } }, "negative quantity"],
    ["a counter of text", { data: { a: seat({ max_quantity: "many" }) } }, "unreadable quantity"],
    ["a seat that is text", { data: { a: "seat" } }, "unexpected shape"],
    ["no data", {}, "no data"],
    ["null", null, "no data"],
  ])("%s", (_name, answer, reason) => {
    expect(() => countSeats(answer)).toThrow(reason);
  });
});

test("never more left than there are, whatever the rows and their order", () => {
  const row = fc.record({
    root_id: fc.constantFrom("A", "B", "C"),
    max_quantity: fc.nat(50),
    free_quantity: fc.nat(80),
    available: fc.boolean(),
    disabled: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
      const result = seats(...rows);
      expect(result?.left).toBeLessThanOrEqual(result?.total ?? -1);
      expect(seats(...[...rows].reverse())).toEqual(result);
      expect(seats(...rows, ...rows)).toEqual(result);
    }),
  );
});
