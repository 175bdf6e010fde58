import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadQuery, columnsOf, matcher, parseQuery, selector, sorter } from "../../../sandbox/qtickets/query";

const sample = {
  id: 1,
  payed: true,
  payed_at: "2030-01-01T12:00:00+03:00" as string | null,
  baskets: [{ id: 10, price: 500, show_id: 60001 }],
  client: { details: { name: "x" } },
  groups: [1, 2],
};
const columns = columnsOf(sample);

function matches(
  column: string,
  operator: string | undefined,
  value: unknown,
  row: object = sample,
): boolean {
  const condition = {
    column,
    ...(operator === undefined ? {} : { operator }),
    ...(value === undefined ? {} : { value }),
  };
  return matcher(parseQuery({ where: [condition] }).where, columns)(row);
}

describe("body of a listing request", () => {
  it("fills in what is left out", () => {
    expect(parseQuery({})).toEqual({ where: [], page: 1, flat: false });
  });

  it("reads numbers in text, PHP's empty lists and ignores keys that the API does not know", () => {
    expect(parseQuery({ page: "3", perPage: "20", per_page: 5, orderBy: [], where: [] })).toEqual({
      where: [],
      page: 3,
      perPage: 20,
      flat: false,
    });
  });

  it.each([
    [[1]],
    ["text"],
    [{ page: 0 }],
    [{ page: 1.5 }],
    [{ page: "x" }],
    [{ perPage: -1 }],
    [{ where: {} }],
    [{ where: '[{"column":"id"}]' }],
    [{ where: [{ operator: "=" }] }],
    [{ orderBy: { id: "up" } }],
    [{ orderBy: ["id"] }],
    [{ select: "id" }],
  ])("refuses %j", (body) => {
    expect(() => parseQuery(body)).toThrow(BadQuery);
  });
});

describe("where", () => {
  it.each<[string, string | undefined, unknown, boolean]>([
    ["payed", undefined, 1, true],
    ["payed", "=", "1", true],
    ["payed", "=", 0, false],
    ["payed", "!=", 0, true],
    ["id", ">", 0, true],
    ["id", ">", 1, false],
    ["id", ">=", "1", true],
    ["id", "<", 10, true],
    ["id", "<=", 0, false],
    ["id", "in", [1, 2], true],
    ["id", "in", [], false],
    ["id", "not in", [1], false],
    ["id", "not in", [2], true],
    ["payed_at", "null", undefined, false],
    ["payed_at", "not null", undefined, true],
    ["payed_at", ">=", "2030-01-01T09:00:00Z", true],
    ["payed_at", ">", "2030-01-01T12:00:00+03:00", false],
    ["payed_at", "=", "2030-01-01 12:00:00", true],
    ["payed_at", "<", "2030-01-02", true],
    ["payed_at", "<", "2030-01-01", false],
    ["baskets.price", "=", 500, true],
    ["baskets.show_id", "in", [60002], false],
    ["client.details.name", "=", "x", true],
    ["groups", "in array", [2, 3], true],
    ["groups", "in array", [3], false],
    ["groups", "not in array", [3], true],
  ])("%s %s %j is %s", (column, operator, value, expected) => {
    expect(matches(column, operator, value)).toBe(expected);
  });

  it("compares nothing with null, as SQL does", () => {
    const unpaid = { ...sample, payed_at: null };
    for (const operator of ["=", "!=", "<", "<=", ">", ">=", "not null"]) {
      expect(matches("payed_at", operator, operator === "not null" ? undefined : "2030-01-01", unpaid)).toBe(
        false,
      );
    }
    expect(matches("payed_at", "null", undefined, unpaid)).toBe(true);
    expect(matches("payed_at", "=", null, unpaid)).toBe(false);
  });

  it("matches a list when one of its elements does", () => {
    const two = {
      ...sample,
      baskets: [
        { ...sample.baskets[0], price: 1 },
        { ...sample.baskets[0], price: 2 },
      ],
    };
    expect(matches("baskets.price", "=", 2, two)).toBe(true);
    expect(matches("baskets.price", "=", 3, two)).toBe(false);
  });

  it.each<[string, string, unknown]>([
    ["paid", "=", 1],
    ["baskets.cost", "=", 1],
    ["id", "like", 1],
    ["id", "=", [1]],
    ["id", "=", undefined],
    ["id", "in", 1],
  ])("refuses %s %s %j", (column, operator, value) => {
    expect(() => matches(column, operator, value)).toThrow(BadQuery);
  });

  it("holds for all conditions at once, and for half-open windows each row is in one of two neighbours", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 4e9 }), (moment, border) => {
        const text = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "+00:00");
        const row = { ...sample, payed_at: text(moment) };
        const before = matches("payed_at", "<", text(border), row);
        const after = matches("payed_at", ">=", text(border), row);
        expect(before).toBe(moment < border);
        expect(after).toBe(!before);
      }),
    );
  });
});

describe("orderBy", () => {
  it("sorts by several columns, in both directions, nulls first", () => {
    const rows = [
      { ...sample, id: 1, payed_at: "2030-01-02T00:00:00+03:00" },
      { ...sample, id: 2, payed_at: null },
      { ...sample, id: 3, payed_at: "2030-01-01T23:00:00+00:00" },
      { ...sample, id: 4, payed_at: "2030-01-02T00:00:00+03:00" },
    ];
    const ids = (orderBy: Record<string, "asc" | "desc">) =>
      rows.toSorted(sorter(orderBy, columns)).map(({ id }) => id);
    expect(ids({ payed_at: "asc", id: "desc" })).toEqual([2, 4, 1, 3]);
    expect(ids({ payed_at: "desc" })).toEqual([3, 1, 4, 2]);
    expect(() => sorter({ paid: "asc" }, columns)).toThrow(BadQuery);
  });
});

describe("select", () => {
  it("keeps the named fields, dotted ones inside lists of objects", () => {
    const show = selector(["id", "baskets.price", "client.details.name"], columns);
    expect(show(sample)).toEqual({ id: 1, baskets: [{ price: 500 }], client: { details: { name: "x" } } });
  });

  it("leaves an empty PHP list as it is and takes a whole object before its parts", () => {
    expect(selector(["client.details.name"], columns)({ client: [] })).toEqual({ client: [] });
    for (const order of [
      ["baskets", "baskets.price"],
      ["baskets.price", "baskets"],
    ]) {
      expect(selector(order, columns)(sample)).toEqual({ baskets: sample.baskets });
    }
  });

  it("shows everything without a selection and refuses unknown names", () => {
    expect(selector(undefined, columns)(sample)).toBe(sample);
    expect(() => selector(["baskets.cost"], columns)).toThrow(BadQuery);
  });
});
