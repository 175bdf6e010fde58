import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { installWarehouse, type ServerWarehouse } from "./server-warehouse";
import type { User } from "./warehouse";

/** What rights mean in practice. Who may do what at all is the matrix of rights (../access/matrix.test.ts). */
describe.each(COUNTS.versions)("access on ClickHouse %s", (version) => {
  let db: ServerWarehouse;
  beforeAll(async () => {
    db = await installWarehouse(await startServer({ version }));
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

  describe("etl_writer", () => {
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
    it("keeps the journal of backups", async () => {
      const insert = "INSERT INTO meta.backup_runs (ts, backup_name) VALUES ('2026-01-01 00:00:00', 'a')";
      expect(await refusal("backup_user", insert)).toBe("done");
      const rows = await db.rows("SELECT backup_name, status FROM meta.backup_runs", { as: "backup_user" });
      expect(rows).toEqual([["a", "running"]]);
    });
  });

  describe("zakaz_definer", () => {
    it("is the one by whose rights views read", async () => {
      const view = "SELECT count() FROM bi.v_sales_daily";
      expect(await refusal("datalens_reader", view)).toBe("done");
      await db.server.client(["-q", "REVOKE SELECT ON zakaz.dim_events FROM zakaz_definer"]);
      expect(await refusal("datalens_reader", view)).toBe("497");
      await db.install();
      expect(await refusal("datalens_reader", view)).toBe("done");
    });
  });
});
