import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { startLookAheadWarehouse } from "./look-ahead-warehouse";
import { installWarehouse } from "./server-warehouse";
import { cityMoves, clockBehind, firstDayBounds, firstLoad, secondLoad, viewDropped } from "./scenario";
import { readViews, type ViewContent } from "./views";
import type { OwnWarehouse } from "./warehouse";

/** The servers, and in `make soak` the version to come. */
const VERSIONS: { name: string; start: () => Promise<OwnWarehouse> }[] = [
  ...(["24.8.4", "25.8.2"] as const).map((version) => ({
    name: `ClickHouse ${version}`,
    start: async () => installWarehouse(await startServer({ version })),
  })),
  ...(COUNTS.lookAhead ? [{ name: "ClickHouse 26.7", start: startLookAheadWarehouse }] : []),
];

/** Number of rows of each view after the first load. */
const ROWS = {
  "zakaz.v_marketing_costs_daily": 4,
  "zakaz.v_marketing_daily": 11,
  "zakaz.v_plan_vs_fact": 13,
  "zakaz.v_qtickets_freshness": 10,
  "zakaz.v_qtickets_inventory": 3,
  "zakaz.v_qtickets_sales_14d": 11,
  "zakaz.v_qtickets_sales_dashboard": 4,
  "zakaz.v_qtickets_sales_latest": 12,
  "zakaz.v_qtickets_sales_utm_daily": 12,
  "zakaz.v_romi_daily": 11,
  "bi.v_marketing_roi_daily": 11,
  "bi.v_ops_freshness": 4,
  "bi.v_sales_daily": 12,
  "bi.v_vk_ads_daily": 4,
  "meta.v_quality_last_day": 12,
};

const countRows = (views: Record<string, ViewContent>): Record<string, number> =>
  Object.fromEntries(Object.entries(views).map(([view, { rows }]) => [view, rows.length]));

/** What every view answered after the first and after the second load, by name of the version. */
const answers = new Map<string, { version: string; first?: object; second?: object }>();

// Each part stands on what the parts before it have loaded.
describe.each(VERSIONS)("the reference scenario on $name", ({ name, start }) => {
  let db: OwnWarehouse;
  const times: string[] = [];
  /** Runs a part and notes how long it took. */
  async function timed<T>(what: string, part: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await part();
    times.push(`${what} ${((performance.now() - began) / 1000).toFixed(2)} s`);
    return result;
  }

  beforeAll(async () => {
    db = await timed("start and install", start);
    answers.set(name, { version: (await db.rows("SELECT version()"))[0]![0]! });
  });
  afterAll(async () => {
    process.stdout.write(`ClickHouse ${answers.get(name)?.version ?? "?"}: ${times.join(", ")}\n`);
    await db?.close();
  });

  it("installs once more", () => timed("install again", () => db.install()));

  it("reads every view while nothing is loaded", async () => {
    const rows = Object.entries(countRows(await readViews(db))).filter(([, count]) => count > 0);
    expect(rows).toEqual([
      ["zakaz.v_qtickets_freshness", 10],
      ["bi.v_ops_freshness", 4],
      ["meta.v_quality_last_day", 12],
    ]);
  });

  it("first load: every figure", () => timed("first load", () => firstLoad(db)));

  it("reads every view after the first load, alike under join_use_nulls 0 and 1", async () => {
    const first = await timed("every view under join_use_nulls 0 and 1", () => readViews(db));
    answers.get(name)!.first = first;
    expect(countRows(first)).toEqual(ROWS);
  });

  it("second load: refund, vanished ticket, cancellation, late old state, reloaded advertising", async () => {
    await timed("second load", () => secondLoad(db));
    answers.get(name)!.second = await readViews(db);
  });
  it("a clock behind the rows it replaces still takes effect", () => clockBehind(db));
  it("an event that moves to another city rewrites its days", () => cityMoves(db));
  it("days before first_day are left alone on both sides", () => firstDayBounds(db));
  it("a dropped materialized view is healed by the next derivation, and comes back with the next install", async () => {
    await viewDropped(db);
    await db.install();
    expect(
      await db.rows("SELECT count() FROM system.tables WHERE database = 'zakaz'", { as: "datalens_reader" }),
    ).toEqual([["31"]]);
  });

  it("shows the newest service level figure of each table", async () => {
    await db.run(
      `INSERT INTO meta.sli_daily (d, table_name, metric_name, metric_value) VALUES
       ('2026-01-02', 't', 'rows_loaded', 2), ('2026-01-01', 't', 'rows_loaded', 1), ('2026-01-01', 't', 'run_seconds', 3)`,
      { as: "etl_writer" },
    );
    expect(await db.rows("SELECT * FROM meta.v_sli_latest ORDER BY ALL")).toEqual([
      ["t", "rows_loaded", "2026-01-02", "2"],
      ["t", "run_seconds", "2026-01-01", "3"],
    ]);
  });
});

describe("one schema, all versions", () => {
  it("are the oldest supported one, that of development and in `make soak` the newest", () => {
    const versions = [...answers.values()].map(({ version }) => version.split(".").slice(0, 2).join("."));
    expect(versions).toEqual(["24.8", "25.8", ...(COUNTS.lookAhead ? ["26.7"] : [])]);
  });

  it("answer every view alike: columns, types and rows, after the first and after the second load", () => {
    const [oldest, ...newer] = [...answers.values()].map(({ first, second }) => ({ first, second }));
    expect(oldest).toEqual({ first: expect.any(Object) as object, second: expect.any(Object) as object });
    for (const each of newer) expect(each).toEqual(oldest);
  });
});
