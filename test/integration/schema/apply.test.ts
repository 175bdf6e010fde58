import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Journal, OutdatedPlan } from "../../../warehouse/schema/journal";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { readSqlFile, wholeSql } from "../../support/sql";
import { SchemaServer, SqlCopy } from "./support";

describe.each(COUNTS.versions)("applies on ClickHouse %s", (version) => {
  let schema: SchemaServer;
  let sql: SqlCopy;
  let installed: Record<string, string>;

  beforeAll(async () => {
    const server = await startServer({ version });
    sql = new SqlCopy();
    schema = new SchemaServer(server, sql.root);
    const { code, stderr } = await server.client(["--multiquery"], readSqlFile("10_access.sql"));
    if (code !== 0) throw new Error(stderr);
  });
  afterAll(async () => {
    sql.remove();
    await schema.close();
  });

  it("installs everything, with one row in the journal, as the old literal command does", async () => {
    sql.write("migrations/0001_long_ago.sql", "ALTER TABLE zakaz.plan_sales DROP COLUMN long_gone;\n");
    expect((await schema.plan()).changes).toEqual(["first installation"]);
    await schema.apply();
    expect(await schema.journal()).toMatchObject([
      {
        version: 1,
        name: "0001_long_ago",
        kind: "migration",
        status: "ok",
        message: "included in the installation",
      },
      { version: 0, name: "first installation", kind: "baseline", status: "ok", message: "" },
    ]);
    installed = await schema.created();
    await schema.run("DROP DATABASE zakaz", "DROP DATABASE bi", "DROP DATABASE meta");
    const { code, stderr } = await schema.server.client(["--multiquery"], wholeSql());
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await schema.created()).toEqual(installed);
  });

  it("takes a warehouse that was installed by hand as it is: migrations are noted, not run", async () => {
    expect((await schema.plan()).changes).toEqual(["migration 0001_long_ago is included"]);
    expect(await schema.apply()).toBe(0);
    expect((await schema.journal()).map(({ name, status }) => [name, status])).toEqual([
      ["0001_long_ago", "ok"],
      ["migration 0001_long_ago is included", "ok"],
    ]);
    expect((await schema.plan()).changes).toEqual([]);
  });

  describe("failures", () => {
    const before = { length: 0 };
    beforeEach(async () => {
      before.length = (await schema.journal()).length;
    });
    const newRows = async () => (await schema.journal()).slice(before.length);

    it("says which statement failed, and goes on from there the next time", async () => {
      sql.write(
        "53_views_test.sql",
        "CREATE OR REPLACE VIEW bi.v_one AS SELECT 1 AS one;\nCREATE OR REPLACE VIEW bi.v_two AS SELECT 1 AS one;\n",
      );
      // Detached for good it is not to be seen, and its name is taken.
      await schema.run(
        "DROP VIEW bi.v_sales_daily",
        "CREATE VIEW bi.v_one AS SELECT 2 AS two",
        "DETACH VIEW bi.v_one PERMANENTLY",
      );
      await expect(schema.apply()).rejects.toThrow(
        /^Statement 2 of 3 \(CREATE OR REPLACE VIEW bi\.v_one AS SELECT 1 AS one\) failed: ClickHouse says \d+ [A-Z_]+: .*v_one/,
      );
      expect(await newRows()).toMatchObject([
        {
          name: "bi.v_sales_daily: view missing; bi.v_one: view missing; bi.v_two: view missing",
          kind: "views",
          status: "failed",
          statements: 1,
          message: expect.stringContaining("Statement 2 of 3 ") as unknown,
        },
      ]);
      expect((await schema.plan()).changes).toEqual(["bi.v_one: view missing", "bi.v_two: view missing"]);
      await schema.run("ATTACH TABLE bi.v_one", "DROP VIEW bi.v_one");
      expect(await schema.apply()).toBe(2);
      expect((await newRows()).map(({ status, statements }) => [status, statements])).toEqual([
        ["failed", 1],
        ["ok", 2],
      ]);
      sql.delete("53_views_test.sql");
      await schema.run("DROP VIEW bi.v_one", "DROP VIEW bi.v_two");
      expect((await schema.plan()).changes).toEqual([]);
    });

    it("refuses what an empty server refuses, with file and line, and touches nothing", async () => {
      sql.write(
        "53_views_test.sql",
        "-- A view.\nCREATE OR REPLACE VIEW bi.v_one AS SELECT nothing FROM zakaz.dim_events FINAL;\n",
      );
      await schema.run("DROP VIEW bi.v_sales_daily");
      await expect(schema.apply()).rejects.toThrow(
        /^sql\/53_views_test\.sql:2: ClickHouse says 47 UNKNOWN_IDENTIFIER: .*nothing/,
      );
      expect(await newRows()).toEqual([]);
      sql.delete("53_views_test.sql");
      expect(await schema.apply()).toBe(1);
    });
  });

  it("lets one of several applies do the work, once", async () => {
    const before = (await schema.journal()).length;
    await schema.run("DROP VIEW bi.v_ops_freshness", "ALTER TABLE zakaz.plan_sales DROP COLUMN plan_tickets");
    const all = await Promise.allSettled(Array.from({ length: 4 }, () => schema.apply()));
    const refused = all
      .filter((one) => one.status === "rejected")
      .map(({ reason }) => reason as Error & { exitCode: number });
    for (const { message, exitCode } of refused) {
      expect(message).toMatch(
        /^Another change is under way \(zakaz\.plan_sales: column plan_tickets missing; bi\.v_ops/,
      );
      expect(exitCode).toBe(4);
    }
    const done = all.filter((one) => one.status === "fulfilled").map(({ value }) => value);
    expect(done.filter((run) => run > 0)).toEqual([2]);
    expect((await schema.journal()).length - before).toBe(1);
    expect(await schema.created()).toEqual(installed);
  });

  it("does not do what another apply has done since it was planned: not a row, not a statement", async () => {
    await schema.run("DROP VIEW bi.v_ops_freshness");
    const outdated = await schema.plan();
    expect(await schema.apply()).toBe(1);
    const journal = await schema.journal();
    const late = new Journal(schema.warehouse);
    const work = vi.fn(() => Promise.resolve());
    const change = { kind: "views" as const, name: "late", statements: ["SELECT 1"] };
    await expect(
      late.record("schema", { ...change, plannedAt: outdated.revision.stamp }, work),
    ).rejects.toThrow(OutdatedPlan);
    expect(work).not.toHaveBeenCalled();
    expect(await schema.journal()).toEqual(journal);
    // What was planned on what is there now may begin.
    const { stamp } = (await schema.plan()).revision;
    await late.record("schema", { ...change, plannedAt: stamp }, work);
    expect(work).toHaveBeenCalledOnce();
    expect(await schema.journal()).toHaveLength(journal.length + 1);
  });

  it("respects a lock of another machine for 15 minutes, unless forced, and no lock of a dead process", async () => {
    const lock = (message: string, age: number) =>
      `INSERT INTO meta.schema_migrations (version, name, kind, checksum, status, started_at, message, _loaded_at)
SELECT 900, 'somebody', 'views', '', 'started', now() - ${age}, '${message}', now() - ${age}`;
    const drift = "DROP VIEW bi.v_ops_freshness";
    const statusOfLock = async () => (await schema.journal()).find(({ name }) => name === "somebody");

    await schema.run(drift, lock("elsewhere 1 x", 60));
    await expect(schema.apply()).rejects.toThrow(
      new RegExp(
        "^Another change is under way \\(somebody; process 1 on elsewhere, since \\d\\d:\\d\\d:\\d\\d Moscow time\\): " +
          "wait until it ends, or take over with npx zakaz schema apply --force$",
      ),
    );
    expect(await schema.apply({ force: true })).toBe(1);
    expect(await statusOfLock()).toMatchObject({
      status: "failed",
      message: "its process ended without a result: elsewhere 1 x",
    });

    await schema.run(drift, lock("elsewhere 1 x", 16 * 60));
    expect(await schema.apply()).toBe(1);
    expect(await statusOfLock()).toMatchObject({ status: "failed" });

    const { hostname } = await import("node:os");
    await schema.run(drift, lock(`${hostname()} 4194305 x`, 1));
    expect(await schema.apply()).toBe(1);
    expect(await statusOfLock()).toMatchObject({ status: "failed" });
  });

  describe("migrations", () => {
    const FILE = "migrations/0002_plan_by_city.sql";
    /** The way of sql/README.md to another key: scratch table, copy, comparison, exchange. */
    const exchange = (check: string) => `CREATE DATABASE IF NOT EXISTS scratch ENGINE = Atomic;
CREATE TABLE IF NOT EXISTS scratch.plan_sales AS zakaz.plan_sales ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(sales_date) ORDER BY (sales_date, city, event_id);
INSERT INTO scratch.plan_sales SELECT * FROM zakaz.plan_sales FINAL;
${check};
EXCHANGE TABLES scratch.plan_sales AND zakaz.plan_sales;
DROP DATABASE scratch SYNC;
`;
    const CHECK =
      "SELECT throwIf((SELECT (count(), sum(plan_tickets)) FROM scratch.plan_sales FINAL) != (SELECT " +
      "(count(), sum(plan_tickets)) FROM zakaz.plan_sales FINAL), 'the copy differs')";
    const rows = () =>
      schema.warehouse.rows(
        "SELECT sales_date, city, plan_tickets FROM zakaz.plan_sales FINAL ORDER BY city",
      );
    const data = [
      { sales_date: "2026-01-01", city: "a", plan_tickets: 1 },
      { sales_date: "2026-01-01", city: "b", plan_tickets: 2 },
    ];

    it("is what another key needs, and permission by name is what the migration needs", async () => {
      await schema.run(
        "INSERT INTO zakaz.plan_sales (sales_date, city, plan_tickets) VALUES ('2026-01-01', 'a', 1), ('2026-01-01', 'b', 2)",
      );
      sql.edit(
        "32_facts.sql",
        "ORDER BY (sales_date, event_id, city)",
        "ORDER BY (sales_date, city, event_id)",
      );
      const before = { created: await schema.created(), journal: await schema.journal() };
      await expect(schema.apply()).rejects.toThrow(
        "zakaz.plan_sales: sorting key is (sales_date, event_id, city), sql/ wants",
      );
      sql.write(FILE, exchange("SELECT throwIf(1, 'on purpose')"));
      expect(await schema.plan()).toMatchObject({ refused: [], changes: ["migration 0002_plan_by_city"] });
      await expect(schema.apply()).rejects.toThrow(
        "sql/migrations/0002_plan_by_city.sql drops or rewrites zakaz.plan_sales: once there is a backup, " +
          "allow it with npx zakaz schema apply --allow zakaz.plan_sales",
      );
      expect({ created: await schema.created(), journal: await schema.journal() }).toEqual(before);
    });

    it("stops where a statement fails, and is not run again before it is told to", async () => {
      const allow = ["zakaz.plan_sales"];
      await expect(schema.apply({ allow })).rejects.toThrow(
        /^sql\/migrations\/0002_plan_by_city\.sql: Statement 4 of 6 \(SELECT throwIf\(1, 'on purpose'\)\) failed: ClickHouse says 395 /,
      );
      const journal = await schema.journal();
      expect(journal.find(({ name }) => name === "0002_plan_by_city")).toMatchObject({
        status: "failed",
        statements: 3,
      });
      expect(await rows()).toEqual(data);
      await expect(schema.apply({ allow })).rejects.toThrow(
        new RegExp(
          "^sql/migrations/0002_plan_by_city\\.sql failed \\(Statement 4 of 6 .*\\): " +
            "fix the cause, then resume with npx zakaz schema apply --resume 0002_plan_by_city$",
        ),
      );
    });

    it("goes on from the statement that failed; rows and definition are as they should be", async () => {
      sql.write(FILE, exchange(CHECK));
      expect(await schema.apply({ allow: ["zakaz.plan_sales"], resume: "0002_plan_by_city" })).toBe(3);
      expect(await rows()).toEqual(data);
      const created = (await schema.created())["zakaz.plan_sales"];
      expect(created).toBe(
        installed["zakaz.plan_sales"]!.replace(
          "(sales_date, event_id, city)",
          "(sales_date, city, event_id)",
        ),
      );
      expect((await schema.journal()).filter(({ kind }) => kind === "migration")).toMatchObject([
        { name: "0001_long_ago", status: "ok" },
        { name: "0002_plan_by_city", status: "ok", statements: 6 },
      ]);
      expect((await schema.plan()).changes).toEqual([]);
      expect(await schema.apply()).toBe(0);
    });

    it("must not change nor vanish once it is applied", async () => {
      sql.write(FILE, exchange("SELECT 1"));
      await expect(schema.apply()).rejects.toThrow(
        "sql/migrations/0002_plan_by_city.sql has changed since it was applied",
      );
      sql.delete(FILE);
      await expect(schema.apply()).rejects.toThrow(
        "sql/migrations/0002_plan_by_city.sql was applied and is missing",
      );
      sql.write(FILE, `-- as it was\n${exchange(CHECK)}`);
      expect(await schema.apply()).toBe(0);
    });

    it("ends where a new installation begins", async () => {
      const upgraded = await schema.created();
      await schema.run("DROP DATABASE zakaz", "DROP DATABASE bi", "DROP DATABASE meta");
      await schema.apply();
      expect(await schema.created()).toEqual(upgraded);
      expect((await schema.journal()).map(({ name, message }) => [name, message])).toEqual([
        ["0001_long_ago", "included in the installation"],
        ["0002_plan_by_city", "included in the installation"],
        ["first installation", ""],
      ]);
    });
  });
});
