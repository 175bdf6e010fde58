import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyAccess } from "../../../warehouse/access/apply";
import { sentence } from "../../../warehouse/access/difference";
import { readDifferences, type Declaration } from "../../../warehouse/access/read";
import type { Warehouse } from "../../../warehouse/client";
import { ask } from "../../../warehouse/login";
import { sha256Hex } from "../../../clickhouse/password-hash";
import { LOGIN_FAILED } from "../../../warehouse/access/matrix/cell";
import { formatOutcome, readersMatrixOf, runCells } from "../../../warehouse/access/matrix/run";
import { type Server, startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { wholeSql } from "../../support/sql";
import { declarationWith, newPasswords, warehouseOf } from "./support";

/** Further readers, on a server with the whole schema: what each may read, and that only what was asked for changes. */
describe.each(COUNTS.versions)("further readers on ClickHouse %s", (version) => {
  let server: Server;
  let access: Warehouse;
  const passwords = newPasswords();
  const base = declarationWith(passwords);
  const hosts = ["127.0.0.1", "::1"];
  const anna = { user: "anna", password: randomBytes(9).toString("hex") };
  const boris = { user: "boris", password: randomBytes(9).toString("hex") };

  type Reader = { user: string; password: string; views: string[] };
  const declare = (...readers: Reader[]): Declaration => ({
    ...base,
    logins: [
      ...base.logins,
      ...readers.map(({ user, password, views }) => ({
        user,
        passwordSha256: sha256Hex(password),
        hosts,
        views,
      })),
    ],
  });
  const apply = async (declaration: Declaration) => {
    const { fixed, left } = await applyAccess(access, declaration);
    expect((await readDifferences(access, declaration)).differences).toEqual(left);
    return { fixed: fixed.map(({ text }) => text), left: left.map(sentence) };
  };
  const code = async (reader: Reader | typeof anna, sql: string) => (await ask(access, reader, sql)).code;

  beforeAll(async () => {
    server = await startServer({ version });
    access = warehouseOf(server);
    expect((await server.client(["--multiquery"], wholeSql())).code).toBe(0);
    await applyAccess(access, base);
  });

  afterAll(async () => {
    await access?.close();
    await server?.stop();
  });

  it("come with the rights of datalens_reader, or with some of its views", async () => {
    const views = ["bi.v_sales_daily", "zakaz.v_romi_daily"];
    const { fixed, left } = await apply(declare({ ...anna, views: [] }, { ...boris, views }));
    expect(fixed).toEqual([
      "the user anna is missing",
      "the user boris is missing",
      expect.stringContaining("bi_reader_quota") as string,
    ]);
    expect(left).toEqual([]);
    for (const view of ["bi.v_sales_daily", "zakaz.v_romi_daily"]) {
      expect(await code(anna, `SELECT count() FROM ${view}`)).toBe(0);
      expect(await code(boris, `SELECT count() FROM ${view}`)).toBe(0);
    }
    expect(await code(anna, "SELECT count() FROM bi.v_vk_ads_daily")).toBe(0);
    expect(await code(boris, "SELECT count() FROM bi.v_vk_ads_daily")).toBe(497);
    for (const reader of [anna, boris]) {
      expect(await code(reader, "SELECT count() FROM zakaz.dim_events")).toBe(497);
      expect(await code(reader, "SELECT count() FROM meta.watermarks")).toBe(497);
      expect(await code(reader, "CREATE TABLE zakaz.t (a UInt8) ENGINE = Memory")).not.toBe(0);
      expect(await code(reader, "SELECT 1 SETTINGS max_memory_usage = 100000000000")).toBe(452);
      expect(await code(reader, "SELECT 1 SETTINGS readonly = 0")).toBe(164);
    }
  });

  it("may do what the matrix of access check says, and nothing else", async () => {
    const views = ["bi.v_sales_daily", "zakaz.v_romi_daily"];
    const { logins } = declare({ ...anna, views: [] }, { ...boris, views });
    const cells = readersMatrixOf(logins);
    expect(cells.filter(({ user, expected }) => user === "boris" && expected === "ok")).toHaveLength(3);
    // The log tables are made by their first flush.
    await server.sql("SYSTEM FLUSH LOGS");
    const known = { anna: anna.password, boris: boris.password };
    const outcomes = await runCells(access, known, cells);
    expect(outcomes.filter(({ right }) => !right).map(formatOutcome)).toEqual([]);
    // The same cells see a right too many, and one too few.
    const exchanged = { anna: boris.password, boris: anna.password };
    const swapped = cells.map((cell) => ({ ...cell, user: cell.user === "anna" ? "boris" : "anna" }));
    const wrong = (await runCells(access, known, swapped)).filter(({ right }) => !right);
    expect(wrong.some(({ cell: { expected } }) => expected === "ok")).toBe(true);
    expect(wrong.some(({ code: one }) => one === 0)).toBe(true);
    expect((await runCells(access, exchanged, cells.slice(0, 1)))[0]?.code).toBe(LOGIN_FAILED);
  });

  it("are the same after a second apply", async () => {
    const views = ["bi.v_sales_daily", "zakaz.v_romi_daily"];
    expect(await apply(declare({ ...anna, views: [] }, { ...boris, views }))).toEqual({
      fixed: [],
      left: [],
    });
  });

  it("get another password, and nobody else notices", async () => {
    const old = { ...anna };
    anna.password = randomBytes(9).toString("hex");
    const views = ["bi.v_sales_daily"];
    const { fixed } = await apply(declare({ ...anna, views: [] }, { ...boris, views }));
    expect(fixed).toEqual([expect.stringContaining("boris") as string]);
    expect(await code(old, "SELECT 1")).toBe(516);
    expect(await code(anna, "SELECT count() FROM bi.v_sales_daily")).toBe(0);
    expect(await code(boris, "SELECT count() FROM zakaz.v_romi_daily")).toBe(497);
    for (const [user, password] of Object.entries(passwords)) {
      expect(await code({ user, password }, "SELECT 1"), user).toBe(0);
    }
  });

  it("go when the configuration names them no more; somebody else's user stays", async () => {
    await server.client([], "CREATE USER guest IDENTIFIED WITH sha256_password BY 'guest-of-a-person'");
    const { fixed, left } = await apply(declare({ ...anna, views: [] }));
    expect(fixed).toContain("the reader boris is not in zakaz:readers any more");
    expect(fixed.filter((text) => !/boris|bi_reader_quota/.test(text))).toEqual([]);
    expect(left).toEqual([
      "the user guest is not declared: add it to sql/10_access.sql, or remove it with DROP USER guest",
    ]);
    expect(await code(boris, "SELECT 1")).toBe(516);
    expect(await code(anna, "SELECT count() FROM bi.v_sales_daily")).toBe(0);
    expect((await apply(base)).fixed).toContain("the reader anna is not in zakaz:readers any more");
    expect(await code(anna, "SELECT 1")).toBe(516);
  });
});
