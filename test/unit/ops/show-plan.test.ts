import { describe, expect, it } from "vitest";
import type { Difference } from "../../../warehouse/schema/difference";
import type { Plan } from "../../../warehouse/schema/plan";
import { planAnswer, showPlan } from "../../../ops/show-plan";

const PLAN: Plan = {
  databases: ["zakaz", "bi"],
  objects: 42,
  revision: { number: 3, name: "x", stamp: 0 },
  differences: [],
  pending: [],
  included: [],
  refused: [],
  changes: [],
};
const difference = (change: Partial<Difference>): Difference => ({
  object: "zakaz.t",
  aspect: "comment",
  wanted: "a",
  found: "",
  fix: "in place",
  statements: ["ALTER TABLE zakaz.t\n  MODIFY COMMENT 'a'"],
  ...change,
});

describe("planAnswer", () => {
  it("holds each difference with its statements", () => {
    const refused = difference({ fix: "refused", reason: "it is fixed", statements: [] });
    const plan = {
      ...PLAN,
      differences: [difference({}), refused],
      refused: [refused],
      changes: ["zakaz.t: comment"],
    };
    expect(JSON.parse(JSON.stringify(planAnswer(plan, "ch")))).toEqual({
      server: "ch",
      databases: ["zakaz", "bi"],
      objects: 42,
      revision: { number: 3, name: "x" },
      differences: [
        {
          ...{ object: "zakaz.t", aspect: "comment", wanted: "a", found: "", fix: "in place" },
          statements: ["ALTER TABLE zakaz.t\n  MODIFY COMMENT 'a'"],
        },
        {
          ...{ object: "zakaz.t", aspect: "comment", wanted: "a", found: "", fix: "refused" },
          ...{ reason: "it is fixed", statements: [] },
        },
      ],
      refused: ["zakaz.t: comment"],
      pendingMigrations: [],
      includedMigrations: [],
      neededPermissions: [],
      changes: ["zakaz.t: comment"],
    });
  });
});

describe("showPlan", () => {
  it("says in one line that nothing differs", () => {
    expect(showPlan(PLAN, "ch")).toBe("ch is as sql/ says: 2 databases, 42 tables and views, revision 3\n");
  });

  it("shows object by object what differs and how it is fixed", () => {
    const differences = [
      difference({}),
      difference({
        object: "bi.v",
        aspect: "is not in sql/",
        wanted: "",
        found: "view",
        fix: "left alone",
        reason: "it may hold data",
        statements: [],
      }),
      difference({ aspect: "TTL", found: "b" }),
    ];
    expect(showPlan({ ...PLAN, differences, changes: ["zakaz.t: comment"] }, "ch")).toBe(`zakaz.t
  comment   [in place]
    wanted  a
    found   -
    fix     ALTER TABLE zakaz.t MODIFY COMMENT 'a';
  TTL   [in place]
    wanted  a
    found   b
    fix     ALTER TABLE zakaz.t MODIFY COMMENT 'a';

bi.v
  is not in sql/   [left alone]
    wanted  -
    found   view
    why     it may hold data

3 differences between ch and sql/: 2 in place, 1 left alone. Fix it with pulumi up, or npx zakaz schema apply.
`);
  });

  it("says what is refused, and what only stands by", () => {
    const refused = [difference({ fix: "refused", reason: "it is fixed", statements: [] })];
    expect(showPlan({ ...PLAN, differences: refused, refused }, "ch")).toMatch(
      /1 difference between ch and sql\/: 1 refused\. An apply stops at what is refused\.\n$/,
    );
    const extra = [difference({ fix: "left alone", statements: [] })];
    expect(showPlan({ ...PLAN, differences: extra }, "ch")).toMatch(/sql\/: 1 left alone\.\n$/);
  });

  it("names pending migrations and the permission that they need", () => {
    const statement = {
      file: "sql/migrations/0001_a.sql",
      line: 1,
      text: "DROP VIEW zakaz.v",
      kind: "drop" as const,
    };
    const migration = {
      version: 1,
      name: "0001_a",
      file: statement.file,
      checksum: "",
      done: 0,
      statements: [statement],
    };
    expect(showPlan({ ...PLAN, pending: [migration], changes: ["migration 0001_a"] }, "ch")).toBe(
      `sql/migrations/0001_a.sql: to be run first, 1 statements

sql/migrations/0001_a.sql drops or rewrites zakaz.v: once there is a backup, allow it with npx zakaz schema apply --allow zakaz.v

0 differences between ch and sql/. Fix it with pulumi up, or npx zakaz schema apply.
`,
    );
  });

  it("shows of long texts the place where they part", () => {
    const common = "SELECT ".padEnd(300, "x");
    const shown = showPlan(
      { ...PLAN, differences: [difference({ wanted: `${common} wanted`, found: `${common} found` })] },
      "ch",
    );
    expect(shown).toContain(
      `    wanted  … ${"x".repeat(29)} wanted\n    found   … ${"x".repeat(29)} found\n`,
    );
  });
});
