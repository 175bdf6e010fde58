import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sampleOf } from "../../support/soak";
import {
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  type RunResult,
  startWarehouse,
  type Warehouse,
} from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 20, days: 15 });
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

const errorOf = (row: { message: string } | undefined) =>
  (JSON.parse(row?.message ?? "{}") as { error?: Record<string, unknown> }).error;

/** A failed run: one journal row `error`, the facts of before, no stack trace, no secret. */
async function expectFailed(run: RunResult, before: Record<string, string>, said: string): Promise<void> {
  expect(run.code, run.stderr).toBe(1);
  expect(run.stderr).toContain(said);
  expect(run.stderr).not.toMatch(/\n\s+at |Traceback|KeyError|Unexpected ClickHouse error/);
  expect(run.stderr).not.toContain(warehouse.sandbox.token);
  expect(await fingerprint(warehouse)).toEqual(before);
  const rows = await journal(warehouse);
  expect(rows.at(-1)).toMatchObject({ status: "error", rows_processed: 0, ordered: 1 });
  expect(rows.at(-1)?.message).not.toContain(warehouse.sandbox.token);
}

test("bursts of 429 and 503 in the middle of paging are waited out", async () => {
  warehouse.sandbox.faults.set(
    { kind: "status", status: 429, retryAfterSeconds: 1, route: "/orders", skip: 2, times: 1 },
    { kind: "status", status: 503, body: "html", route: "/orders", skip: 4, times: 2 },
    { kind: "drop", route: "/events", times: 1 },
    { kind: "truncated", route: "/orders", skip: 8, times: 1 },
  );
  const run = await warehouse.run({ QTICKETS_PAGE_SIZE: "50" });
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr.match(/Transient QTickets API error, backing off/g)).toHaveLength(5);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

describe("after a good load, a fault leaves the facts as they were", () => {
  let before: Record<string, string>;
  beforeEach(async () => {
    await warehouse.run();
    before = await fingerprint(warehouse);
    // There is news that a bad run must not show by halves.
    warehouse.sandbox.data.addOrder({}, Date.now() - 1000);
  });

  test("403: one sentence about the token, no retry", async () => {
    const run = await warehouse.run({ QTICKETS_TOKEN: "wrong-token-of-somebody" });
    await expectFailed(run, before, "refused the token or the permission (HTTP 403");
    expect(run.stderr).not.toContain("wrong-token-of-somebody");
    expect(errorOf((await journal(warehouse)).at(-1))).toMatchObject({ status: 403, request_id: null });
    expect(warehouse.sandbox.requests.filter(({ status }) => status === 403)).toHaveLength(1);
  });

  const FAULTS = [
    [
      "filters that are ignored",
      { kind: "filtersIgnored", route: "/orders" },
      "did not honour the filter by payment time",
    ],
    ["a bare list", { kind: "bareArray", route: "/orders" }, 'without a list in "data"'],
    ["no paging", { kind: "missingPaging", route: "/orders" }, 'without "paging"'],
    ["an HTML page", { kind: "html", route: "/events" }, "not JSON (HTTP 200, text/html"],
    ["an empty body", { kind: "empty", route: "/orders" }, "empty body"],
    ["an error object", { kind: "statusError", route: "/orders" }, "200 with an error object"],
    [
      "another page than asked for",
      { kind: "wrongCurrentPage", route: "/orders" },
      "when page 1 was asked for",
    ],
    [
      "a redirect",
      { kind: "redirect", to: "http://127.0.0.1:1/", route: "/orders" },
      "redirects, which is not followed",
    ],
  ] as const;
  test.each(sampleOf(FAULTS))("%s", async (_name, fault, said) => {
    warehouse.sandbox.faults.set(fault);
    await expectFailed(await warehouse.run(), before, said);
    warehouse.sandbox.faults.clear();
    const run = await warehouse.run();
    expect(run.code, run.stderr).toBe(0);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  });

  const BY_PAGE = [
    ["a total that lies", { kind: "lyingTotal", by: 5, route: "/orders", skip: 1 }, "3 times over"],
    ["a page repeated for ever", { kind: "repeatedPage", route: "/orders" }, "with rows it had already sent"],
  ] as const;
  test.each(sampleOf(BY_PAGE))("%s, of an API that is read by page number", async (_name, fault, said) => {
    // More than a page of them, whatever the hour: the last day of the generated orders may hold few.
    for (let index = 0; index < 6; index += 1) warehouse.sandbox.data.addOrder({}, Date.now() - 2000);
    warehouse.sandbox.faults.set({ kind: "idFiltersIgnored", route: "/orders" }, fault);
    const run = await warehouse.run({ QTICKETS_PAGE_SIZE: "5" });
    await expectFailed(run, before, said);
    expect(run.stderr).toContain("The API cannot give /orders by id (it does not filter by id)");
  });

  test("a wait beyond the run's time ends the run", async () => {
    warehouse.sandbox.faults.set({ kind: "status", status: 429, retryAfterSeconds: 900, route: "/orders" });
    const run = await warehouse.run();
    await expectFailed(run, before, "longer than the run may still take");
    expect(run.seconds).toBeLessThan(10);
  });

  test("a run that uses up its time", async () => {
    warehouse.sandbox.faults.set({ kind: "delay", ms: 4000, route: "/orders" });
    await expectFailed(await warehouse.run({ QTICKETS_RUN_SECONDS: "5" }), before, "used up its 5 s");
  });

  test("a field that is renamed everywhere fails the run, above the allowed ratio", async () => {
    const { data } = warehouse.sandbox;
    for (let index = 0; index < 8; index += 1) {
      const order = data.addOrder({}, Date.now() - 2000);
      data.updateOrder(order.id, (changed) => void delete (changed as Partial<typeof changed>).currency_id);
    }
    const run = await warehouse.run();
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toContain("currency_id: missing (");
    expect(run.stderr).toContain("more than the allowed ratio of 0.05");
  });
});

describe("seats are never fatal", () => {
  const openShow = () => {
    const request = warehouse.sandbox.requests.find(({ path }) => path.endsWith("/seats"));
    return /shows\/(\d+)\/seats/.exec(request?.path ?? "")?.[1] ?? "";
  };
  const latest = () =>
    warehouse.sql<{ event_id: string; seats: string }>(
      `SELECT event_id, concat(toString(tickets_total), '/', toString(tickets_left), ' ', toString(snapshot_ts)) AS seats
       FROM zakaz.fact_qtickets_inventory_latest FINAL WHERE tickets_total IS NOT NULL ORDER BY event_id`,
    );

  test("a show that answers 404 keeps the last reading of its event; the others are updated; the run is ok", async () => {
    await warehouse.run();
    const before = await latest();
    const show = openShow();
    warehouse.sandbox.faults.set({ kind: "status", status: 404, route: `/shows/${show}/seats` });
    // Readings are told apart by their second.
    await sleep(1000);
    const run = await warehouse.run();
    expect(run.code, run.stderr).toBe(0);
    const after = await latest();
    const same = after.filter(({ seats }, index) => seats === before[index]?.seats);
    expect(same).toHaveLength(1);
    expect(after).toHaveLength(before.length);
    const [row] = (await journal(warehouse)).slice(-1);
    expect(JSON.parse(row?.message ?? "")).toMatchObject({
      status: "ok",
      skipped_resources: expect.arrayContaining([
        { resource: "inventory", reason: "http_404", details: `show ${show}` },
      ]) as unknown,
    });
  });

  test("seats that always fail make the run partial, exit 3; sales are loaded", async () => {
    warehouse.sandbox.faults.set({ kind: "html", route: "/shows/*/seats" });
    const run = await warehouse.run();
    expect(run.code, run.stderr).toBe(3);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
    const [row] = await journal(warehouse);
    expect(row?.status).toBe("partial");
    expect(JSON.parse(row?.message ?? "")).toMatchObject({
      status: "partial",
      degraded: [expect.stringContaining("inventory: ")],
    });
    expect(await latest()).toEqual([]);
    // Three failures in a row are enough to stop asking.
    expect(warehouse.sandbox.requests.filter(({ path }) => path.endsWith("/seats"))).toHaveLength(3);
  });
});

test("where change time is no filter, cancelled orders are found by reading the last days again, once a day", async () => {
  await warehouse.reset({ updatedAtFilter: "ignored" });
  await warehouse.run();
  const { data } = warehouse.sandbox;
  const order = [...Array(data.orders().length).keys()]
    .map((index) => data.orders().at(index))
    .find((one) => one.payed_at !== null && one.deleted_at === null && one.baskets[0]?.refunded_at === null);
  data.updateOrder(order?.id ?? 0, { payed: false, payed_at: null, deleted_at: order?.updated_at ?? null });
  const run = await warehouse.run();
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain("The API does not filter by change time");
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  const again = await warehouse.run();
  expect(again.stderr).not.toContain("reading orders again");
});

describe("ClickHouse", () => {
  test("down at the start: no API call, one sentence, exit 1 within a minute; after its start the next run is ok", async () => {
    await warehouse.server.kill("SIGTERM");
    const run = await warehouse.run();
    expect(run.code, run.stderr).toBe(1);
    expect(run.seconds).toBeLessThan(60);
    expect(run.stderr).toContain(
      `ClickHouse at 127.0.0.1:${warehouse.port} does not answer (ECONNREFUSED): start it (\`docker start 127.0.0.1\` or \`make up\`)`,
    );
    expect(run.stderr.split("\n").filter((line) => line.includes(" ERROR "))).toHaveLength(1);
    expect(warehouse.sandbox.requests).toEqual([]);
    await warehouse.server.start();
    const next = await warehouse.run();
    expect(next.code, next.stderr).toBe(0);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
    expect((await journal(warehouse)).map(({ status }) => status)).toEqual(["ok"]);
  });

  test("killed in the middle: exit 1 with one sentence; after its start the next run makes the facts right", async () => {
    warehouse.sandbox.faults.set({ kind: "delay", ms: 100, route: "/orders" });
    const run = warehouse.start({ QTICKETS_PAGE_SIZE: "20" });
    for (let tries = 0; warehouse.sandbox.requests.length < 6 && tries < 400; tries += 1) await sleep(25);
    await warehouse.server.kill();
    const { code, stderr, seconds } = await run.done;
    expect(code, stderr).toBe(1);
    expect(seconds).toBeLessThan(60);
    expect(stderr).toContain(`ClickHouse at 127.0.0.1:${warehouse.port} does not answer`);
    expect(stderr).not.toMatch(/\n\s+at /);
    await warehouse.server.start();
    const next = await warehouse.run();
    expect(next.code, next.stderr).toBe(0);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  });

  test("restarted in the middle: the run waits it out", async () => {
    warehouse.sandbox.faults.set({ kind: "delay", ms: 100, route: "/orders" });
    const run = warehouse.start({ QTICKETS_PAGE_SIZE: "20", LEASE_SECONDS: "30" });
    for (let tries = 0; warehouse.sandbox.requests.length < 6 && tries < 400; tries += 1) await sleep(25);
    await warehouse.server.kill();
    await warehouse.server.start();
    const { code, stderr } = await run.done;
    expect(code, stderr).toBe(0);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  });

  test("a wrong password is one sentence without it", async () => {
    const run = await warehouse.run({ CLICKHOUSE_PASSWORD: "not-this-one" });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(
      "refused user etl_writer (code 516): check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
    );
    expect(run.stderr).not.toContain("not-this-one");
    expect(warehouse.sandbox.requests).toEqual([]);
  });

  test("a missing column is named before anything is read, and recorded", async () => {
    await warehouse.sql(
      "ALTER TABLE zakaz.fact_qtickets_sales_daily RENAME COLUMN orders_count TO orders_number",
    );
    try {
      const run = await warehouse.run();
      expect(run.code).toBe(1);
      expect(run.stderr).toContain("Database zakaz lacks column fact_qtickets_sales_daily.orders_count");
      expect(warehouse.sandbox.requests).toEqual([]);
      expect((await journal(warehouse)).map(({ status }) => status)).toEqual(["error"]);
    } finally {
      await warehouse.sql(
        "ALTER TABLE zakaz.fact_qtickets_sales_daily RENAME COLUMN orders_number TO orders_count",
      );
    }
  });

  test("error rows only are still a first run", async () => {
    warehouse.sandbox.faults.set({ kind: "bareArray", route: "/orders" });
    await warehouse.run();
    warehouse.sandbox.faults.clear();
    await warehouse.run();
    const rows = await journal(warehouse);
    expect(rows.map(({ status }) => status)).toEqual(["error", "ok"]);
    expect(JSON.parse(rows[1]?.metrics ?? "")).toMatchObject({ mode: "backfill" });
  });
});
