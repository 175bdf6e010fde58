import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../support/server";
import { COUNTS, sampleOf } from "../../support/soak";
import { installWarehouse } from "../sql/server-warehouse";
import { SchemaServer } from "./support";

const orders = "zakaz.stg_qtickets_api_orders_raw";
const seats = "zakaz.stg_qtickets_api_inventory_raw";
const ledgerView = "zakaz.mv_qtickets_sales_latest";

/** What somebody did by hand, and what the comparison calls it. An apply fixes each. */
const FIXED: [what: string, statements: string[], changes: string[]][] = [
  [
    "a column dropped",
    ["ALTER TABLE zakaz.plan_sales DROP COLUMN plan_tickets"],
    ["zakaz.plan_sales: column plan_tickets missing"],
  ],
  [
    "the first and the last column of a list dropped, others moved",
    [
      "ALTER TABLE zakaz.dim_events DROP COLUMN _loaded_at",
      "ALTER TABLE zakaz.dim_events DROP COLUMN event_name",
      "ALTER TABLE zakaz.dim_events MODIFY COLUMN currency LowCardinality(String) FIRST",
    ],
    [
      "zakaz.dim_events: column event_name missing",
      "zakaz.dim_events: column _loaded_at missing",
      "zakaz.dim_events: order of columns",
    ],
  ],
  [
    "a type narrowed",
    ["ALTER TABLE zakaz.plan_sales MODIFY COLUMN plan_tickets UInt16"],
    ["zakaz.plan_sales: column plan_tickets: type"],
  ],
  [
    "a comment of a column and of a table",
    [
      "ALTER TABLE zakaz.dim_events COMMENT COLUMN city 'it\\'s \\\\ wrong'",
      "ALTER TABLE zakaz.dim_city_alias MODIFY COMMENT ''",
    ],
    ["zakaz.dim_events: column city: comment", "zakaz.dim_city_alias: comment"],
  ],
  [
    "a codec gone, a codec made",
    [
      `ALTER TABLE ${orders} MODIFY COLUMN payload_json REMOVE CODEC`,
      `ALTER TABLE ${orders} MODIFY COLUMN utm_term CODEC(ZSTD(5))`,
    ],
    [`${orders}: column utm_term: codec`, `${orders}: column payload_json: codec`],
  ],
  [
    "TTLs shortened",
    [
      `ALTER TABLE ${seats} MODIFY TTL snapshot_ts + toIntervalDay(30)`,
      `ALTER TABLE ${orders} MODIFY COLUMN payload_json String TTL _loaded_at + toIntervalDay(9)`,
    ],
    [`${orders}: column payload_json: TTL`, `${seats}: TTL`],
  ],
  [
    "a TTL made where there is none",
    ["ALTER TABLE zakaz.plan_sales MODIFY TTL sales_date + toIntervalDay(9000)"],
    ["zakaz.plan_sales: TTL"],
  ],
  [
    "defaults changed, gone and made",
    [
      "ALTER TABLE zakaz.dim_events MODIFY COLUMN is_active DEFAULT 0",
      "ALTER TABLE zakaz.dim_events MODIFY COLUMN is_deleted REMOVE DEFAULT",
      "ALTER TABLE zakaz.dim_city_alias MODIFY COLUMN city LowCardinality(String) MATERIALIZED upper(alias)",
    ],
    [
      "zakaz.dim_events: column is_active: default",
      "zakaz.dim_events: column is_deleted: default",
      "zakaz.dim_city_alias: column city: default",
    ],
  ],
  [
    "a constraint dropped, one with fewer values, one too many",
    [
      `ALTER TABLE ${orders} DROP CONSTRAINT chk_status`,
      `ALTER TABLE ${seats} DROP CONSTRAINT chk_status, ADD CONSTRAINT chk_status CHECK status IN ('ok', 'error')`,
      "ALTER TABLE zakaz.plan_sales ADD CONSTRAINT chk_new CHECK plan_tickets < 1000",
    ],
    [
      `${orders}: constraint chk_status`,
      `${seats}: constraint chk_status`,
      "zakaz.plan_sales: constraint chk_new",
    ],
  ],
  [
    "a setting made",
    ["ALTER TABLE zakaz.plan_sales MODIFY SETTING merge_with_ttl_timeout = 100"],
    ["zakaz.plan_sales: setting merge_with_ttl_timeout"],
  ],
  [
    "views dropped, one that others read among them",
    ["DROP VIEW zakaz.v_qtickets_sales_latest", "DROP VIEW bi.v_ops_freshness"],
    ["zakaz.v_qtickets_sales_latest: view missing", "bi.v_ops_freshness: view missing"],
  ],
  [
    "a view replaced by another",
    ["CREATE OR REPLACE VIEW bi.v_sales_daily (d Date) AS SELECT toDate('2000-01-01') AS d"],
    [
      "bi.v_sales_daily: columns",
      "bi.v_sales_daily: query",
      "bi.v_sales_daily: definer",
      "bi.v_sales_daily: SQL security",
      "bi.v_sales_daily: comment",
    ],
  ],
  [
    "the materialized view dropped",
    [`DROP TABLE ${ledgerView}`],
    [`${ledgerView}: materialized view missing`],
  ],
  [
    "a table, a view and a database dropped",
    ["DROP TABLE zakaz.fact_direct_daily", "DROP DATABASE bi"],
    [
      "bi: database missing",
      "zakaz.fact_direct_daily: table missing",
      "bi.v_sales_daily: view missing",
      "bi.v_vk_ads_daily: view missing",
      "bi.v_marketing_roi_daily: view missing",
      "bi.v_ops_freshness: view missing",
    ],
  ],
  [
    "seeds changed",
    ["INSERT INTO zakaz.dim_city_alias (alias, city) VALUES ('msk', 'казань'), ('nowhere', 'nowhere')"],
    ["zakaz.dim_city_alias: rows of sql/60_city_aliases.sql"],
  ],
];

