import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesToMove } from "../../../warehouse/schema/column-order";
import { compareSchemas, type LiveSchema, type WantedSchema } from "../../../warehouse/schema/compare";
import { compareTable } from "../../../warehouse/schema/compare-table";
import {
  parseObject,
  type ObjectModel,
  type TableModel,
  type ViewModel,
} from "../../../warehouse/schema/model";
import { compareTtl } from "../../../warehouse/schema/ttl";
import { holdsEverything } from "../../../warehouse/schema/types";

const BASE = parseObject(`CREATE TABLE zakaz.t
(
    id String COMMENT 'id',
    n UInt32 DEFAULT 0 CODEC(ZSTD(3)) TTL d + toIntervalDay(90),
    status String,
    d Date,
    _ver UInt64,
    CONSTRAINT chk_status CHECK status IN ('ok', 'error'),
    CONSTRAINT chk_n CHECK n > 0
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(d)
ORDER BY (id, d)
TTL d + toIntervalDay(400)
SETTINGS index_granularity = 8192
COMMENT 'a table'`) as TableModel;

/** The base with some parts changed. */
const table = (change: { [K in keyof TableModel]?: TableModel[K] | undefined }): TableModel =>
  ({ ...BASE, ...change }) as TableModel;
const column = (name: string, change: object): TableModel =>
  table({ columns: BASE.columns.map((c) => (c.name === name ? { ...c, ...change } : c)) });
/** What comes out for a wanted table over the base, as `[aspect, fix, statements]`. */
const compared = (wanted: TableModel, found = BASE) =>
  compareTable(wanted, found).map(({ aspect, fix, statements }) => [aspect, fix, statements]);
const alter = "ALTER TABLE zakaz.t";

