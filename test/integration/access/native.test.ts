import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyAccess } from "../../../warehouse/access/apply";
import { sentence } from "../../../warehouse/access/difference";
import { ask } from "../../../warehouse/login";
import { readDifferences } from "../../../warehouse/access/read";
import type { Warehouse } from "../../../warehouse/client";
import { type Server, startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { declarationWith, newPasswords, warehouseOf } from "./support";

const AUTHENTICATION_FAILED = 516;
const PLAN = "SELECT count() FROM zakaz.plan_sales";

/** Access statements as admin over both protocols: they work at once, and the differences show them. */
describe.each(COUNTS.versions)("access statements on ClickHouse %s", (version) => {
  const passwords = newPasswords();
  const declaration = declarationWith(passwords);
  let server: Server;
  let access: Warehouse;
  beforeAll(async () => {
    server = await startServer({ version });
    access = warehouseOf(server);
    await applyAccess(access, declaration);
    await server.sql("CREATE DATABASE zakaz");
    await server.sql("CREATE TABLE zakaz.plan_sales (n UInt8) ENGINE = MergeTree ORDER BY n");
    await server.sql("INSERT INTO zakaz.plan_sales VALUES (1)");
  });
  afterAll(async () => {
    await access?.close();
    await server?.stop();
  });

  const differences = async () => (await readDifferences(access, declaration)).differences.map(sentence);
  const login = async (user: string, password: string) =>
    (await ask(access, { user, password }, "SELECT 1")).code;
  const overNative = async (statement: string) => {
    const { code, stderr } = await server.client(["-q", statement]);
    if (code !== 0) throw new Error(stderr);
  };

  it.each([
    { protocol: "HTTP", run: (statement: string) => access.command(statement) },
    { protocol: "the native protocol", run: overNative },
  ])("work at once over $protocol, in the same process of the server", async ({ run }) => {
    const { pid } = server;
    const [before] = await server.sql<{ s: number }>("SELECT uptime() AS s");

    await run("CREATE USER guest IDENTIFIED BY 'Guest-1' VALID UNTIL '2031-01-01' HOST LOCAL");
    expect(await login("guest", "Guest-1")).toBe(0);
    await run("ALTER USER guest VALID UNTIL '2001-01-01'");
    expect(await login("guest", "Guest-1")).toBe(AUTHENTICATION_FAILED);

    const loader = { user: "etl_writer", password: passwords["etl_writer"]! };
    const asLoader = () => ask(access, loader, PLAN);
    expect(await asLoader()).toEqual({ code: 0, text: "1" });
    await run("CREATE ROW POLICY hidden ON zakaz.plan_sales USING 0 TO role_etl_writer");
    expect(await asLoader()).toEqual({ code: 0, text: "0" });

    await run("ALTER USER datalens_reader IDENTIFIED BY 'By-hand-1' VALID UNTIL '2032-01-01'");
    expect(await login("datalens_reader", "By-hand-1")).toBe(0);
    expect(await login("datalens_reader", passwords["datalens_reader"]!)).toBe(AUTHENTICATION_FAILED);

    expect(await differences()).toEqual([
      "datalens_reader is valid until 2032-01-01 00:00:00, declared without end",
      "the row policy hidden ON zakaz.plan_sales, which is not declared, is given to role_etl_writer",
      "the user guest is not declared: add it to sql/10_access.sql, or remove it with DROP USER guest",
      "the row policy hidden ON zakaz.plan_sales is not declared: add it to sql/10_access.sql, or remove it with DROP ROW POLICY hidden ON zakaz.plan_sales",
    ]);
    await applyAccess(access, declaration);
    expect(await asLoader()).toEqual({ code: 0, text: "1" });
    expect(await login("datalens_reader", passwords["datalens_reader"]!)).toBe(0);
    expect(await login("datalens_reader", "By-hand-1")).toBe(AUTHENTICATION_FAILED);

    await run("DROP USER guest");
    await run("DROP ROW POLICY hidden ON zakaz.plan_sales");
    expect(await differences()).toEqual([]);
    const [after] = await server.sql<{ s: number }>("SELECT uptime() AS s");
    expect(after!.s).toBeGreaterThanOrEqual(before!.s);
    expect(server.pid).toBe(pid);
  });
});