/** What an apply must not fix, with what the refusal says. */
const REFUSED: [what: string, statements: string[], object: string, refusal: string][] = [
  [
    "a type widened by hand",
    ["ALTER TABLE zakaz.plan_sales MODIFY COLUMN plan_tickets UInt64"],
    "zakaz.plan_sales",
    "zakaz.plan_sales: column plan_tickets: type is UInt64, sql/ wants UInt32; UInt32 cannot hold every value of UInt64, or means something else.",
  ],
  [
    "NULL allowed by hand",
    ["ALTER TABLE zakaz.plan_sales MODIFY COLUMN plan_tickets Nullable(UInt32)"],
    "zakaz.plan_sales",
    "sql/ wants UInt32; UInt32 cannot hold every value of Nullable(UInt32), or means something else.",
  ],
  [
    "a TTL gone",
    [`ALTER TABLE ${seats} REMOVE TTL`],
    seats,
    `${seats}: TTL is nothing, sql/ wants snapshot_ts + toIntervalDay(90); a TTL that is new, shorter or of another column deletes data at once.`,
  ],
  [
    "a check that allows more",
    [
      `ALTER TABLE ${seats} DROP CONSTRAINT chk_status, ADD CONSTRAINT chk_status CHECK status IN ('ok', 'no_counters', 'not_found', 'error', 'x')`,
    ],
    seats,
    "rows that are there may break it, and no value may be lost.",
  ],
  [
    "a sorting key, an engine and a partition key that are others",
    [
      "DROP TABLE zakaz.plan_sales",
      "CREATE TABLE zakaz.plan_sales (sales_date Date, event_id String) ENGINE = MergeTree ORDER BY sales_date",
    ],
    "zakaz.plan_sales",
    "zakaz.plan_sales: engine is MergeTree, sql/ wants ReplacingMergeTree(_ver); the engine of a table is " +
      "fixed, its rows must be copied into a new one. Nothing was touched. Undo the edit in sql/, or write " +
      "the change as the next numbered file in sql/migrations/ (see sql/README.md)",
  ],
  [
    "a table in the place of a view",
    ["DROP VIEW bi.v_sales_daily", "CREATE TABLE bi.v_sales_daily (d Date) ENGINE = Memory"],
    "bi.v_sales_daily",
    "bi.v_sales_daily: kind is table, sql/ wants view; what is there would have to be dropped.",
  ],
  [
    "a materialized view into another table",
    [
      `DROP TABLE ${ledgerView}`,
      `CREATE MATERIALIZED VIEW ${ledgerView} TO zakaz.dim_events AS SELECT event_id, _ver FROM ${orders}`,
    ],
    ledgerView,
    "the new target would lack the rows of the old one.",
  ],
];

