import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../loaders/core/api-error";
import type { ListQuery } from "../../../loaders/qtickets/api";
import { listByKey, NoKey } from "../../../loaders/qtickets/list-by-key";
import { Listings } from "../../../loaders/qtickets/listing";

interface Body {
  where: { column: string; operator?: string; value: number | string }[];
  orderBy: { id: "asc" | "desc" };
  page: number;
  perPage: number;
}
type Id = number | string;

/** What an API may do to a request, and to the rows of its answer. */
interface Habits {
  /** The request as it is understood; throws what is refused. */
  understand?: (body: Body) => Body;
  total?: (total: number) => number;
  perPage?: number;
  /** Called before each answer with its number, from 1. */
  before?: (answer: number) => void;
}

/** Numbers and the text of numbers that are too large for one. */
function compare(a: Id, b: Id): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
}

function firstAbove(ascending: readonly Id[], value: Id): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(ascending[middle] ?? 0, value) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A listing over ids that honours `id > …`, the order and the page. */
function listing(ids: Id[], habits: Habits = {}) {
  const asked: Body[] = [];
  const seen = { underWay: 0, greatest: 0 };
  let ascending = [...ids].sort(compare);
  const get = async (_path: string, sent: unknown): Promise<unknown> => {
    asked.push(sent as Body);
    seen.greatest = Math.max(seen.greatest, ++seen.underWay);
    await setImmediate();
    seen.underWay -= 1;
    habits.before?.(asked.length);
    const { where, orderBy, page, perPage: wanted } = habits.understand?.(sent as Body) ?? (sent as Body);
    const after = where.find(({ column }) => column === "id");
    if (habits.before !== undefined) ascending = [...ids].sort(compare);
    const from = after === undefined ? 0 : firstAbove(ascending, after.value);
    const perPage = Math.min(wanted, habits.perPage ?? wanted);
    const { length } = ascending;
    const [start, end] = [(page - 1) * perPage, page * perPage];
    const rows =
      orderBy.id === "asc"
        ? ascending.slice(from + start, from + end)
        : ascending.slice(Math.max(from, length - end), Math.max(from, length - start)).reverse();
    const total = habits.total?.(length - from) ?? length - from;
    const data = rows.map((id) => ({ id }));
    return { data, paging: { perPage, currentPage: page, total } };
  };
  return { asked, seen, get };
}

const idsOf = (rows: unknown[]) => (rows as { id: Id }[]).map(({ id }) => id);

async function readAll(
  client: ReturnType<typeof listing>,
  concurrency = 1,
  query: ListQuery = { pageSize: 3 },
): Promise<Id[]> {
  const seen: Id[] = [];
  for await (const page of listByKey(client, "/orders", query, idsOf, concurrency)) {
    expect(page.content).toHaveLength(page.size);
    seen.push(...page.content);
  }
  return seen;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const sorted = (ids: Iterable<Id>) => [...ids].sort(compare);

describe("a listing that stands still", () => {
  test("any ids, page size and concurrency: each row once, few requests more than pages, never too many at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.oneof(fc.nat(50), fc.nat(2 ** 31), fc.maxSafeNat()), {
          maxLength: 400,
          size: "max",
        }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 6 }),
        async (ids, perPage, concurrency) => {
          const client = listing(ids, { perPage });
          expect(sorted(await readAll(client, concurrency, { pageSize: 100 }))).toEqual(sorted(ids));
          expect(client.seen.greatest).toBeLessThanOrEqual(concurrency === 1 ? 1 : 2 * concurrency);
          if (concurrency === 1) expect(client.asked.length).toBeLessThanOrEqual(ids.length / perPage + 2);
        },
      ),
    );
  });

  test("120 000 orders in pages of 50 take at most two requests of a hundred more than there are pages", async () => {
    for (const concurrency of [1, 4, 16]) {
      const client = listing(upTo(120_000));
      expect(await readAll(client, concurrency, { pageSize: 50 })).toHaveLength(120_000);
      expect(client.asked.length).toBeLessThanOrEqual(2400 * 1.02);
    }
  }, 60_000);

  test("a listing of one page is one request", async () => {
    const client = listing([5, 7]);
    expect(await readAll(client, 4)).toEqual([5, 7]);
    expect(client.asked).toEqual([{ where: [], orderBy: { id: "asc" }, page: 1, perPage: 3 }]);
  });

  test("conditions of the query stay, the key comes to them", async () => {
    const client = listing(upTo(4));
    const where = [{ column: "payed", value: 1 }];
    await readAll(client, 1, { pageSize: 3, where, select: ["id", "payed"] });
    expect(client.asked).toEqual([
      { select: ["id", "payed"], where, orderBy: { id: "asc" }, page: 1, perPage: 3 },
      { select: ["id"], where, orderBy: { id: "desc" }, page: 1, perPage: 1 },
      {
        select: ["id", "payed"],
        where: [...where, { column: "id", operator: ">", value: 3 }],
        orderBy: { id: "asc" },
        page: 1,
        perPage: 3,
      },
    ]);
  });

  test("ids beyond 2^53 as text are exact", async () => {
    const ids = ["9007199254740991", "9007199254740992", "9007199254740993", "18446744073709551615"];
    expect(await readAll(listing(ids), 1, { pageSize: 1 })).toEqual(ids);
  });
});

