import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareTable } from "../../../warehouse/schema/compare-table";
import { parseObject, type Column, type TableModel } from "../../../warehouse/schema/model";
import { columnDeclaration, entryDeclaration } from "../../../warehouse/schema/render";
import { quoteText } from "../../../warehouse/sql/quote";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { SchemaServer } from "./support";

/** Types of a column, each of which holds all that those before it hold. */
const LADDERS = [
  ["UInt8", "UInt16", "UInt32", "Nullable(UInt64)"],
  ["String", "LowCardinality(String)", "LowCardinality(Nullable(String))"],
  ["Decimal(10, 2)", "Decimal(18, 2)", "Nullable(Decimal(20, 4))"],
  ["Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)", "Enum16('a' = 1, 'b' = 2, 'c' = 3)"],
];
const CODECS = [undefined, "CODEC(ZSTD(3))", "CODEC(LZ4)"];
const TEXTS = [undefined, "plain", "it's \\ `quoted`", "две\nстроки"];
const STATES = ["'ok'", "'late'", "'error'"];

/** One column as `sql/` may have it at an earlier and at a later time. */
interface Evolution {
  name: string;
  isNew: boolean;
  was: Omit<Column, "name">;
  is: Omit<Column, "name">;
}

/** Present for `undefined` too: what a column no longer has must be removed. */
const declared = (parts: object) =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Omit<
    Column,
    "name"
  >;

const evolution = (name: string): fc.Arbitrary<Evolution> =>
  fc.nat(LADDERS.length - 1).chain((ladder) => {
    const steps = LADDERS[ladder]!;
    const state = (days: fc.Arbitrary<number | undefined>, type: fc.Arbitrary<number>) =>
      fc.record({
        step: type,
        days,
        codec: fc.constantFrom(...CODECS),
        comment: fc.constantFrom(...TEXTS),
        hasDefault: fc.boolean(),
      });
    return fc
      .tuple(
        fc.boolean(),
        state(fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }), fc.nat(steps.length - 1)),
        state(fc.integer({ min: 10, max: 19 }), fc.nat(steps.length - 1)),
      )
      .map(([isNew, before, after]) => {
        const make = (at: typeof before, step: number, days: number | undefined) =>
          declared({
            type: steps[step],
            default: at.hasDefault
              ? {
                  kind: "DEFAULT",
                  expression: `defaultValueOfTypeName('${steps[step]!.replaceAll("'", "\\'")}')`,
                }
              : undefined,
            codec: at.codec,
            comment: at.comment,
            ttl: days === undefined ? undefined : `d + toIntervalDay(${days})`,
          });
        return {
          name,
          isNew,
          was: make(before, Math.min(before.step, after.step), before.days),
          is: make(
            after,
            Math.max(before.step, after.step),
            before.days === undefined ? undefined : after.days,
          ),
        };
      });
  });

const FIXED: Column[] = [
  { name: "id", type: "String" },
  { name: "d", type: "Date" },
];

const tables = fc
  .record({
    columns: fc.tuple(...["a", "b", "c", "d e"].map(evolution)),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
    comments: fc.tuple(fc.constantFrom(...TEXTS), fc.constantFrom(...TEXTS)),
    days: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(undefined, 10, 20)),
    states: fc.tuple(fc.nat(2), fc.nat(2)),
    checks: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map(({ columns, order, comments, days, states, checks }) => {
    const table = (i: 0 | 1, list: Column[]): TableModel => ({
      kind: "table",
      name: "prop.t",
      columns: list,
      entries: [
        ...(checks[i]
          ? [{ kind: "CONSTRAINT" as const, name: "chk_id", definition: "CHECK length(id) < 9" }]
          : []),
        {
          kind: "CONSTRAINT",
          name: "chk_state",
          definition: `CHECK id IN (${STATES.slice(0, (i === 0 ? Math.min(...states) : Math.max(...states)) + 1).join(", ")})`,
        },
      ],
      engine: "MergeTree",
      orderBy: "id",
      settings: {},
      ...(days[i] === undefined ? {} : { ttl: `d + toIntervalDay(${days[i]})` }),
      ...(comments[i] === undefined ? {} : { comment: comments[i] }),
    });
    const before = columns.filter(({ isNew }) => !isNew).map(({ name, was }) => ({ name, ...was }));
    const after = [...FIXED, ...columns.map(({ name, is }) => ({ name, ...is }))];
    return {
      was: table(0, [...FIXED, ...before]),
      is: table(
        1,
        order.map((i) => after[i]!),
      ),
    };
  });

function createStatement(model: TableModel): string {
  const items = [...model.columns.map(columnDeclaration), ...model.entries.map(entryDeclaration)];
  return [
    `CREATE TABLE ${model.name} (${items.join(", ")}) ENGINE = ${model.engine} ORDER BY ${model.orderBy}`,
    model.ttl && `TTL ${model.ttl}`,
    model.comment && `COMMENT ${quoteText(model.comment)}`,
  ]
    .filter(Boolean)
    .join(" ");
}

describe("any change in place", () => {
  let schema: SchemaServer;
  beforeAll(async () => {
    schema = new SchemaServer(await startServer());
    await schema.run("CREATE DATABASE prop");
  });
  afterAll(() => schema.close());

  const live = async () => {
    const [row] = await schema.warehouse.rows<{ shown: string; formatted: string }>(
      "SELECT create_table_query AS shown, formatQuery(create_table_query) AS formatted FROM system.tables WHERE database = 'prop'",
    );
    return row!;
  };
  const recreate = async (model: TableModel) => {
    await schema.run("DROP TABLE IF EXISTS prop.t SYNC", createStatement(model));
    return live();
  };

  it("ends in the same SHOW CREATE as a new table, and keeps the rows", async () => {
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(tables, async ({ was, is }) => {
        const fresh = await recreate(is);
        const old = await recreate(was);
        await schema.run("INSERT INTO prop.t (id, d) VALUES ('ok', '2100-01-01')");
        const wanted = parseObject(fresh.formatted) as TableModel;
        const differences = compareTable(wanted, parseObject(old.formatted) as TableModel);
        expect(differences.filter(({ fix }) => fix !== "in place")).toEqual([]);
        const statements = differences.flatMap((difference) => difference.statements);
        await schema.run(...statements);
        ran += statements.length;
        expect((await live()).shown).toBe(fresh.shown);
        expect(await schema.warehouse.rows("SELECT id, d FROM prop.t")).toEqual([
          { id: "ok", d: "2100-01-01" },
        ]);
      }),
      { numRuns: COUNTS.tableChanges },
    );
    expect(ran).toBeGreaterThan(25);
  });
});