describe("compareTable", () => {
  it("finds no difference in what is the same, nor in ClickHouse's own settings", () => {
    expect(compared(table({ settings: {} }))).toEqual([]);
  });

  it.each<[string, TableModel, unknown[]]>([
    [
      "a new column behind the one before it",
      table({
        columns: BASE.columns.flatMap((c) => (c.name === "n" ? [c, { name: "new", type: "String" }] : [c])),
      }),
      [["column new missing", "in place", [`${alter} ADD COLUMN IF NOT EXISTS \`new\` String AFTER \`n\``]]],
    ],
    [
      "a new first column",
      table({ columns: [{ name: "new", type: "String", comment: "it's" }, ...BASE.columns] }),
      [
        [
          "column new missing",
          "in place",
          [`${alter} ADD COLUMN IF NOT EXISTS \`new\` String COMMENT 'it\\'s' FIRST`],
        ],
      ],
    ],
    [
      "a wider type",
      column("n", { type: "UInt64" }),
      [["column n: type", "in place", [`${alter} MODIFY COLUMN \`n\` UInt64`]]],
    ],
    ["a narrower type", column("n", { type: "UInt16" }), [["column n: type", "refused", []]]],
    [
      "a wider type in a key",
      column("id", { type: "LowCardinality(String)" }),
      [["column id: type", "refused", []]],
    ],
    ["a wider version column", column("_ver", { type: "UInt128" }), [["column _ver: type", "refused", []]]],
    [
      "a default",
      column("n", { default: { kind: "DEFAULT", expression: "1" } }),
      [["column n: default", "in place", [`${alter} MODIFY COLUMN \`n\` UInt32 DEFAULT 1`]]],
    ],
    [
      "no default",
      column("n", { default: undefined }),
      [["column n: default", "in place", [`${alter} MODIFY COLUMN \`n\` REMOVE DEFAULT`]]],
    ],
    [
      "an alias",
      column("n", { default: { kind: "ALIAS", expression: "1" } }),
      [["column n: default", "refused", []]],
    ],
    [
      "no codec",
      column("n", { codec: undefined }),
      [["column n: codec", "in place", [`${alter} MODIFY COLUMN \`n\` REMOVE CODEC`]]],
    ],
    [
      "a longer TTL of a column",
      column("n", { ttl: "d + toIntervalDay(91)" }),
      [["column n: TTL", "in place", [`${alter} MODIFY COLUMN \`n\` UInt32 TTL d + toIntervalDay(91)`]]],
    ],
    [
      "a shorter TTL of a column",
      column("n", { ttl: "d + toIntervalDay(89)" }),
      [["column n: TTL", "refused", []]],
    ],
    [
      "a comment",
      column("id", { comment: undefined }),
      [["column id: comment", "in place", [`${alter} COMMENT COLUMN \`id\` ''`]]],
    ],
    ["an engine", table({ engine: "MergeTree" }), [["engine", "refused", []]]],
    ["a partition key", table({ partitionBy: undefined }), [["partition key", "refused", []]]],
    ["a sorting key", table({ orderBy: "id" }), [["sorting key", "refused", []]]],
    [
      "a longer TTL",
      table({ ttl: "d + toIntervalDay(401)" }),
      [["TTL", "in place", [`${alter} MODIFY TTL d + toIntervalDay(401)`]]],
    ],
    ["no TTL", table({ ttl: undefined }), [["TTL", "in place", [`${alter} REMOVE TTL`]]]],
    ["a table comment", table({ comment: "x" }), [["comment", "in place", [`${alter} MODIFY COMMENT 'x'`]]]],
    [
      "a setting",
      table({ settings: { a: "1" } }),
      [["setting a", "in place", [`${alter} MODIFY SETTING a = 1`]]],
    ],
    [
      "a fixed setting",
      table({ settings: { index_granularity: "1" } }),
      [["setting index_granularity", "refused", []]],
    ],
    [
      "a check with more values, and those behind it",
      table({
        entries: [
          { ...BASE.entries[0]!, definition: "CHECK status IN ('ok', 'late', 'error')" },
          BASE.entries[1]!,
        ],
      }),
      [
        [
          "constraint chk_status",
          "in place",
          [
            `${alter} DROP CONSTRAINT \`chk_status\`, DROP CONSTRAINT \`chk_n\`, ` +
              `ADD CONSTRAINT \`chk_status\` CHECK status IN ('ok', 'late', 'error'), ADD CONSTRAINT \`chk_n\` CHECK n > 0`,
          ],
        ],
      ],
    ],
    [
      "a check with a value less",
      table({ entries: [{ ...BASE.entries[0]!, definition: "CHECK status IN ('ok')" }, BASE.entries[1]!] }),
      [["constraint chk_status", "refused", []]],
    ],
    [
      "another check",
      table({ entries: [BASE.entries[0]!, { ...BASE.entries[1]!, definition: "CHECK n > 1" }] }),
      [["constraint chk_n", "refused", []]],
    ],
  ])("wants %s", (_, wanted, expected) => {
    expect(compared(wanted)).toEqual(expected);
  });

  it("leaves a column that sql/ does not name alone", () => {
    const found = table({ columns: [...BASE.columns, { name: "extra", type: "UInt8" }] });
    expect(compared(BASE, found)).toEqual([["column extra is not in sql/", "left alone", []]]);
  });

  it("says of everything that it refuses why", () => {
    const wanted = { ...column("n", { type: "Int8", ttl: "d" }), engine: "Log", orderBy: "d" };
    const refused = compareTable(wanted, BASE).filter(({ fix }) => fix === "refused");
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatch(/\w{3}/);
  });
});

describe("namesToMove", () => {
  it("moves as few as possible, and gets every order right", () => {
    const lists = fc
      .uniqueArray(fc.constantFrom(..."abcdefgh"), { minLength: 1 })
      .chain((wanted) =>
        fc.tuple(fc.constant(wanted), fc.shuffledSubarray(wanted, { minLength: wanted.length })),
      );
    fc.assert(
      fc.property(lists, ([wanted, found]) => {
        const order = [...found];
        const moves = namesToMove(wanted, found);
        for (const name of moves) {
          order.splice(order.indexOf(name), 1);
          const i = wanted.indexOf(name);
          order.splice(i === 0 ? 0 : order.indexOf(wanted[i - 1]!) + 1, 0, name);
        }
        expect(order).toEqual(wanted);
        if (found.join() === wanted.join()) expect(moves).toEqual([]);
      }),
    );
    expect(namesToMove(["a", "b", "c", "d"], ["d", "a", "b", "c"])).toEqual(["d"]);
    expect(namesToMove(["a", "b", "c", "d"], ["b", "c", "d", "a"])).toEqual(["a"]);
  });
});

