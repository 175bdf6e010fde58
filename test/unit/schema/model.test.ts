import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotAnObject, parseObject, type Column, type TableModel } from "../../../warehouse/schema/model";
import { columnDeclaration, entryDeclaration } from "../../../warehouse/schema/render";

const TABLE = `CREATE TABLE zakaz.t
(
    \`id\` String COMMENT 'it''s \\\\ a; b',
    \`comment\` Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'COMMENT, TTL (',
    \`n\` Decimal(18, 2) DEFAULT if(ttl > 0, toDecimal64(1, 2), 0) CODEC(ZSTD(3)) TTL _loaded_at + toIntervalDay(90),
    \`e\` Enum8('a, b' = 1, 'c)' = 2) MATERIALIZED 'a, b',
    \`_loaded_at\` DateTime('Europe/Moscow') DEFAULT now(),
    CONSTRAINT chk CHECK id IN ('a', 'b,)'),
    INDEX i n TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(d)
PRIMARY KEY id
ORDER BY (id, n)
TTL _loaded_at + toIntervalDay(400)
SETTINGS index_granularity = 8192, merge_with_ttl_timeout = 100
COMMENT 'a table'`;

describe("parseObject", () => {
  it("reads a table with every clause", () => {
    expect(parseObject(TABLE)).toEqual({
      kind: "table",
      name: "zakaz.t",
      columns: [
        { name: "id", type: "String", comment: "it's \\ a; b" },
        {
          name: "comment",
          type: "Nullable(DateTime('Europe/Moscow'))",
          default: { kind: "DEFAULT", expression: "NULL" },
          comment: "COMMENT, TTL (",
        },
        {
          name: "n",
          type: "Decimal(18, 2)",
          default: { kind: "DEFAULT", expression: "if(ttl > 0, toDecimal64(1, 2), 0)" },
          codec: "CODEC(ZSTD(3))",
          ttl: "_loaded_at + toIntervalDay(90)",
        },
        {
          name: "e",
          type: "Enum8('a, b' = 1, 'c)' = 2)",
          default: { kind: "MATERIALIZED", expression: "'a, b'" },
        },
        {
          name: "_loaded_at",
          type: "DateTime('Europe/Moscow')",
          default: { kind: "DEFAULT", expression: "now()" },
        },
      ],
      entries: [
        { kind: "CONSTRAINT", name: "chk", definition: "CHECK id IN ('a', 'b,)')" },
        { kind: "INDEX", name: "i", definition: "n TYPE minmax GRANULARITY 4" },
      ],
      engine: "ReplacingMergeTree(_ver)",
      partitionBy: "toYYYYMM(d)",
      primaryKey: "id",
      orderBy: "(id, n)",
      ttl: "_loaded_at + toIntervalDay(400)",
      settings: { index_granularity: "8192", merge_with_ttl_timeout: "100" },
      comment: "a table",
    });
  });

  it("takes IF NOT EXISTS, quotes and absent clauses as no difference", () => {
    expect(parseObject("CREATE TABLE IF NOT EXISTS `zakaz`.`t` (`a` String) ENGINE = Memory")).toEqual({
      kind: "table",
      name: "zakaz.t",
      columns: [{ name: "a", type: "String" }],
      entries: [],
      engine: "Memory",
      settings: {},
    });
  });

  // Formatters of 24.8 and 25.8 put definer and comment elsewhere than that of 26.7, and the query into brackets.
  it.each([
    `CREATE OR REPLACE VIEW bi.v
(
    \`d\` Date COMMENT 'day'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
COMMENT 'a view'
AS SELECT
    d,
    (SELECT 1 AS x) AS one
FROM zakaz.t AS s
SETTINGS join_use_nulls = 1`,
    `CREATE VIEW bi.v DEFINER = zakaz_definer SQL SECURITY DEFINER
(
    \`d\` Date COMMENT 'day'
)
AS SELECT d, (SELECT 1 AS x) AS one
FROM zakaz.t AS s
SETTINGS join_use_nulls = 1
COMMENT 'a view'`,
    `CREATE VIEW bi.v
(
    \`d\` Date COMMENT 'day'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS (SELECT d, (SELECT 1 AS x) AS one
FROM zakaz.t AS s
SETTINGS join_use_nulls = 1)
COMMENT 'a view'`,
  ])("reads a view wherever definer and comment stand, with or without brackets around the query", (sql) => {
    expect(parseObject(sql)).toEqual({
      kind: "view",
      name: "bi.v",
      columns: [{ name: "d", type: "Date", comment: "day" }],
      definer: "zakaz_definer",
      sqlSecurity: "DEFINER",
      select: "SELECT d, (SELECT 1 AS x) AS one FROM zakaz.t AS s SETTINGS join_use_nulls = 1",
      comment: "a view",
    });
  });

  it("keeps the brackets of a query that has more than one pair", () => {
    expect(
      parseObject("CREATE VIEW bi.v (`a` UInt8) AS (SELECT 1 AS a) UNION ALL (SELECT 2 AS a)"),
    ).toMatchObject({
      select: "(SELECT 1 AS a) UNION ALL (SELECT 2 AS a)",
    });
  });

  it("reads the target of a materialized view, and the engine of one that has none", () => {
    const columns = "(`a` String)";
    expect(parseObject(`CREATE MATERIALIZED VIEW z.m TO z.t ${columns} AS SELECT a FROM z.s`)).toMatchObject({
      kind: "materialized_view",
      to: "z.t",
      columns: [{ name: "a", type: "String" }],
      select: "SELECT a FROM z.s",
    });
    const own = parseObject(`CREATE MATERIALIZED VIEW z.m ${columns} ENGINE = Log AS SELECT a FROM z.s`);
    expect(own).toMatchObject({ rest: "= Log", select: "SELECT a FROM z.s" });
    expect(own).not.toHaveProperty("to");
  });

  it.each([
    "DROP TABLE zakaz.t",
    "CREATE DATABASE zakaz",
    "CREATE DICTIONARY z.d (a UInt8)",
    "",
    "CREATE TABLE",
  ])("refuses %j", (sql) => {
    expect(() => parseObject(sql)).toThrow(NotAnObject);
  });

  it("reads back any table that it can write", () => {
    const word = fc.constantFrom(
      "id",
      "comment",
      "ttl",
      "order",
      "codec",
      "default",
      "п",
      "a b",
      "x`y",
      "z\\",
    );
    const text = fc.string({ unit: fc.constantFrom("a", "'", "\\", "\n", ",", "(", ")", ";", "--", "я") });
    const expression = fc.constantFrom("''", "now()", "(a, b)", "a + toIntervalDay(3)", "if(a, ',)', 'TTL')");
    const column: fc.Arbitrary<Column> = fc.record(
      {
        name: word,
        type: fc.constantFrom(
          "String",
          "Nullable(Decimal(18, 2))",
          "DateTime('Europe/Moscow')",
          "Enum8('(' = 1)",
        ),
        default: fc.record({ kind: fc.constantFrom("DEFAULT", "MATERIALIZED", "ALIAS"), expression }),
        codec: fc.constantFrom("CODEC(ZSTD(3))", "CODEC(Delta(4), LZ4)"),
        ttl: fc.constantFrom("_loaded_at + toIntervalDay(90)", "d"),
        comment: text,
      },
      { requiredKeys: ["name", "type"] },
    );
    const table = fc.record(
      {
        columns: fc.uniqueArray(column, { minLength: 1, maxLength: 5, selector: (c) => c.name }),
        entries: fc.array(
          fc.record({
            kind: fc.constant("CONSTRAINT" as const),
            name: word,
            definition: fc.constantFrom("CHECK a IN ('x', ')')", "ASSUME length(a) = 3"),
          }),
          { maxLength: 2 },
        ),
        engine: fc.constantFrom("ReplacingMergeTree(_ver)", "MergeTree"),
        partitionBy: fc.constantFrom("toYYYYMM(d)", "(a, b)"),
        orderBy: fc.constantFrom("tuple()", "(id, n)", "id"),
        ttl: fc.constantFrom("d + toIntervalDay(400)"),
        settings: fc.constantFrom({}, { index_granularity: "8192" }, { a: "'x, y'", b: "1" }),
      },
      { requiredKeys: ["columns", "entries", "settings"] },
    );
    fc.assert(
      fc.property(table, text, (parts, comment) => {
        const model: TableModel = { kind: "table", name: "zakaz.t", ...parts, comment };
        const settings = Object.entries(model.settings).map(([name, value]) => `${name} = ${value}`);
        const sql = [
          "CREATE TABLE zakaz.t",
          `(${[...model.columns.map(columnDeclaration), ...model.entries.map(entryDeclaration)].join(",\n")})`,
          model.engine && `ENGINE = ${model.engine}`,
          model.partitionBy && `PARTITION BY ${model.partitionBy}`,
          model.orderBy && `ORDER BY ${model.orderBy}`,
          model.ttl && `TTL ${model.ttl}`,
          settings.length > 0 && `SETTINGS ${settings.join(", ")}`,
          `COMMENT '${comment.replace(/[\\']/g, (c) => `\\${c}`)}'`,
        ];
        expect(parseObject(sql.filter(Boolean).join("\n"))).toEqual(model);
      }),
    );
  });
});
