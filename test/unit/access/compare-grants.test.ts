import { describe, expect, it } from "vitest";
import type { Grant, Grantee } from "../../../warehouse/access/statements/model";
import { parseAccessStatement } from "../../../warehouse/access/statements/parse";
import { compareGrants } from "../../../warehouse/access/compare-grants";
import { statementsOf } from "../../../warehouse/access/difference";
import { Privileges, formatObject } from "../../../warehouse/access/privileges";

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

/** A grantee with what canonical statements give it. */
function grantee(...statements: string[]): Grantee {
  const grants: Grant[] = [];
  const roles: Grantee["roles"] = [];
  for (const statement of statements.map((text) => parseAccessStatement(text))) {
    if (statement.kind === "grant") grants.push(...statement.grants);
    if (statement.kind === "grantRoles") {
      roles.push(...statement.roles.map((role) => ({ role, admin: statement.admin })));
    }
  }
  return { grants: privileges.normal(grants), roles, settings: { profiles: [], settings: {} } };
}

function compare(declared: string[], live: string[]) {
  const found = compareGrants("r", grantee(...declared), grantee(...live), privileges);
  return { says: found.map(({ text }) => text), fixes: statementsOf(found) };
}

describe("compareGrants", () => {
  it("takes a group and its members for the same", () => {
    const members = "GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON z.* TO r";
    expect(compare(["GRANT SHOW ON z.* TO r"], [members])).toEqual({ says: [], fixes: [] });
    expect(compare(["GRANT SHOW ON z.t TO r"], ["GRANT SHOW TABLES, SHOW COLUMNS ON z.t TO r"]).says).toEqual(
      [],
    );
  });

  it("takes a right inside a wider one for nothing", () => {
    const wide = "GRANT SELECT ON z.* TO r";
    expect(compare([wide, "GRANT SELECT ON z.t TO r", "GRANT SELECT(a) ON z.u TO r"], [wide]).says).toEqual(
      [],
    );
    expect(compare([wide, "GRANT SELECT ON z.t TO r WITH GRANT OPTION"], [wide]).says).toEqual([
      "r lacks SELECT ON z.t WITH GRANT OPTION",
    ]);
  });

  it("does not care how names are quoted", () => {
    expect(formatObject("`zakaz`.`my table`")).toBe("zakaz.`my table`");
    expect(compare(["GRANT SELECT ON `z`.t TO r"], ["GRANT SELECT ON z.`t` TO r"]).says).toEqual([]);
  });

  it("names columns and gives them in one statement", () => {
    expect(compare(["GRANT SELECT(b, a), INSERT ON z.t TO r"], [])).toEqual({
      says: ["r lacks INSERT, SELECT(a), SELECT(b) ON z.t"],
      fixes: ["GRANT SELECT(a, b), INSERT ON z.t TO r"],
    });
  });

  it("tells the grant option from the right", () => {
    const plain = "GRANT SELECT ON z.t TO r";
    const option = `${plain} WITH GRANT OPTION`;
    expect(compare([plain], [option])).toEqual({
      says: ["r may pass on SELECT ON z.t, which is not declared"],
      fixes: ["REVOKE GRANT OPTION FOR SELECT ON z.t FROM r"],
    });
    expect(compare([option], [plain])).toEqual({
      says: ["r lacks SELECT ON z.t WITH GRANT OPTION"],
      fixes: [option],
    });
  });

  it("keeps declared holes in a wider right, and closes others", () => {
    const wide = "GRANT SELECT ON z.* TO r";
    const hole = "REVOKE SELECT ON z.t FROM r";
    expect(compare([wide, hole], [wide])).toEqual({
      says: ["r lacks the revoke of SELECT ON z.t"],
      fixes: ["REVOKE SELECT ON z.t FROM r"],
    });
    expect(compare([wide], [wide, hole])).toEqual({
      says: ["r has the revoke of SELECT ON z.t, which is not declared"],
      fixes: ["GRANT SELECT ON z.t TO r"],
    });
  });

  it("gives again what a revoke takes along", () => {
    const narrow = "GRANT SELECT ON z.t TO r WITH GRANT OPTION";
    expect(compare([narrow], ["GRANT SELECT ON z.* TO r", narrow]).fixes).toEqual([
      "REVOKE SELECT ON z.* FROM r",
      narrow,
    ]);
  });

  it("starts anew where a right is on something else than a table", () => {
    const right = "GRANT SELECT ON z.t TO r";
    expect(compare([right], [right, "GRANT SET DEFINER ON d TO r"])).toEqual({
      says: ["r has SET DEFINER ON d, which is not declared"],
      fixes: ["REVOKE ALL ON *.* FROM r", right],
    });
  });

  it("tells the admin option of a role from the role", () => {
    expect(compare(["GRANT a TO r"], ["GRANT a TO r WITH ADMIN OPTION"])).toEqual({
      says: ["r may pass on the role a, which is not declared"],
      fixes: ["REVOKE ADMIN OPTION FOR a FROM r"],
    });
    expect(compare(["GRANT a TO r WITH ADMIN OPTION"], ["GRANT a TO r"])).toEqual({
      says: ["r lacks the role a WITH ADMIN OPTION"],
      fixes: ["GRANT a TO r WITH ADMIN OPTION"],
    });
  });

  it("names a whole group by its name, and revokes its members", () => {
    const all = compare([], ["GRANT ALL ON *.* TO r"]);
    expect(all.says).toEqual(["r has ALL ON *.*, which is not declared"]);
    expect(all.fixes).toEqual([
      "REVOKE SHOW TABLES, SHOW COLUMNS, SHOW DATABASES, SELECT, INSERT, KILL QUERY ON *.* FROM r",
    ]);
  });
});
