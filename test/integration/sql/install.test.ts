import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { NAMES } from "../../support/sql";
import { installWarehouse, type ServerWarehouse } from "./server-warehouse";

describe.each(COUNTS.versions)("the schema on ClickHouse %s", (version) => {
  let db: ServerWarehouse;
  beforeAll(async () => {
    db = await installWarehouse(await startServer({ version }));
  });
  afterAll(async () => {
    await db?.close();
  });

  /** Everything that a second run could change: definitions, columns, grants, principals, seed rows. */
  async function state(): Promise<Record<string, string[][]>> {
    const queries = {
      tables: `SELECT database, name, engine_full, create_table_query, comment FROM system.tables
             WHERE database IN ('zakaz', 'bi', 'meta') ORDER BY ALL`,
      // CREATE OR REPLACE gives a view a new identity; a table keeps its own.
      identities: `SELECT name, uuid FROM system.tables WHERE database IN ('zakaz', 'meta') AND engine != 'View' ORDER BY ALL`,
      columns: `SELECT database, table, name, position, type, default_expression, comment, compression_codec
              FROM system.columns WHERE database IN ('zakaz', 'bi', 'meta') ORDER BY ALL`,
      grants: "SELECT * FROM system.grants WHERE ifNull(user_name, '') != 'admin' ORDER BY ALL",
      roles:
        "SELECT user_name, role_name, granted_role_name, granted_role_is_default FROM system.role_grants ORDER BY ALL",
      profiles: "SELECT * EXCEPT index FROM system.settings_profile_elements ORDER BY ALL",
      quotas:
        "SELECT quota_name, duration, max_queries, max_errors, max_execution_time FROM system.quota_limits ORDER BY ALL",
      aliases: "SELECT * FROM zakaz.dim_city_alias ORDER BY ALL SETTINGS final = 0",
    };
    const found: Record<string, string[][]> = {};
    for (const [name, query] of Object.entries(queries)) found[name] = await db.rows(query);
    return found;
  }

  it.each(Object.entries(NAMES))("shows exactly the names of %s", async (database, names) => {
    expect((await db.rows(`SHOW TABLES FROM ${database}`)).flat()).toEqual([...names]);
  });

  it("is installed by a second run without error and without change", async () => {
    const before = await state();
    for (const rows of Object.values(before)) expect(rows.length).toBeGreaterThan(0);
    await db.install();
    expect(await state()).toEqual(before);
  });

  it("has a comment on every object and column", async () => {
    const zakaz = "database IN ('zakaz', 'bi', 'meta') AND comment = ''";
    expect(await db.rows(`SELECT database, name FROM system.tables WHERE ${zakaz}`)).toEqual([]);
    expect(await db.rows(`SELECT database, table, name FROM system.columns WHERE ${zakaz}`)).toEqual([]);
  });

  it("answers the acceptance queries on empty tables", async () => {
    expect(await db.rows("SELECT count() FROM zakaz.meta_job_runs")).toEqual([["0"]]);
    expect(await db.rows("SELECT max(sale_ts), count() FROM zakaz.stg_qtickets_api_orders_raw")).toEqual([
      ["\\N", "0"],
    ]);
    expect(
      await db.rows("SELECT max(snapshot_ts), count() FROM zakaz.stg_qtickets_api_inventory_raw"),
    ).toEqual([["1970-01-01 03:00:00", "0"]]);
    expect((await db.rows("DESCRIBE TABLE zakaz.dim_events")).map((row) => `${row[0]} ${row[1]}`)).toEqual([
      "event_id String",
      "event_name String",
      "city LowCardinality(String)",
      "start_date Nullable(Date)",
      "end_date Nullable(Date)",
      "is_active UInt8",
      "is_deleted UInt8",
      "currency LowCardinality(String)",
      "show_ids Array(String)",
      "_ver UInt64",
      "_loaded_at DateTime(\\'Europe/Moscow\\')",
    ]);
    expect(
      await db.rows(
        "SELECT total_rows, isNull(latest_ts), isNull(days_behind) FROM zakaz.v_qtickets_freshness",
      ),
    ).toEqual(Array.from({ length: 10 }, () => ["0", "1", "1"]));
  });

  it("refuses values outside a vocabulary with code 469", async () => {
    const insert = (status: string, currency: string): Promise<void> =>
      db.run(
        `INSERT INTO zakaz.stg_qtickets_api_orders_raw (order_id, event_id, status, currency, _ver) VALUES ('1', '1', '${status}', '${currency}', 1)`,
        { as: "etl_writer" },
      );
    await expect(insert("sold", "RUB")).rejects.toThrow("Code: 469.");
    await expect(insert("paid", "roubles")).rejects.toThrow("Code: 469.");
    expect(await db.rows("SELECT count() FROM zakaz.stg_qtickets_api_orders_raw")).toEqual([["0"]]);
  });

  it("withdraws an alias that is not in the list, brings back one that is, and then writes nothing", async () => {
    await db.run("INSERT INTO zakaz.dim_city_alias (alias, city) VALUES ('nowhere', 'москва')");
    await db.run("INSERT INTO zakaz.dim_city_alias (alias, city, is_active) VALUES ('msk', 'казань', 0)");
    await db.install();
    expect(
      await db.rows(
        "SELECT alias, city, is_active FROM zakaz.dim_city_alias WHERE alias IN ('nowhere', 'msk') ORDER BY alias",
      ),
    ).toEqual([
      ["msk", "москва", "1"],
      ["nowhere", "москва", "0"],
    ]);
    const physical = "SELECT count() FROM zakaz.dim_city_alias SETTINGS final = 0";
    const before = await db.rows(physical);
    await db.install();
    expect(await db.rows(physical)).toEqual(before);
  });
});
