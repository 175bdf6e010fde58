import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { READER_VIEWS } from "../../support/sql";
import { startEngineWarehouse, type EngineWarehouse } from "./engine-warehouse";
import { cityMoves, clockBehind, firstDayBounds, firstLoad, secondLoad, viewDropped } from "./scenario";

let db: EngineWarehouse;
beforeAll(async () => {
  db = await startEngineWarehouse();
});
afterAll(async () => {
  await db?.close();
});

/** What DataLens adds to each of its queries. */
const DATALENS = "readonly = 2, send_progress_in_http_headers = 0, output_format_json_quote_denormals = 1";
/** Hours since now change while the test runs. */
const CLOCK_COLUMNS = new Set(["hours_since_load", "freshness_hours", "hours_since_ok"]);

/** Every view, read by `user`, gives the same rows and types under join_use_nulls 0 and 1; the number of rows of each. */
async function readViews(
  views: string[],
  user: "datalens_reader" | "etl_writer",
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const view of views) {
    const declared = (await db.rows(`DESCRIBE TABLE ${view}`)).map((row) => row[0]!);
    const stable = declared.filter((column) => !CLOCK_COLUMNS.has(column));
    const seen = [];
    for (const nulls of [0, 1]) {
      const settings =
        user === "datalens_reader" ? `${DATALENS}, join_use_nulls = ${nulls}` : `join_use_nulls = ${nulls}`;
      const as = { as: user };
      const types = await db.rows(`DESCRIBE TABLE (SELECT * FROM ${view}) SETTINGS ${settings}`, {
        as: "admin",
      });
      await db.rows(`SELECT * FROM ${view} SETTINGS ${settings}`, as);
      const rows = await db.rows(
        `SELECT ${stable.join(", ")} FROM ${view} ORDER BY ALL SETTINGS ${settings}`,
        as,
      );
      const made = await db.rows(
        `SELECT ${declared.map((column) => `any(toTypeName(${column}))`).join(", ")} FROM ${view} SETTINGS ${settings}`,
        as,
      );
      seen.push({ types: types.map((row) => row.slice(0, 2)), rows, made });
    }
    expect(seen[1], view).toEqual(seen[0]);
    counts[view] = seen[0]!.rows.length;
  }
  return counts;
}

// Each part stands on what the parts before it have loaded.
describe("the reference scenario", () => {
  it("reads every view while nothing is loaded", async () => {
    const counts = await readViews(READER_VIEWS, "datalens_reader");
    expect(Object.entries(counts).filter(([, rows]) => rows > 0)).toEqual([
      ["zakaz.v_qtickets_freshness", 10],
      ["bi.v_ops_freshness", 4],
    ]);
  });

  it("first load: every figure", () => firstLoad(db));

  it("reads every view after the first load, alike under join_use_nulls 0 and 1", async () => {
    expect(await readViews(READER_VIEWS, "datalens_reader")).toEqual({
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
    });
    expect(await readViews(["meta.v_quality_last_day"], "etl_writer")).toEqual({
      "meta.v_quality_last_day": 12,
    });
  });

  it("second load: refund, vanished ticket, cancellation, late old state, reloaded advertising", () =>
    secondLoad(db));
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
