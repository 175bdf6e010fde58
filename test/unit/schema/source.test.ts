import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  parseStatements,
  readMigrationFiles,
  readSchemaFiles,
  readSqlFiles,
} from "../../../warehouse/schema/source";

describe("parseStatements", () => {
  it.each([
    ["CREATE DATABASE IF NOT EXISTS bi ENGINE = Atomic", "create_database", "bi"],
    ["CREATE TABLE IF NOT EXISTS zakaz.t (a String) ENGINE = Memory", "create_table", "zakaz.t"],
    ["create or replace table `zakaz` . `t` (a String)", "create_table", "zakaz.t"],
    ['CREATE TABLE "odd name" (a String)', "create_table", "odd name"],
    ["ATTACH TABLE zakaz.t", "create_table", "zakaz.t"],
    ["CREATE OR REPLACE VIEW bi.v AS SELECT 1", "create_view", "bi.v"],
    [
      "CREATE MATERIALIZED VIEW IF NOT EXISTS zakaz.mv TO zakaz.t AS SELECT 1",
      "create_materialized_view",
      "zakaz.mv",
    ],
    ["ALTER TABLE zakaz.t ADD COLUMN b String", "alter", "zakaz.t"],
    ["DROP VIEW IF EXISTS zakaz.v", "drop", "zakaz.v"],
    ["TRUNCATE TABLE zakaz.t", "drop", "zakaz.t"],
    ["TRUNCATE zakaz.t", "drop", "zakaz.t"],
    ["INSERT INTO zakaz.t (a) SELECT 1", "insert", "zakaz.t"],
    ["INSERT INTO TABLE zakaz.t VALUES (1)", "insert", "zakaz.t"],
    ["INSERT INTO FUNCTION file('x') SELECT 1", "insert", undefined],
    ["CREATE USER IF NOT EXISTS u", "access", undefined],
    ["ALTER SETTINGS PROFILE p SETTINGS readonly = 1", "access", undefined],
    ["GRANT SELECT ON zakaz.t TO u", "access", undefined],
    ["SET DEFAULT ROLE r TO u", "access", undefined],
    ["CREATE FUNCTION f AS x -> x", "other", "f"],
    ["OPTIMIZE TABLE zakaz.t FINAL", "other", "zakaz.t"],
    ["SET max_threads = 1", "other", undefined],
  ])("%s", (text, kind, object) => {
    expect(parseStatements(`${text};`, "f.sql")).toEqual([
      { file: "f.sql", line: 1, text, kind, ...(object === undefined ? {} : { object }) },
    ]);
  });

  it("says where each statement starts, whatever stands between them", () => {
    const sql = "\uFEFF-- one; two\n\nSELECT ';' /* ; */;\nSELECT\n 2\n; ; SELECT $$;$$";
    expect(parseStatements(sql, "f.sql").map(({ line, text }) => [line, text])).toEqual([
      [3, "SELECT ';' /* ; */"],
      [4, "SELECT\n 2"],
      [6, "SELECT $$;$$"],
    ]);
  });
});

describe("files", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "zakaz-source-"));
    mkdirSync(join(root, "sql/migrations"), { recursive: true });
    for (const file of ["sql/20_b.sql", "sql/10_a.sql", "sql/README.md", "sql/migrations/0001_c.sql"]) {
      writeFileSync(join(root, file), `ALTER TABLE ${file.length} -- ${file}`);
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it("are those of sql/ by name, without the migrations", () => {
    expect(readSchemaFiles(root).map(({ file }) => file)).toEqual(["sql/10_a.sql", "sql/20_b.sql"]);
    expect(readMigrationFiles(root).map(({ file }) => file)).toEqual(["sql/migrations/0001_c.sql"]);
    expect(readMigrationFiles(join(root, "sql"))).toEqual([]);
  });

  it("are named as given where they lie elsewhere, and keep their bytes", () => {
    const path = join(root, "sql/10_a.sql");
    const [file] = readSqlFiles([path], join(root, "other"));
    expect(file).toMatchObject({ file: path, statements: [{ file: path, line: 1, kind: "alter" }] });
    expect(file?.content.toString()).toBe("ALTER TABLE 12 -- sql/10_a.sql");
    expect(() => readSqlFiles([join(root, "none.sql")])).toThrow("ENOENT");
  });

  it("of the repository hold each object once", () => {
    const created = readSchemaFiles()
      .flatMap(({ statements }) => statements)
      .filter(({ kind }) => kind.startsWith("create_"))
      .map(({ object }) => object);
    expect(created.length).toBe(45); // 3 databases, 31 objects in zakaz, 4 in bi, 7 in meta
    expect(new Set(created).size).toBe(45);
  });
});
