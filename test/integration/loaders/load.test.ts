import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PII_PATTERNS } from "../../../sandbox/qtickets/markers";
import {
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  startWarehouse,
  type Warehouse,
  WRITTEN,
} from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse();
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

const count = async (table: string) => {
  const [row] = await warehouse.sql<{ n: string }>(`SELECT toString(count()) AS n FROM ${table} FINAL`);
  return Number(row?.n);
};
const messageOf = (row: { message: string } | undefined) =>
  JSON.parse(row?.message ?? "{}") as Record<string, unknown>;

test("a load equals the sandbox's own sums to the kopeck; two more change nothing", async () => {
  const expected = warehouse.sandbox.data.expected();
  const first = await warehouse.run();
  expect(first.code, first.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  expect(await count("zakaz.stg_qtickets_api_orders_raw")).toBe(expected.lines);
  expect(await count("zakaz.fact_qtickets_orders")).toBe(expected.lines);
  expect(await count("zakaz.dim_events")).toBe(12);
  const [orders] = await warehouse.sql<{ n: string }>(
    "SELECT toString(uniqExact(order_id)) AS n FROM zakaz.stg_qtickets_api_orders_raw FINAL",
  );
  expect(Number(orders?.n)).toBe(expected.orders);

  const before = await fingerprint(warehouse);
  for (const run of [await warehouse.run(), await warehouse.run()]) expect(run.code, run.stderr).toBe(0);
  expect(await fingerprint(warehouse)).toEqual(before);

  const rows = await journal(warehouse);
  expect(rows.map(({ status, ordered }) => [status, ordered])).toEqual(Array(3).fill(["ok", 1]));
  expect(new Set(rows.map(({ run_id: id }) => id)).size).toBe(3);
  expect(messageOf(rows[0])).toMatchObject({
    status: "ok",
    events: 12,
    orders: expected.orders,
    sales_rows: expected.lines,
    clients_rows: 0,
  });
  // Later runs compare and find nothing to write.
  expect(messageOf(rows[2])).toMatchObject({ sales_daily_rows: 0, sales_utm_daily_rows: 0 });
  expect(JSON.parse(rows[0]?.metrics ?? "")).toMatchObject({ backfill_mode: true, mode: "backfill" });
  expect(JSON.parse(rows[2]?.metrics ?? "")).toMatchObject({ backfill_mode: false, lookback_hours: 24 });
});

test("both sales facts agree, and merges change nothing", async () => {
  await warehouse.run();
  const sums = (table: string) =>
    warehouse.sql(
      `SELECT sales_date, event_id, currency, sum(tickets_sold) AS t, sum(revenue) AS r, sum(refunds) AS b
       FROM ${table} FINAL GROUP BY ALL HAVING t != 0 OR r != 0 OR b != 0 ORDER BY ALL`,
    );
  const daily = await sums("zakaz.fact_qtickets_sales_daily");
  expect(daily.length).toBeGreaterThan(50);
  expect(await sums("zakaz.fact_qtickets_sales_utm_daily")).toEqual(daily);
  const before = await fingerprint(warehouse);
  await warehouse.sql("OPTIMIZE TABLE zakaz.fact_qtickets_sales_daily FINAL");
  await warehouse.sql("OPTIMIZE TABLE zakaz.stg_qtickets_api_orders_raw FINAL");
  expect(await fingerprint(warehouse)).toEqual(before);
});

test("seats are counted as the halls hold them; sold out is 0, unknown is NULL", async () => {
  await warehouse.run();
  const rows = await warehouse.sql<{ event: number; total: number | null; left: number | null }>(
    `SELECT toUInt32(event_id) AS event, tickets_total AS total, tickets_left AS left
     FROM zakaz.fact_qtickets_inventory_latest FINAL ORDER BY event`,
  );
  const found = new Map(
    rows.map(({ event, total, left }) => [event, total === null ? null : { total, left }]),
  );
  const { data } = warehouse.sandbox;
  const expected = data.expectedInventory().filter(({ eventId }) => {
    const event = data.event(eventId);
    return event?.deleted_at === null && event.shows.some((show) => isOpen(show));
  });
  expect(expected.length).toBeGreaterThan(7);
  expect(found).toEqual(new Map(expected.map(({ eventId, count: seats }) => [eventId, seats])));
  expect([...found.values()].some((seats) => seats?.left === 0)).toBe(true);
  expect([...found.values()].some((seats) => seats === null)).toBe(true);
});

interface Show {
  deleted_at: string | null;
  is_active: unknown;
  finish_date: string | null;
}
const isOpen = (show: Show) =>
  show.deleted_at === null && Number(show.is_active) === 1 && Date.parse(show.finish_date ?? "") > Date.now();

test("late refunds, cancellations and restores restate the day of sale", async () => {
  await warehouse.run();
  await warehouse.run(); // today's first ok run has compared all days; the next compares the last 92
  const { data } = warehouse.sandbox;
  const paid = [...Array(data.orders().length).keys()]
    .map((index) => data.orders().at(index))
    .filter((order) => order.payed_at !== null && order.deleted_at === null && order.baskets.length > 1)
    .filter((order) => order.baskets.every((one) => one.refunded_at === null && one.deleted_at === null));
  const [refunded, cancelled, kept, shrunk] = paid;
  if (!refunded || !cancelled || !kept || !shrunk) throw new Error("too few orders to change");
  const now = new Date().toISOString().replace(/\.\d+Z/, "+00:00");
  data.updateOrder(refunded.id, (order) => {
    const [first] = order.baskets;
    if (first) Object.assign(first, { refunded_at: now, refunded_amount: "10,55", updated_at: now });
  });
  data.updateOrder(cancelled.id, { payed: false, payed_at: null, deleted_at: now });
  data.updateOrder(kept.id, { deleted_at: now });
  data.updateOrder(shrunk.id, (order) => void order.baskets.pop());
  const { orders: rowsBefore } = data.expected();
  const run = await warehouse.run();
  expect(run.code, run.stderr).toBe(0);
  const sales = await dailySales(warehouse);
  // The sandbox reads money by Number(), so the comma is its one blind spot.
  data.updateOrder(refunded.id, (order) => {
    const [first] = order.baskets;
    if (first) first.refunded_amount = "10.55";
  });
  expect(sales).toEqual(expectedSales(warehouse));
  expect(rowsBefore).toBe(data.expected().orders);

  data.updateOrder(cancelled.id, { payed: true, payed_at: cancelled.payed_at, deleted_at: null });
  await warehouse.run();
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("a refund of a sale of long ago restates that day, however far back", async () => {
  await warehouse.reset({ days: 130, ordersPerDay: 6 });
  await warehouse.run({}, ["--full"]);
  await warehouse.run(); // The first ok run of a day compares every day, later ones 92 days unless an older one was touched.
  const { data } = warehouse.sandbox;
  const old = [...Array(60).keys()]
    .map((index) => data.orders().at(index))
    .find(
      (order) =>
        order.payed_at !== null && order.deleted_at === null && order.baskets[0]?.refunded_at === null,
    );
  data.updateOrder(old?.id ?? 0, (order) => {
    for (const basket of order.baskets)
      Object.assign(basket, { refunded_at: order.updated_at, refunded_amount: 1 });
  });
  const run = await warehouse.run();
  expect(run.code, run.stderr).toBe(0);
  expect(messageOf((await journal(warehouse))[2])).toMatchObject({ sales_daily_rows: 1 });
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("an order paid since the last run is added, with what was there before left alone", async () => {
  await warehouse.run();
  const added = warehouse.sandbox.data.addOrder({}, Date.now() - 1000);
  const run = await warehouse.run();
  expect(run.code, run.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  const lines = await warehouse.sql(
    `SELECT item_id FROM zakaz.stg_qtickets_api_orders_raw FINAL WHERE order_id = '${added.id}'`,
  );
  expect(lines).toHaveLength(added.baskets.length);
});

test("a moved and renamed event keeps one row, and its sales follow it", async () => {
  await warehouse.run();
  warehouse.sandbox.data.updateEvent(5001, {
    name: "Renamed",
    city: { id: 9, name: "Тверь", timezone: "Europe/Moscow" },
  });
  await warehouse.run();
  expect(
    await warehouse.sql("SELECT event_name, city FROM zakaz.dim_events FINAL WHERE event_id = '5001'"),
  ).toEqual([{ event_name: "Renamed", city: "тверь" }]);
  expect(
    await warehouse.sql(
      "SELECT DISTINCT city FROM zakaz.fact_qtickets_sales_daily FINAL WHERE event_id = '5001'",
    ),
  ).toEqual([{ city: "тверь" }]);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("orders that were never paid, and sales before the days that were loaded, are left out and counted", async () => {
  const run = await warehouse.run({ QTICKETS_INITIAL_BACKFILL_HOURS: "120" });
  expect(run.code, run.stderr).toBe(0);
  const since = new Date(Date.now() + 3 * 3_600_000 - 120 * 3_600_000).toISOString().slice(0, 10);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse, since));
  const { data } = warehouse.sandbox;
  const all = [...Array(data.orders().length).keys()].map((index) => data.orders().at(index));
  const old = all.find((order) => order.payed_at !== null && order.deleted_at === null);
  const unpaid = all.find((order) => order.payed_at === null);
  data.updateOrder(old?.id ?? 0, { discount_id: 1 });
  data.updateOrder(unpaid?.id ?? 0, { discount_id: 1 });
  await warehouse.run();
  expect(messageOf((await journal(warehouse))[1])).toMatchObject({
    dropped: { "never paid": 1, "paid before the days that are loaded": 1 },
  });
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse, since));

  const wide = await warehouse.run({}, ["--since-hours", "720"]);
  expect(wide.code, wide.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("--full and --since/--until end in the same facts as an ordinary load", async () => {
  await warehouse.run({}, ["--full"]);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  const before = await fingerprint(warehouse);
  const window = await warehouse.run({}, ["--since", "2020-01-01", "--until", new Date().toISOString()]);
  expect(window.code, window.stderr).toBe(0);
  expect(await fingerprint(warehouse)).toEqual(before);
});

test("files give the same rows as the API", async () => {
  await warehouse.run({ QTICKETS_SKIP_INVENTORY: "true" }, ["--full"]);
  const before = await fingerprint(warehouse);
  const { data } = warehouse.sandbox;
  const directory = mkdtempSync(join(tmpdir(), "zt-loader-fixtures-"));
  try {
    const orders = [...Array(data.orders().length).keys()].map((index) => data.orders().at(index));
    writeFileSync(join(directory, "orders_sample.json"), JSON.stringify({ data: orders }));
    writeFileSync(join(directory, "events.json"), JSON.stringify(data.events()));
    await warehouse.reset();
    const run = await warehouse.run({}, ["--offline-fixtures-dir", directory]);
    expect(run.code, run.stderr).toBe(0);
    expect(warehouse.sandbox.requests).toEqual([]);
    expect(await fingerprint(warehouse)).toEqual(before);
    rmSync(join(directory, "events.json"));
    const missing = await warehouse.run({}, ["--offline-fixtures-dir", directory]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(
      `${directory} has none of events.json, events_sample.json, events_fixture.json`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("requests are GETs with filters in the body; nothing personal is asked for", async () => {
  await warehouse.run();
  await warehouse.run();
  const { sandbox } = warehouse;
  expect(sandbox.violations()).toEqual([]);
  expect(new Set(sandbox.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
  const bodies = sandbox.requests
    .filter(({ path }) => path.endsWith("/orders"))
    .map(({ body }) => JSON.parse(body.toString()) as { where: { column: string }[]; select: string[] });
  expect(
    bodies.flatMap(({ select }) => select).filter((field) => /client|url|uniqid|custom|barcode/.test(field)),
  ).toEqual([]);
  const readings = new Set(bodies.map(({ where }) => where.map(({ column }) => column).join(" ")));
  const paid = "payed payed_at payed_at updated_at";
  expect(readings).toEqual(new Set(["payed payed_at", paid, `${paid} id`, "updated_at"]));
  expect(sandbox.requests.find(({ body }) => body.includes("payed_at"))?.body.toString()).toContain("+03:00");
});

test("no personal value and no secret in any table, log line or file, at DEBUG, with `select` switched off", async () => {
  warehouse.sandbox.data.addOrder({ currency_id: null as unknown as string }, Date.now() - 5000);
  const runs = [
    await warehouse.run({ QTICKETS_SELECT_FIELDS: "false" }, ["--verbose"]),
    await warehouse.run({ QTICKETS_SELECT_FIELDS: "false", LOG_FORMAT: "json" }, ["--verbose"]),
  ];
  const texts = runs.map(({ stdout, stderr, code }) => {
    expect(code, stderr).toBe(0);
    return stdout + stderr;
  });
  for (const table of WRITTEN) texts.push(JSON.stringify(await warehouse.sql(`SELECT * FROM ${table}`)));
  const quarantine = readFileSync(join(warehouse.quarantineDirectory, "qtickets_api.jsonl"), "utf8");
  expect(quarantine).toContain('"reason":"currency_id: missing"');
  texts.push(quarantine);
  const everything = texts.join("\n");
  expect(everything.length).toBeGreaterThan(100_000);
  for (const pattern of PII_PATTERNS) expect(pattern.exec(everything)?.[0]).toBeUndefined();
  for (const secret of [warehouse.sandbox.token, warehouse.loaderPassword])
    expect(everything).not.toContain(secret);
  expect(everything).not.toMatch(/example\.test|@/);
});
