import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { journal, startWarehouse, type Warehouse } from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 10, days: 5 });
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

const levels = async () => {
  const rows = await warehouse.sql<{ name: string; value: number }>(
    "SELECT metric_name AS name, metric_value AS value FROM meta.v_sli_latest WHERE table_name = 'qtickets_api' AND d = toDate(now('Europe/Moscow'))",
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
};
const alerts = () =>
  warehouse.sql<{ severity: string; code: string; message: string; run: string }>(
    `SELECT severity, code, message, JSONExtractString(context_json, 'run_id') AS run
     FROM meta.etl_alerts WHERE job = 'qtickets_api' ORDER BY _ver, code SETTINGS final = 0`,
  );

test("a run leaves its service levels: one row per figure and day, the newest run's", async () => {
  expect((await warehouse.run()).code).toBe(0);
  expect((await warehouse.run()).code).toBe(0);
  const [, last] = await journal(warehouse);
  const metrics = JSON.parse(last?.metrics ?? "{}") as { requests: number };
  const found = await levels();
  expect(found).toEqual({
    freshness_hours: 0,
    run_seconds: expect.any(Number) as number,
    rows_loaded: last?.rows_processed,
    api_calls: metrics.requests,
  });
  expect(found.run_seconds).toBeGreaterThan(0);
  expect(await alerts()).toEqual([]);
});

test("a failed run says how old the newest good data are; before the first good run nobody knows", async () => {
  warehouse.sandbox.faults.set({ kind: "bareArray", route: "/orders" });
  expect((await warehouse.run()).code).toBe(1);
  expect(Object.keys(await levels()).sort()).toEqual(["rows_loaded", "run_seconds"]);
  warehouse.sandbox.faults.clear();
  expect((await warehouse.run()).code).toBe(0);
  await warehouse.sql(
    "INSERT INTO zakaz.meta_job_runs SELECT * REPLACE (finished_at - 7200 AS finished_at, _ver + 1 AS _ver) FROM zakaz.meta_job_runs WHERE status = 'ok'",
  );
  warehouse.sandbox.faults.set({ kind: "bareArray", route: "/orders" });
  expect((await warehouse.run()).code).toBe(1);
  const found = await levels();
  expect(found.freshness_hours).toBeGreaterThanOrEqual(2);
  expect(found.freshness_hours).toBeLessThan(2.2);
});

test("one alert per code in six hours; a data set that always fails does not silence another", async () => {
  const on = { QTICKETS_SKIP_DISCOUNTS: "false", QTICKETS_SKIP_PRICE_SHADES: "false" };
  warehouse.sandbox.faults.set({ kind: "statusError", route: "/discounts" });
  for (const run of [await warehouse.run(on), await warehouse.run(on)]) expect(run.code, run.stderr).toBe(3);
  warehouse.sandbox.faults.add({ kind: "html", route: "/color-themes" });
  expect((await warehouse.run(on)).code).toBe(3);
  warehouse.sandbox.faults.set({ kind: "bareArray", route: "/orders" });
  expect((await warehouse.run(on)).code).toBe(1);
  const rows = await journal(warehouse);
  const found = await alerts();
  expect(found.map(({ severity, code, run }) => [severity, code, run])).toEqual([
    ["warning", "discounts_incomplete", rows[0]?.run_id],
    ["warning", "price_shades_incomplete", rows[2]?.run_id],
    ["error", "run_failed", rows[3]?.run_id],
  ]);
  expect(found[0]?.message).toBe("discounts: /discounts answered 200 with an error object.");

  await warehouse.sql(
    "INSERT INTO meta.etl_alerts SELECT * REPLACE (ts - 21601 AS ts) FROM meta.etl_alerts WHERE code = 'run_failed'",
  );
  await warehouse.sql("DELETE FROM meta.etl_alerts WHERE code = 'run_failed' AND ts > now() - 21600");
  expect((await warehouse.run(on)).code).toBe(1);
  expect((await alerts()).filter(({ code }) => code === "run_failed")).toHaveLength(2);
});

test("where neither can be written the run is still what it is, with one warning", async () => {
  await warehouse.sql("RENAME TABLE meta.sli_daily TO meta.sli_daily_gone");
  try {
    const run = await warehouse.run();
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr.match(/Service levels or alerts were not written/g)).toHaveLength(1);
    expect((await journal(warehouse)).map(({ status }) => status)).toEqual(["ok"]);
  } finally {
    await warehouse.sql("RENAME TABLE meta.sli_daily_gone TO meta.sli_daily");
  }
});
