import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { dailySales, expectedSales, journal, leaseIsOver, startWarehouse, type Warehouse } from "./warehouse";

/** A first load that is longer than a run: slices of whole days, newest first, each visible and noted by itself. */
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 20, days: 15 });
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

/** About two days of orders to a slice, in pages that take a while. */
const sliced = { QTICKETS_SLICE_ORDERS: "60", QTICKETS_PAGE_SIZE: "8", QTICKETS_CONCURRENCY: "1" };
const slowly = () => warehouse.sandbox.faults.set({ kind: "delay", ms: 150, route: "/orders" });

/** The Moscow day back to which everything is loaded, and the one back to which the first load goes. */
async function progress(): Promise<{ from: string | undefined; target: string | undefined }> {
  const rows = await warehouse.sql<{ stream: string; day: string }>(
    "SELECT stream, substring(wm_value, 1, 10) AS day FROM meta.watermarks FINAL WHERE stream IN ('orders_from', 'orders_target')",
  );
  const day = (stream: string) => rows.find((row) => row.stream === stream)?.day;
  return { from: day("orders_from"), target: day("orders_target") };
}

/** Lower ends of the spans of payment that were asked for, as Moscow days. */
const spans = () => [
  ...new Set(
    warehouse.sandbox.requests.flatMap(
      ({ body }) => /"payed_at","operator":">=","value":"(20[0-9-]{8})/.exec(body.toString())?.[1] ?? [],
    ),
  ),
];

test("one run with time enough reads it slice by slice: newest days first, the same facts", async () => {
  const run = await warehouse.run({ QTICKETS_SLICE_ORDERS: "60" });
  expect(run.code, run.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  const { from, target } = await progress();
  expect(from).toBe(target);
  // The first one is the whole span, which was too large.
  const [whole, ...slices] = spans();
  expect(whole).toBe(target);
  expect(slices.length).toBeGreaterThan(3);
  const [row] = await journal(warehouse);
  const { orders } = JSON.parse(row?.message ?? "{}") as { orders: number };
  const [ledger] = await warehouse.sql<{ orders: number }>(
    "SELECT toUInt32(uniqExact(order_id)) AS orders FROM zakaz.fact_qtickets_orders",
  );
  expect(orders).toBe(ledger?.orders);
});

test("runs that are too short go on where the one before stopped, until all is there", async () => {
  slowly();
  const codes: (number | null)[] = [];
  let from = "9";
  while (codes.at(-1) !== 0 && codes.length < 12) {
    const run = await warehouse.run({ ...sliced, QTICKETS_RUN_SECONDS: "7" });
    codes.push(run.code);
    const reached = (await progress()).from ?? "";
    expect(await dailySales(warehouse), run.stderr).toEqual(expectedSales(warehouse, reached));
    if (run.code === 0) break;
    expect(run.code, run.stderr).toBe(3);
    expect(reached < from).toBe(true);
    from = reached;
    const last = (await journal(warehouse)).at(-1);
    expect(last?.status).toBe("partial");
    expect(last?.message).toContain(
      `orders: those paid before ${reached}T00:00:00+03:00 are not loaded yet; the next run goes on with them`,
    );
  }
  expect(codes.length).toBeGreaterThan(2);
  expect(codes.at(-1)).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("killed between two slices, it shows what was whole, and the next run reads the rest only", async () => {
  slowly();
  const run = warehouse.start(sliced);
  while ((await progress()).from === undefined) await sleep(50);
  await sleep(400);
  run.child.kill("SIGKILL");
  await run.done;
  const { from = "", target = "" } = await progress();
  expect(from > target).toBe(true);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse, from));

  // What happened to the part that is there meanwhile, and to the part that is not.
  const { data } = warehouse.sandbox;
  warehouse.sandbox.faults.clear();
  data.addOrder({}, Date.now() - 1000);
  for (const age of [1, 12]) {
    const [at, until] = [Date.now() - age * 86_400_000, Date.now() - (age - 1) * 86_400_000];
    const found = [...Array(data.orders().length).keys()]
      .map((index) => data.orders().at(index))
      .find(({ payed_at }) => payed_at !== null && Date.parse(payed_at) > at && Date.parse(payed_at) < until);
    data.updateOrder(found?.id ?? 0, (order) => (order.baskets[0]!.price = "12345.67"));
  }
  warehouse.sandbox.requests.length = 0;
  await leaseIsOver(warehouse);
  const next = await warehouse.run(sliced);
  expect(next.code, next.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
  expect(await progress()).toEqual({ from: target, target });
  const read = spans().filter((day) => day < from);
  expect(read[0]).toBe(target);
  expect(spans().filter((day) => day >= from).length).toBe(1);
});
