import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NAMES } from "../../support/sql";
import { ENGINES, type ServerWarehouse } from "./engine-warehouse";
import type { User } from "./warehouse";

describe.each(ENGINES)("access on $name", ({ start }) => {
  let db: ServerWarehouse;
  beforeAll(async () => {
    db = await start();
  });
  afterAll(async () => {
    await db?.close();
  });

  /** ClickHouse's code of the refusal, or `done`. */
  async function refusal(as: User, sql: string): Promise<string> {
    try {
      await db.rows(sql, { as });
      return "done";
    } catch (error) {
      return /Code: (\d+)\./.exec(String(error))?.[1] ?? String(error);
    }
  }

  describe("datalens_reader", () => {
    const tables = NAMES.zakaz.filter((name) => !name.startsWith("v_")).map((name) => `zakaz.${name}`);
    const meta = NAMES.meta.map((name) => `meta.${name}`);

    it("reads no table, no journal and no system log", async () => {
      for (const name of [...tables, ...meta, "system.users", "system.processes"]) {
        expect([name, await refusal("datalens_reader", `SELECT * FROM ${name} LIMIT 1`)]).toEqual([
          name,
          "497",
        ]);
      }
    });

    it.each([
      "INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2026-01-01')",
      "CREATE TABLE zakaz.x (a UInt8) ENGINE = Memory",
      "DROP TABLE zakaz.plan_sales",
      "TRUNCATE TABLE zakaz.plan_sales",
      "SYSTEM FLUSH LOGS",
      "GRANT SELECT ON zakaz.* TO datalens_reader",
    ])("may not: %s", async (sql) => {
      expect(["497", "164"]).toContain(await refusal("datalens_reader", sql));
    });

    it.each(["readonly = 0", "allow_ddl = 1", "max_memory_usage = 2000000000", "max_execution_time = 0"])(
      "may not set %s",
      async (setting) => {
        expect(["164", "392", "452"]).toContain(
          await refusal("datalens_reader", `SELECT 1 SETTINGS ${setting}`),
        );
      },
    );

    it("sees the 31 names, and the columns of tables that it may not read", async () => {
      const as = { as: "datalens_reader" as const };
      expect(await db.rows("SHOW TABLES FROM zakaz", as)).toHaveLength(31);
      expect(await db.rows("DESCRIBE TABLE zakaz.fact_qtickets_orders", as)).toHaveLength(22);
      expect(await db.rows("SELECT 1", as)).toEqual([["1"]]);
    });
  });

  describe("etl_writer", () => {
    it.each([
      "DROP TABLE zakaz.plan_sales",
      "TRUNCATE TABLE zakaz.plan_sales",
      "ALTER TABLE zakaz.plan_sales DELETE WHERE 1",
      "OPTIMIZE TABLE zakaz.plan_sales",
      "CREATE TABLE zakaz.x (a UInt8) ENGINE = Memory",
      "INSERT INTO zakaz.dim_city_alias (alias, city) VALUES ('a', 'b')",
      "INSERT INTO zakaz.stg_qtickets_api_clients_raw (client_hash) VALUES ('a')",
      "INSERT INTO zakaz.stg_qtickets_api_partner_tickets_raw (ticket_id) VALUES ('a')",
      "INSERT INTO meta.schema_migrations (version, name, kind, checksum, status, started_at) VALUES (1, 'a', 'baseline', '', 'ok', now())",
      "INSERT INTO meta.backup_runs (ts, backup_name) VALUES (now(), 'a')",
      "SELECT * FROM zakaz.stg_qtickets_api_clients_raw",
      "SELECT * FROM zakaz.stg_qtickets_api_promo_codes_raw",
      "SELECT * FROM zakaz.stg_qtickets_api_barcodes_raw",
      "SELECT * FROM zakaz.v_qtickets_sales_latest",
    ])("may not: %s", async (sql) => {
      expect(["497", "392"]).toContain(await refusal("etl_writer", sql));
    });

    it("may not switch DDL on", async () => {
      expect(["392", "452"]).toContain(await refusal("etl_writer", "SELECT 1 SETTINGS allow_ddl = 1"));
    });

    it("writes the optional datasets without reading them back", async () => {
      const insert =
        "INSERT INTO zakaz.stg_qtickets_api_promo_codes_raw (promo_code_id, code) VALUES ('1', 'SYNTHETIC')";
      expect(await refusal("etl_writer", insert)).toBe("done");
      expect(await db.rows("SELECT code FROM zakaz.stg_qtickets_api_promo_codes_raw")).toEqual([
        ["SYNTHETIC"],
      ]);
    });

    it("fails on a field without a column", async () => {
      const insert =
        'INSERT INTO zakaz.plan_sales FORMAT JSONEachRow {"sales_date":"2026-01-01","colour":"red"}';
      expect(await refusal("etl_writer", insert)).toBe("117");
    });
  });

  describe("backup_user", () => {
    it.each([
      "SELECT * FROM zakaz.plan_sales",
      "INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2026-01-01')",
      "DROP TABLE zakaz.plan_sales",
    ])("may not: %s", async (sql) => {
      expect(["497", "392"]).toContain(await refusal("backup_user", sql));
    });

    it("keeps the journal of backups", async () => {
      const insert = "INSERT INTO meta.backup_runs (ts, backup_name) VALUES ('2026-01-01 00:00:00', 'a')";
      expect(await refusal("backup_user", insert)).toBe("done");
      const rows = await db.rows("SELECT backup_name, status FROM meta.backup_runs", { as: "backup_user" });
      expect(rows).toEqual([["a", "running"]]);
    });
  });

  describe("zakaz_definer", () => {
    it("can never log in", async () => {
      const response = await fetch(`${db.engine.httpUrl}/?query=SELECT%201`, {
        headers: { "X-ClickHouse-User": "zakaz_definer", "X-ClickHouse-Key": "" },
      });
      expect(await response.text()).toContain("Code: 516.");
    });

    it("is the one by whose rights views read", async () => {
      const view = "SELECT count() FROM bi.v_sales_daily";
      expect(await refusal("datalens_reader", view)).toBe("done");
      await db.engine.client(["-q", "REVOKE SELECT ON zakaz.dim_events FROM zakaz_definer"]);
      expect(await refusal("datalens_reader", view)).toBe("497");
      await db.install();
      expect(await refusal("datalens_reader", view)).toBe("done");
    });
  });
});