describe.each(COUNTS.versions)("drift on ClickHouse %s", (version) => {
  let schema: SchemaServer;
  let installed: Record<string, string>;

  beforeAll(async () => {
    schema = new SchemaServer((await installWarehouse(await startServer({ version }))).server);
    installed = await schema.created();
  });
  afterAll(() => schema.close());

  it("finds nothing after `cat sql/*.sql | clickhouse-client`, and applies nothing", async () => {
    expect(Object.keys(installed)).toHaveLength(3 + 42);
    const { differences, changes } = await schema.plan();
    expect({ differences, changes }).toEqual({ differences: [], changes: [] });
    expect(await schema.apply()).toBe(0);
    expect(await schema.journal()).toEqual([]);
  });

  it.each(sampleOf(FIXED))("fixes %s", async (_, statements, changes) => {
    const before = await schema.journal();
    await schema.run(...statements);
    expect((await schema.plan()).changes).toEqual(changes);
    expect(await schema.apply()).toBeGreaterThan(0);
    expect(await schema.created()).toEqual(installed);
    expect((await schema.plan()).changes).toEqual([]);
    const after = await schema.journal();
    expect(after).toHaveLength(before.length + 1);
    expect(after.at(-1)).toMatchObject({ version: before.length, status: "ok" });
    expect(await schema.apply()).toBe(0);
  });

  it("keeps the rows of what it fixes", async () => {
    await schema.run(
      "INSERT INTO zakaz.plan_sales (sales_date, plan_tickets) VALUES ('2026-01-01', 7)",
      "ALTER TABLE zakaz.plan_sales MODIFY COLUMN plan_tickets UInt16",
      "ALTER TABLE zakaz.plan_sales DROP COLUMN plan_revenue",
    );
    await schema.apply();
    expect(
      await schema.warehouse.rows("SELECT sales_date, plan_tickets, plan_revenue FROM zakaz.plan_sales"),
    ).toEqual([{ sales_date: "2026-01-01", plan_tickets: 7, plan_revenue: 0 }]);
    await schema.run("TRUNCATE TABLE zakaz.plan_sales");
  });

  it.each(sampleOf(REFUSED))("refuses %s and touches nothing", async (_, statements, object, refusal) => {
    const original = installed[object]!;
    await schema.run(...statements, "ALTER TABLE zakaz.dim_events COMMENT COLUMN city 'never fixed'");
    const before = { created: await schema.created(), journal: await schema.journal() };
    await expect(schema.apply()).rejects.toThrow(refusal);
    expect({ created: await schema.created(), journal: await schema.journal() }).toEqual(before);
    await schema.run(`DROP TABLE ${object} SYNC`, original);
    await schema.apply();
    expect(await schema.created()).toEqual(installed);
  });

  it("shows what is too much, and leaves it alone", async () => {
    await schema.run(
      "CREATE TABLE zakaz.extra (a String) ENGINE = MergeTree ORDER BY a",
      "CREATE VIEW bi.extra AS SELECT 1 AS one",
      "ALTER TABLE zakaz.dim_events ADD COLUMN extra UInt8 AFTER city",
    );
    const plan = await schema.plan();
    expect(plan.changes).toEqual([]);
    expect(plan.differences.map(({ object, aspect, fix }) => [object, aspect, fix])).toEqual([
      ["zakaz.dim_events", "column extra is not in sql/", "left alone"],
      ["bi.extra", "is not in sql/", "left alone"],
      ["zakaz.extra", "is not in sql/", "left alone"],
    ]);
    expect(await schema.apply()).toBe(0);
    expect((await schema.plan()).differences).toHaveLength(3);
    await schema.run(
      "DROP TABLE zakaz.extra SYNC",
      "DROP VIEW bi.extra",
      "ALTER TABLE zakaz.dim_events DROP COLUMN extra",
    );
    expect((await schema.plan()).differences).toEqual([]);
  });
});
