import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changeName, nextState } from "../../../warehouse/drift";
import { checksum, type MigrationRow } from "../../../warehouse/schema/journal";
import {
  endangeredObjects,
  namedObjects,
  pendingMigrations,
  readMigrations,
} from "../../../warehouse/schema/migrations";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "zt-migrations-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function files(contents: Record<string, string>) {
  mkdirSync(join(root, "sql/migrations"), { recursive: true });
  for (const [name, text] of Object.entries(contents))
    writeFileSync(join(root, "sql/migrations", name), text);
  return readMigrations(root);
}

const row = (change: Partial<MigrationRow>): MigrationRow => ({
  version: 1,
  name: "0001_a",
  checksum: checksum(["SELECT 1"]),
  status: "ok",
  statements: 1,
  message: "",
  ...change,
});

describe("readMigrations", () => {
  it("reads numbered files in order, and none where there is no folder", () => {
    expect(readMigrations(root)).toEqual([]);
    const found = files({
      "0002_b.sql": "SELECT 2;",
      "0001_a.sql": "SELECT 1;\n-- c\nSELECT 1;",
      "README.md": "x",
    });
    expect(
      found.map(({ version, name, file, statements }) => [version, name, file, statements.length]),
    ).toEqual([
      [1, "0001_a", "sql/migrations/0001_a.sql", 2],
      [2, "0002_b", "sql/migrations/0002_b.sql", 1],
    ]);
  });

  it.each([
    [
      { "0002_b.sql": "SELECT 1" },
      "sql/migrations/0002_b.sql: the next migration is number 0001, numbers have no gaps and come once",
    ],
    [{ "0001_a.sql": "SELECT 1", "0001_b.sql": "SELECT 1" }, "0001_b.sql: the next migration is number 0002"],
    [{ "first.sql": "SELECT 1" }, "first.sql: the name of a migration is NNNN_what_it_does.sql"],
    [{ "0001_a.sql": "-- nothing\n" }, "0001_a.sql holds no statement"],
  ])("refuses %j", (contents, message) => {
    expect(() => files(contents)).toThrow(message);
  });
});

describe("pendingMigrations", () => {
  const two = () => files({ "0001_a.sql": "SELECT  1 -- comment\n;", "0002_b.sql": "SELECT 2" });
  const pending = (journal: MigrationRow[], resume?: string) =>
    pendingMigrations(two(), journal, resume).map(({ name, done }) => [name, done]);

  it("leaves out what was applied; layout and comments do not count", () => {
    expect(pending([])).toEqual([
      ["0001_a", 0],
      ["0002_b", 0],
    ]);
    expect(pending([row({})])).toEqual([["0002_b", 0]]);
  });

  it("lets one that failed go on where it failed, when it is told to", () => {
    expect(pending([row({ status: "failed", statements: 3 })], "0001_a")).toEqual([
      ["0001_a", 3],
      ["0002_b", 0],
    ]);
  });

  it.each([
    [
      row({ checksum: "other" }),
      "sql/migrations/0001_a.sql has changed since it was applied: bring it back as it was",
    ],
    [row({ name: "0001_z" }), "sql/migrations/0001_z.sql was applied and is missing: bring it back"],
    [
      row({ status: "failed", message: "Statement 2 of 3 failed: x" }),
      "sql/migrations/0001_a.sql failed (Statement 2 of 3 failed: x): fix the cause, then resume with npx zakaz schema apply --resume 0001_a",
    ],
    [row({ status: "started" }), "sql/migrations/0001_a.sql was started and has not ended: fix the cause"],
  ])("refuses a journal with %j", (journaled, message) => {
    expect(() => pending([journaled])).toThrow(message);
  });
});

describe("what a migration names and endangers", () => {
  const endangered = (sql: string) => [
    ...endangeredObjects(files({ "0001_a.sql": sql })[0]!, ["zakaz", "meta"]),
  ];

  it.each([
    [
      "CREATE TABLE scratch.t (a String) ENGINE = Log; INSERT INTO scratch.t SELECT a FROM zakaz.t; DROP DATABASE scratch",
      [],
    ],
    ["EXCHANGE TABLES scratch.t AND zakaz.t", ["zakaz.t"]],
    ["ALTER TABLE zakaz.t DROP COLUMN a; ALTER TABLE zakaz.u ADD COLUMN a String", ["zakaz.t"]],
    ["ALTER TABLE `zakaz`.`t` DELETE WHERE a IN (SELECT a FROM zakaz.u)", ["zakaz.t"]],
    ["TRUNCATE TABLE zakaz.t; DROP VIEW IF EXISTS meta.v", ["zakaz.t", "meta.v"]],
    ["DROP DATABASE zakaz", ["zakaz"]],
    ["RENAME TABLE zakaz.a TO zakaz.b", ["zakaz.a", "zakaz.b"]],
    ["ALTER TABLE zakaz.t COMMENT COLUMN a 'DROP zakaz.u'; INSERT INTO zakaz.t SELECT 1", []],
  ])("%s", (sql, objects) => {
    expect(endangered(sql)).toEqual(objects);
  });

  it("names everything, wherever it stands", () => {
    const [migration] = files({
      "0001_a.sql": "INSERT INTO scratch.t SELECT * FROM zakaz.t; SELECT 'zakaz.no'",
    });
    expect([...namedObjects(migration!, ["zakaz"])]).toEqual(["zakaz.t"]);
  });
});

describe("the state in a preview", () => {
  it("is the journal's without differences, and the next one with them", () => {
    expect(nextState({ revision: 3, name: "x", differences: [] })).toBe("3: x");
    expect(nextState({ revision: 3, name: "x", differences: ["a: b", "c: d"] })).toBe("4: a: b; c: d");
  });

  it("names at most a line of differences, and says how many more there are", () => {
    const many = Array.from({ length: 40 }, (_, i) => `zakaz.table_${i}: comment`);
    expect(changeName(many)).toBe(`${many.slice(0, 6).join("; ")}; and 34 more`);
    expect(changeName([])).toBe("");
  });
});
