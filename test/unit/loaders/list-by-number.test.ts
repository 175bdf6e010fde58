import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../loaders/core/api-error";
import { countRows, pageBody, type ListQuery } from "../../../loaders/qtickets/api";
import { listByNumber } from "../../../loaders/qtickets/list-by-number";

interface Body {
  page: number;
  perPage: number;
}
type Envelope = Record<string, unknown>;

/** A listing over ids; `answer` may spoil each envelope, `before` may change the ids before a page is cut. */
function listing(
  ids: number[],
  options: {
    perPage?: number;
    answer?: (envelope: Envelope, body: Body) => unknown;
    before?: (call: number) => void;
  } = {},
) {
  const asked: Body[] = [];
  return {
    asked,
    get: (_path: string, body: unknown) => {
      asked.push(body as Body);
      options.before?.(asked.length);
      const { page } = body as Body;
      const perPage = options.perPage ?? (body as Body).perPage;
      const data = ids.slice((page - 1) * perPage, page * perPage).map((id) => ({ id }));
      const envelope = { data, paging: { perPage, currentPage: page, total: ids.length } };
      return Promise.resolve(options.answer ? options.answer(envelope, body as Body) : envelope);
    },
  };
}

async function readAll(
  client: ReturnType<typeof listing>,
  query: ListQuery = { pageSize: 3 },
): Promise<number[]> {
  const seen: number[] = [];
  for await (const page of listByNumber(client, "/orders", query, (rows) => rows, 1)) {
    seen.push(...(page.content as { id: number }[]).map(({ id }) => id));
  }
  return seen;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("the body of a page", () => {
  expect(
    pageBody({ pageSize: 100, select: ["id"], where: [{ column: "payed", value: 1 }] }, { page: 2 }),
  ).toEqual({
    select: ["id"],
    where: [{ column: "payed", value: 1 }],
    orderBy: { id: "asc" },
    page: 2,
    perPage: 100,
  });
  expect(pageBody({ pageSize: 1 }, { order: "desc" })).toEqual({
    where: [],
    orderBy: { id: "desc" },
    page: 1,
    perPage: 1,
  });
});

test("every size of result and page: all rows once, one request per page and one behind a full last one, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(40), fc.integer({ min: 1, max: 9 }), async (count, perPage) => {
      const client = listing(upTo(count), { perPage });
      expect(await readAll(client)).toEqual(upTo(count));
      expect(client.asked.map(({ page }) => page)).toEqual(upTo(Math.floor(count / perPage) + 1));
    }),
  );
});

test.each([
  [
    "refused",
    () => {
      throw new ApiError("no such page", 404, null, false);
    },
  ],
  ["the last one again", (page: number) => ({ page, rows: [4, 5, 6] })],
  ["the first one under its own number", () => ({ page: 1, rows: [1, 2, 3] })],
])("a page behind the last one may be %s", async (_name, behind) => {
  const client = listing(upTo(6), {
    answer: (envelope, { page, perPage }) => {
      if (page <= 2) return envelope;
      const { page: currentPage, rows } = behind(page);
      return { data: rows.map((id) => ({ id })), paging: { perPage, currentPage, total: 6 } };
    },
  });
  expect(await readAll(client)).toEqual([...upTo(6)]);
});

test("the page size of the answer counts, not the one asked for", async () => {
  const client = listing(upTo(7), { perPage: 2 });
  expect(await readAll(client, { pageSize: 100 })).toEqual(upTo(7));
  expect(client.asked).toHaveLength(4);
});

describe("rows that come and go while the list is read", () => {
  test("one added at the end is read", async () => {
    const ids = upTo(5);
    const client = listing(ids, { before: (call) => void (call === 2 && ids.push(6)) });
    expect(await readAll(client)).toEqual(upTo(6));
  });

  test("one removed lets another slip past: the list is read again", async () => {
    const ids = upTo(6);
    const client = listing(ids, { before: (call) => void (call === 2 && ids.splice(0, 1)) });
    expect(new Set(await readAll(client))).toEqual(new Set(upTo(6)));
    expect(client.asked.map(({ page }) => page)).toEqual([1, 2, 1, 2]);
  });

  test("one added on a page that was read already: the list is read again", async () => {
    const ids = [10, 20, 30, 40, 50, 60];
    const client = listing(ids, { before: (call) => void (call === 2 && ids.unshift(5)) });
    expect(new Set(await readAll(client))).toEqual(new Set([5, 10, 20, 30, 40, 50, 60]));
  });
});

describe("answers that must not be taken for data", () => {
  const spoiled = (answer: (envelope: Envelope, body: Body) => unknown) =>
    readAll(listing(upTo(10), { answer })).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );
  const paging = (change: Record<string, unknown>) => (envelope: Envelope) => ({
    ...envelope,
    paging: { ...(envelope.paging as object), ...change },
  });

  test.each([
    ["a bare list", (envelope: Envelope) => envelope.data, 'without a list in "data"'],
    ["no paging", ({ data }: Envelope) => ({ data }), 'without "paging"'],
    ["paging of text", paging({ total: "10" }), 'without "paging"'],
    ["a page size of 0", paging({ perPage: 0 }), 'without "paging"'],
    ["a negative total", paging({ total: -1 }), 'without "paging"'],
    [
      "data that is a map",
      (envelope: Envelope) => ({ ...envelope, data: { 1: {} } }),
      'without a list in "data"',
    ],
    ["an error object", () => ({ status: "error", code: "X" }), "200 with an error object"],
    ["null", () => null, 'without a list in "data"'],
    ["another page than asked for", paging({ currentPage: 2 }), "page 2 when page 1 was asked for"],
    ["a total that is too great", paging({ total: 13 }), "says it has 13 rows and gave 10, 3 times over"],
    ["a total that is too small", paging({ total: 8 }), "says it has 8 rows and gave 9, 3 times over"],
    [
      "a total that is too small by whole pages",
      paging({ total: 6 }),
      "says it has 6 rows and gave 9, 3 times over",
    ],
  ])("%s", async (_name, answer, message) => {
    expect(await spoiled(answer)).toContain(message);
  });

  test("a page repeated for ever ends at its second appearance", async () => {
    const client = listing(upTo(10), {
      answer: (_envelope, { page }) => ({
        data: [{ id: 1 }, { id: 2 }],
        paging: { perPage: 2, currentPage: page, total: 1_000_000 },
      }),
    });
    await expect(readAll(client)).rejects.toThrow("page 2 with rows it had already sent");
    expect(client.asked).toHaveLength(2);
  });

  test("an empty page in the middle is not the end of the matter", async () => {
    const client = listing(upTo(10), {
      answer: (envelope, { page }) => (page === 2 ? { ...envelope, data: [] } : envelope),
    });
    await expect(readAll(client)).rejects.toThrow("says it has 10 rows and gave 3");
  });
});

test("counting asks for one row", async () => {
  const client = listing(upTo(10));
  expect(await countRows(client, "/orders", [])).toBe(10);
  expect(client.asked).toEqual([{ select: ["id"], where: [], orderBy: { id: "asc" }, page: 1, perPage: 1 }]);
});