describe("holdsEverything", () => {
  it.each([
    ["UInt8", "UInt32"],
    ["Int64", "Int128"],
    ["Float32", "Float64"],
    ["UInt32", "Nullable(UInt32)"],
    ["Nullable(UInt8)", "Nullable(UInt16)"],
    ["String", "LowCardinality(String)"],
    ["LowCardinality(String)", "String"],
    ["String", "LowCardinality(Nullable(String))"],
    ["Decimal(10, 2)", "Decimal(18, 4)"],
    ["Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)"],
    ["Enum8('a' = 1)", "Enum16('a' = 1, 'b' = 200)"],
    ["Date", "Date32"],
    ["Array(UInt8)", "Array(UInt8)"],
  ])("%s fits into %s, and not the other way round unless they are the same", (narrow, wide) => {
    expect(holdsEverything(narrow, wide)).toBe(true);
    const isEqual =
      narrow === wide || (narrow + wide).replaceAll(/LowCardinality\(String\)|String/g, "") === "";
    expect(holdsEverything(wide, narrow)).toBe(isEqual);
  });

  it.each([
    ["UInt32", "Int64"],
    ["UInt32", "String"],
    ["Decimal(18, 2)", "Decimal(18, 4)"],
    ["Enum8('a' = 1)", "Enum8('a' = 2, 'b' = 1)"],
    ["DateTime('Europe/Moscow')", "DateTime('UTC')"],
    ["DateTime", "DateTime64(3)"],
    ["Array(UInt8)", "Array(UInt16)"],
    ["Float32", "Decimal(18, 2)"],
  ])("%s does not fit into %s", (from, to) => {
    expect(holdsEverything(from, to)).toBe(false);
  });
});

describe("compareTtl", () => {
  const fix = (wanted: string | undefined, found: string | undefined) =>
    compareTtl("TTL", wanted, found, { set: "set", remove: "remove" }).map((part) => [
      part.fix,
      ...part.statements,
    ]);

  it.each<[string | undefined, string | undefined, unknown[]]>([
    ["d + toIntervalDay(1)", "d + toIntervalDay(1)", []],
    ["d + toIntervalDay(2)", "d + toIntervalDay(1)", [["in place", "set"]]],
    ["d + toIntervalWeek(1)", "d + toIntervalDay(6)", [["in place", "set"]]],
    ["d + toIntervalMonth(2)", "d + toIntervalMonth(1)", [["in place", "set"]]],
    [undefined, "d + toIntervalDay(1)", [["in place", "remove"]]],
    ["d + toIntervalDay(1)", undefined, [["refused"]]],
    ["d + toIntervalDay(1)", "d + toIntervalDay(2)", [["refused"]]],
    ["d + toIntervalWeek(1)", "d + toIntervalDay(8)", [["refused"]]],
    ["d + toIntervalMonth(1)", "d + toIntervalDay(1)", [["refused"]]],
    ["e + toIntervalDay(9)", "d + toIntervalDay(1)", [["refused"]]],
    ["d + toIntervalDay(9) WHERE a", "d + toIntervalDay(1)", [["refused"]]],
  ])("%s over %s", (wanted, found, expected) => {
    expect(fix(wanted, found)).toEqual(expected);
  });
});