describe("a shop that sells", () => {
  const change = fc.record({ answer: fc.nat(60), add: fc.boolean(), id: fc.nat(2000) });

  test("what was there all the time is read exactly once, whatever comes and goes between the answers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(1500), { maxLength: 300, size: "max" }),
        fc.array(change, { maxLength: 120, size: "max" }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        async (ids, changes, perPage, concurrency) => {
          const stayed = new Set(ids);
          const rows = [...ids];
          const before = (answer: number) => {
            for (const { add, id } of changes.filter((one) => one.answer === answer)) {
              const at = rows.indexOf(id);
              if (add && at < 0) rows.push(id);
              if (add || at < 0) continue;
              rows.splice(at, 1);
              stayed.delete(id);
            }
          };
          const seen = await readAll(listing(rows, { perPage, before }), concurrency);
          expect(seen).toHaveLength(new Set(seen).size);
          expect([...stayed].filter((id) => !seen.includes(id))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("one that sells faster than it is read does not keep the reader for ever", async () => {
    const ids = upTo(10);
    const before = () => void ids.push(...[1, 2, 3, 4].map((more) => (ids.at(-1) ?? 0) + more));
    const seen = await readAll(listing(ids, { before }));
    expect(upTo(10).filter((id) => !seen.includes(id))).toEqual([]);
    expect(seen.length).toBeLessThan(30);
  });

  test("ids that are far from evenly spread are shared out again", async () => {
    const ids = [...upTo(20), ...upTo(3000).map((id) => 1_000_000_000 + id)];
    const client = listing(ids);
    expect(sorted(await readAll(client, 4, { pageSize: 5 }))).toEqual(ids);
    expect(client.seen.greatest).toBeGreaterThanOrEqual(4);
    expect(client.asked.length).toBeLessThan(604 * 1.1);
  });
});

/** The request without one of its parts. */
const ignored =
  (part: "id" | "order") =>
  (body: Body): Body =>
    part === "order"
      ? { ...body, orderBy: { id: "desc" } }
      : { ...body, where: body.where.filter(({ column }) => column !== "id") };
const operator =
  (as: (id: number, value: number) => boolean, ids: number[]) =>
  (body: Body): Body => {
    const condition = body.where.find(({ column }) => column === "id");
    if (condition === undefined) return body;
    const first = ids.find((id) => as(id, Number(condition.value))) ?? Infinity;
    return { ...body, where: [{ column: "id", operator: ">", value: first - 1 }] };
  };
const refuse =
  (code: string, status: number) =>
  (body: Body): Body => {
    if (body.where.length > 0) throw new ApiError("refused", status, code, false);
    return body;
  };

describe("an API that cannot be read by key", () => {
  test.each<[string, Habits, string]>([
    ["ignores conditions on the id", { understand: ignored("id") }, "it does not filter by id"],
    ["ignores the order", { understand: ignored("order") }, "it does not sort by id"],
    [
      "takes > for >=",
      { understand: operator((id, value) => id >= value, upTo(10)) },
      "it does not filter by id",
    ],
    [
      "takes > for <",
      { understand: operator((id, value) => id < value, upTo(10)) },
      "it does not filter by id",
    ],
    ["refuses the condition", { understand: refuse("UNKNOWN_ERROR", 503) }, "it refuses such a request"],
    ["answers it with 422", { understand: refuse("X", 422) }, "it refuses such a request"],
  ])("one that %s is found out", async (_, habits, reason) => {
    await expect(readAll(listing(upTo(10), habits))).rejects.toEqual(new NoKey(reason));
  });

  test("one whose rows have no ids is found out", async () => {
    const get = () =>
      Promise.resolve({ data: [{}, {}, {}], paging: { perPage: 3, currentPage: 1, total: 9 } });
    await expect(readAll({ ...listing([]), get })).rejects.toEqual(new NoKey("its rows have no ids"));
  });

  test("it is read by page number, said once, and not tried again", async () => {
    const said: string[] = [];
    const listings = new Listings(1, { warning: (message) => void said.push(message) });
    const client = listing(upTo(7), { understand: ignored("id") });
    for (let times = 0; times < 2; times += 1) {
      const seen = new Set<Id>();
      for await (const { content } of listings.pages(client, "/orders", { pageSize: 3 }, idsOf)) {
        for (const id of content) seen.add(id);
      }
      expect(seen).toEqual(new Set(upTo(7)));
    }
    expect(said).toEqual([
      "The API cannot give /orders by id (it does not filter by id): reading it by page number, which a shop that sells " +
        "meanwhile disturbs",
    ]);
    expect(client.asked.filter(({ where }) => where.length > 0)).toHaveLength(1);
  });

  test.each([
    ["too great", 13],
    ["too small", -2],
    ["too small by pages", -9],
  ])("a total that is %s does no harm", async (_, by) => {
    const client = listing(upTo(20), { total: (total) => Math.max(0, total + by) });
    expect(await readAll(client, 1)).toEqual(upTo(20));
  });

  test("other failures keep what they are", async () => {
    const failing = { understand: refuse("SERVER", 500) };
    await expect(readAll(listing(upTo(10), failing))).rejects.toThrow("refused");
  });
});
