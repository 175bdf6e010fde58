import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { users } from "../../../warehouse/catalogue";
import { writtenTables } from "../../../loaders/sources";
import { loaderTables } from "../../../warehouse/access/agreements";
import { applyAccess } from "../../../warehouse/access/apply";
import type { Warehouse } from "../../../warehouse/client";
import { ask } from "../../../warehouse/login";
import { matrixOf, runCells, formatOutcome, type Outcome } from "../../../warehouse/access/matrix/run";
import { OBJECTS, readSqlFile, sqlFiles } from "../../support/sql";
import { type Server, startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { declarationWith, newPasswords, warehouseOf } from "./support";

const MATRIX = matrixOf(loaderTables(writtenTables()));

describe("the matrix of rights", () => {
  it("has a cell once, and at least 80 of them", () => {
    const names = MATRIX.map(({ user, action }) => `${user}, ${action}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(80);
  });

  it("says of every object whether the reader reads it", () => {
    const actions = MATRIX.filter(({ user }) => user === users.reader).map(({ action }) => action);
    for (const name of OBJECTS) expect(actions).toContain(`SELECT from ${name}`);
  });
});

describe.each(COUNTS.versions)("the matrix of rights on ClickHouse %s", (version) => {
  const passwords = newPasswords();
  let server: Server;
  let access: Warehouse;
  let outcomes: Outcome[];
  beforeAll(async () => {
    server = await startServer({ version });
    access = warehouseOf(server);
    await applyAccess(access, declarationWith(passwords));
    const schema = sqlFiles().filter((name) => name !== "10_access.sql");
    const { code, stderr } = await server.client(
      ["--multiquery"],
      schema.map((name) => readSqlFile(name).toString()).join("\n"),
    );
    if (code !== 0) throw new Error(stderr);
    await server.client(["-q", "SYSTEM FLUSH LOGS"]); // the log tables are made by their first flush
    outcomes = await runCells(access, passwords, MATRIX);
  });
  afterAll(async () => {
    await access?.close();
    await server?.stop();
  });

  it("is as declared, cell by cell", () => {
    expect(outcomes.filter(({ right }) => !right).map(formatOutcome)).toEqual([]);
    expect(outcomes).toHaveLength(MATRIX.length);
  });

  it("keeps the server's files out of the tables", async () => {
    expect(outcomes.filter(({ code }) => code === 78).map(formatOutcome)).toEqual([
      "etl_writer, insert a file of the server: 78",
      "etl_writer, insert /etc/passwd: 78",
    ]);
    expect(await server.sql("SELECT count() AS n FROM zakaz.dim_events")).toEqual([{ n: 0 }]);
  });

  it("says the same of a wrong password and of a user that does not exist", async () => {
    const texts = ["datalens_reader", "nobody_of_this_name"].map(async (user) => {
      const { text } = await ask(access, { user, password: "wrong" }, "SELECT 1");
      return text.replaceAll(user, "USER");
    });
    const [known, unknown] = await Promise.all(texts);
    expect(known).toBe(unknown);
    expect(known).toContain("AUTHENTICATION_FAILED");
  });

  it("shows the reader the 31 names of zakaz", async () => {
    const reader = { user: "datalens_reader", password: passwords["datalens_reader"]! };
    const { text } = await ask(access, reader, "SHOW TABLES FROM zakaz");
    expect(text.split("\n")).toHaveLength(31);
  });
});