describe("compareSchemas", () => {
  const view: ViewModel = { kind: "view", name: "bi.v", columns: [], select: "SELECT 1", comment: "c" };
  const ledger: ViewModel = { ...view, kind: "materialized_view", name: "zakaz.m", to: "zakaz.t" };
  const wanted: WantedSchema = {
    databases: [
      { model: { name: "zakaz", engine: "Atomic", comment: "data" }, statement: "CREATE DATABASE zakaz" },
    ],
    objects: [
      { model: view, statement: "CREATE VIEW bi.v AS SELECT 1" },
      { model: ledger, statement: "CREATE MATERIALIZED VIEW zakaz.m" },
      { model: BASE, statement: "CREATE TABLE zakaz.t" },
    ],
  };
  const live = (objects: (ObjectModel | string)[], change: Partial<LiveSchema> = {}): LiveSchema => ({
    databases: [{ name: "zakaz", engine: "Atomic", comment: "data" }],
    objects: new Map(
      objects.map((object) => (typeof object === "string" ? [object, undefined] : [object.name, object])),
    ),
    altersDatabaseComments: true,
    ...change,
  });
  const result = (found: LiveSchema) =>
    compareSchemas(wanted, found).map(({ object, aspect, fix, statements }) => [
      object,
      aspect,
      fix,
      statements,
    ]);

  it("makes what is missing in the order of dependence", () => {
    expect(result(live([], { databases: [] }))).toEqual([
      ["zakaz", "database missing", "in place", ["CREATE DATABASE zakaz"]],
      ["zakaz.t", "table missing", "in place", ["CREATE TABLE zakaz.t"]],
      ["zakaz.m", "materialized view missing", "in place", ["CREATE MATERIALIZED VIEW zakaz.m"]],
      ["bi.v", "view missing", "in place", ["CREATE OR REPLACE VIEW bi.v AS SELECT 1"]],
    ]);
    expect(result(live([view, ledger, BASE]))).toEqual([]);
  });

  it("replaces a view once, whatever differs", () => {
    expect(result(live([{ ...view, select: "SELECT 2", definer: "x" }, ledger, BASE]))).toEqual([
      ["bi.v", "query", "in place", ["CREATE OR REPLACE VIEW bi.v AS SELECT 1"]],
      ["bi.v", "definer", "in place", []],
    ]);
  });

  it("takes the columns that the server works out for a view that declares none", () => {
    expect(result(live([{ ...view, columns: [{ name: "1", type: "UInt8" }] }, ledger, BASE]))).toEqual([]);
  });

  it("drops and makes a materialized view, but never turns it to another target", () => {
    expect(result(live([view, { ...ledger, select: "SELECT 2" }, BASE]))).toEqual([
      [
        "zakaz.m",
        "query",
        "in place",
        ["DROP TABLE IF EXISTS zakaz.m SYNC", "CREATE MATERIALIZED VIEW zakaz.m"],
      ],
    ]);
    expect(result(live([view, { ...ledger, to: "zakaz.u" }, BASE]))).toEqual([
      ["zakaz.m", "target", "refused", []],
    ]);
  });

  it("refuses another kind of object, and leaves what it does not know alone", () => {
    expect(result(live([{ ...BASE, name: "bi.v" }, ledger, "zakaz.t", "bi.dictionary"]))).toEqual([
      ["zakaz.t", "kind", "refused", []],
      ["bi.v", "kind", "refused", []],
      ["bi.dictionary", "is not in sql/", "left alone", []],
    ]);
  });

  it("changes the comment of a database where the server can", () => {
    const databases = [{ name: "zakaz", engine: "Atomic", comment: "x" }];
    expect(result(live([view, ledger, BASE], { databases }))).toEqual([
      ["zakaz", "comment", "in place", ["ALTER DATABASE zakaz MODIFY COMMENT 'data'"]],
    ]);
    expect(result(live([view, ledger, BASE], { databases, altersDatabaseComments: false }))).toEqual([
      ["zakaz", "comment", "left alone", []],
    ]);
    expect(
      result(
        live([view, ledger, BASE], { databases: [{ name: "zakaz", engine: "Memory", comment: "data" }] }),
      ),
    ).toEqual([["zakaz", "engine", "refused", []]]);
  });
});
