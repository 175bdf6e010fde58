import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../loaders/core/clock";
import { createHttpClient } from "../../../loaders/core/http";
import { createLog } from "../../../loaders/core/log";
import { listClient, READ_ONLY_PATHS, readFault } from "../../../loaders/qtickets/api";
import { listByNumber } from "../../../loaders/qtickets/list-by-number";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A real server of pages with a latency, and the loader's client for it. */
async function setUp(pages: number, latency: number, concurrency: number, ratePerSecond = 0) {
  const seen = { connections: 0, underWay: 0, greatest: 0, times: [] as number[] };
  const server = createServer((request, response) => {
    let body = "";
    seen.greatest = Math.max(seen.greatest, ++seen.underWay);
    seen.times.push(performance.now());
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { page } = JSON.parse(body) as { page: number };
      const paging = { perPage: 1, currentPage: page, total: pages };
      void sleep(latency).then(() => {
        seen.underWay -= 1;
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ data: page > pages ? [] : [{ id: page }], paging }));
      });
    });
  });
  server.on("connection", () => (seen.connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const client = createHttpClient({
    apiName: "QTickets",
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    readFault,
    refusedHint: "check the token and its rights in the seller cabinet.",
    allow: READ_ONLY_PATHS,
    requestTimeoutMs: 20_000,
    deadline: Date.now() + 60_000,
    signal: new AbortController().signal,
    ratePerSecond,
    concurrency,
    clock: systemClock,
    log: createLog({ name: "t", level: "ERROR", format: "text", write: () => undefined }),
  });
  closers.push(() => client.close());
  const read = async (): Promise<number[]> => {
    const ids: number[] = [];
    const idsOf = (rows: unknown[]) => (rows as { id: number }[]).map(({ id }) => id);
    for await (const page of listByNumber(
      listClient(client),
      "/orders",
      { pageSize: 1 },
      idsOf,
      concurrency,
    )) {
      ids.push(...page.content);
    }
    return ids;
  };
  return { seen, read };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("as many requests at once as allowed, over connections that stay open", async () => {
  const { seen, read } = await setUp(60, 10, 4);
  expect(await read()).toEqual(upTo(60));
  expect([seen.greatest, seen.connections]).toEqual([4, 4]);
});

test("one at a time where that is asked for", async () => {
  const { seen, read } = await setUp(10, 1, 1);
  expect(await read()).toEqual(upTo(10));
  expect([seen.greatest, seen.connections]).toEqual([1, 1]);
});

test("the rate holds for all requests together", async () => {
  const { seen, read } = await setUp(9, 0, 4, 50);
  expect(await read()).toEqual(upTo(9));
  // Eight gaps of 20 ms; clocks and timers are up to a millisecond or two off.
  expect((seen.times.at(-1) ?? 0) - (seen.times[0] ?? 0)).toBeGreaterThan(8 * 20 * 0.8);
});
