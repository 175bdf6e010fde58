import { describe, expect, it } from "vitest";
import { compareGrants } from "../../../warehouse/access/compare-grants";
import { statementsOf } from "../../../warehouse/access/difference";
import { Privileges } from "../../../warehouse/access/privileges";
import type { Grant, Grantee } from "../../../warehouse/access/state";

const privileges = new Privileges([
  { privilege: "SHOW", level: null, parent_group: "ALL" },
  { privilege: "SHOW TABLES", level: "TABLE", parent_group: "SHOW" },
  { privilege: "SHOW COLUMNS", level: "COLUMN", parent_group: "SHOW" },
  { privilege: "SHOW DATABASES", level: "DATABASE", parent_group: "SHOW" },
  { privilege: "SELECT", level: "COLUMN", parent_group: "ALL" },
  { privilege: "INSERT", level: "COLUMN", parent_group: "ALL" },
  { privilege: "KILL QUERY", level: "GLOBAL", parent_group: "ALL" },
  { privilege: "SET DEFINER", level: "DEFINER", parent_group: "ALL" },
  { privilege: "ALL", level: null, parent_group: null },
]);

interface Given {
  grants?: Partial<Grant>[];
  roles?: Grantee["roles"];
}

/** A grantee as a server shows it; a right is SELECT ON z.t unless it says otherwise. */
function grantee({ grants = [], roles = [] }: Given): Grantee {
  const plain: Grant = { revoke: false, option: false, privilege: "SELECT", columns: [], object: "z.t" };
  return {
    grants: grants.map((one) => ({ ...plain, ...one })),
    roles,
    settings: { profiles: [], settings: {} },
  };
}

function compare(declared: Given, live: Given) {
  const found = compareGrants("r", grantee(declared), grantee(live), privileges);
  return { says: found.map(({ text }) => text), fixes: statementsOf(found) };
}

/** Grants, each different from SELECT ON z.t in what it names. */
const given = (...grants: Partial<Grant>[]): Given => ({ grants });
const role = (admin: boolean): Given => ({ roles: [{ role: "a", admin }] });

describe("compareGrants", () => {
  it("names columns and gives them in one statement", () => {
    const columns = [{ columns: ["b"] }, { columns: ["a"] }, { privilege: "INSERT" }];
    expect(compare(given(...columns), {})).toEqual({
      says: ["r lacks INSERT, SELECT(b), SELECT(a) ON z.t"],
      fixes: ["GRANT SELECT(a, b), INSERT ON z.t TO r"],
    });
  });

  it("tells the grant option from the right", () => {
    expect(compare(given({}), given({ option: true }))).toEqual({
      says: ["r may pass on SELECT ON z.t, which is not declared"],
      fixes: ["REVOKE GRANT OPTION FOR SELECT ON z.t FROM r"],
    });
    expect(compare(given({ option: true }), given({}))).toEqual({
      says: ["r lacks SELECT ON z.t WITH GRANT OPTION"],
      fixes: ["GRANT SELECT ON z.t TO r WITH GRANT OPTION"],
    });
  });

  it("keeps declared holes in a wider right, and closes others", () => {
    const wide = { object: "z.*" };
    const hole = { revoke: true };
    expect(compare(given(wide, hole), given(wide))).toEqual({
      says: ["r lacks the revoke of SELECT ON z.t"],
      fixes: ["REVOKE SELECT ON z.t FROM r"],
    });
    expect(compare(given(wide), given(wide, hole))).toEqual({
      says: ["r has the revoke of SELECT ON z.t, which is not declared"],
      fixes: ["GRANT SELECT ON z.t TO r"],
    });
  });

  it("gives again what a revoke takes along", () => {
    const narrow = { option: true };
    expect(compare(given(narrow), given({ object: "z.*" }, narrow)).fixes).toEqual([
      "REVOKE SELECT ON z.* FROM r",
      "GRANT SELECT ON z.t TO r WITH GRANT OPTION",
    ]);
  });

  it("starts anew where a right is on something else than a table", () => {
    expect(compare(given({}), given({}, { privilege: "SET DEFINER", object: "d" }))).toEqual({
      says: ["r has SET DEFINER ON d, which is not declared"],
      fixes: ["REVOKE ALL ON *.* FROM r", "GRANT SELECT ON z.t TO r"],
    });
  });

  it("tells the admin option of a role from the role", () => {
    expect(compare(role(false), role(true))).toEqual({
      says: ["r may pass on the role a, which is not declared"],
      fixes: ["REVOKE ADMIN OPTION FOR a FROM r"],
    });
    expect(compare(role(true), role(false))).toEqual({
      says: ["r lacks the role a WITH ADMIN OPTION"],
      fixes: ["GRANT a TO r WITH ADMIN OPTION"],
    });
  });

  const ALL = ["SHOW TABLES", "SHOW COLUMNS", "SHOW DATABASES", "SELECT", "INSERT", "KILL QUERY"];

  it("names a whole group by its name, and revokes its members", () => {
    const all = compare({}, given(...ALL.map((privilege) => ({ privilege, object: "*.*" }))));
    expect(all.says).toEqual(["r has ALL ON *.*, which is not declared"]);
    expect(all.fixes).toEqual([`REVOKE ${ALL.join(", ")} ON *.* FROM r`]);
  });

  it("does not give what only another version of the server knows", () => {
    expect(compare(given({}, { privilege: "READ" }), {}).says).toEqual(["r lacks SELECT ON z.t"]);
  });
});
