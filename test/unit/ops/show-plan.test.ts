import { describe, expect, it } from "vitest";
import type { Difference } from "../../../warehouse/schema/difference";
import type { Plan } from "../../../warehouse/schema/plan";
import { showPlan } from "../../../ops/show-plan";

const PLAN: Plan = {
  databases: ["zakaz", "bi"],
  objects: 42,
  revision: { number: 3, name: "x" },
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
  remedy: "in place",
  statements: ["ALTER TABLE zakaz.t\n  MODIFY COMMENT 'a'"],
  ...change,
});

describe("showPlan", () => {
  it("says in one line that nothing differs", () => {
    expect(showPlan(PLAN, "ch")).toBe("ch is as sql/ says: 2 databases, 42 tables and views, revision 3\n");
  });

  it("shows object by object what differs and how it is mended", () => {
    const differences = [
      difference({}),
      difference({
        object: "bi.v",
        aspect: "is not in sql/",
        wanted: "",
        found: "view",
        remedy: "left alone",
        reason: "it may hold data",
        statements: [],
      }),
      difference({ aspect: "TTL", found: "b" }),
    ];
    expect(showPlan({ ...PLAN, differences, changes: ["zakaz.t: comment"] }, "ch")).toBe(`zakaz.t
  comment   [in place]
    wanted  a
    found   -
    mend    ALTER TABLE zakaz.t MODIFY COMMENT 'a';
  TTL   [in place]
    wanted  a
    found   b
    mend    ALTER TABLE zakaz.t MODIFY COMMENT 'a';

bi.v
  is not in sql/   [left alone]
    wanted  -
    found   view
    why     it may hold data

3 differences between ch and sql/: 2 in place, 1 left alone. Mend it with pulumi up, or npx zakaz schema apply.
`);
  });

  it("says what is refused, and what only stands by", () => {
    const refused = [difference({ remedy: "refused", reason: "it is fixed", statements: [] })];
    expect(showPlan({ ...PLAN, differences: refused, refused }, "ch")).toMatch(
      /1 difference between ch and sql\/: 1 refused\. An apply stops at what is refused\.\n$/,
    );
    const extra = [difference({ remedy: "left alone", statements: [] })];
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

sql/migrations/0001_a.sql takes away or rewrites zakaz.v: once there is a backup, permit it by npx zakaz schema apply --allow zakaz.v

0 differences between ch and sql/. Mend it with pulumi up, or npx zakaz schema apply.
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
