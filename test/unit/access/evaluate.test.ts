import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeclarationError } from "../../../warehouse/access/statements/declaration-error";
import type { Grant } from "../../../warehouse/access/statements/model";
import { withGrant } from "../../../warehouse/access/statements/grants";
import { applyAll, hash } from "./support";

const user = `CREATE USER u IDENTIFIED WITH sha256_hash BY '${hash}'`;

const errorOf = (...statements: string[]) => {
  try {
    applyAll(statements);
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  return undefined;
};

/** Grants and revokes of one grantee, as applied one after another. */
const granted = (...statements: string[]) =>
  applyAll(["CREATE ROLE r", ...statements]).roles["r"]?.grants ?? [];
const spelt = (grants: Grant[]) =>
  grants.map((one) => `${one.revoke ? "-" : "+"}${one.privilege} ${one.object}`);

describe("applyStatement", () => {
  it("leaves out of a change what it does not name", () => {
    const before = applyAll([
      `${user} HOST LOCAL DEFAULT DATABASE z SETTINGS PROFILE \`default\` GRANTEES NONE`,
    ]);
    const other = "b".repeat(64);
    const after = applyAll([`ALTER USER u IDENTIFIED WITH sha256_hash BY '${other}'`], before);
    expect(after.users["u"]).toEqual({ ...before.users["u"], passwordSha256: other });
    expect(before.users["u"]?.passwordSha256).toBe(hash);
  });

  it("puts SETTINGS in place of all there were, and single steps on top of them", () => {
    const start = ["CREATE SETTINGS PROFILE p SETTINGS max_threads = 1, INHERIT default"];
    const settings = (...statements: string[]) => applyAll([...start, ...statements]).profiles["p"]?.settings;
    expect(settings("ALTER SETTINGS PROFILE p SETTINGS final = 1")).toEqual({
      profiles: [],
      settings: { final: { value: "1" } },
    });
    expect(settings("ALTER SETTINGS PROFILE p ADD SETTING final = 1")).toEqual({
      profiles: ["default"],
      settings: { max_threads: { value: "1" }, final: { value: "1" } },
    });
    expect(settings("ALTER SETTINGS PROFILE p SETTINGS NONE")).toEqual({ profiles: [], settings: {} });
  });

  it("CREATE grants its default roles, ALTER asks for them to be granted", () => {
    const model = applyAll(["CREATE ROLE r", `${user} DEFAULT ROLE r`]);
    expect(model.users["u"]?.roles).toEqual([{ role: "r", admin: false }]);
    expect(errorOf("CREATE ROLE r", user, "ALTER USER u DEFAULT ROLE r")).toBe(
      "the role `r` is not granted to `u`, so it cannot be a default role",
    );
  });

  it("IF NOT EXISTS changes nothing, OR REPLACE begins anew", () => {
    const start = ["CREATE ROLE r", "GRANT SELECT ON z.t TO r"];
    expect(applyAll([...start, "CREATE ROLE IF NOT EXISTS r"])).toEqual(applyAll(start));
    expect(applyAll([...start, "CREATE ROLE OR REPLACE r"]).roles["r"]?.grants).toEqual([]);
    expect(errorOf("CREATE ROLE r", "CREATE ROLE r")).toBe("the role `r` is declared already");
  });

  it.each([
    ["ALTER USER nobody HOST ANY", "user `nobody`"],
    ["ALTER ROLE nobody SETTINGS NONE", "role `nobody`"],
    ["ALTER SETTINGS PROFILE nobody TO NONE", "settings profile `nobody`"],
    ["ALTER QUOTA default TO NONE", "quota `default`"],
    [`${user} SETTINGS PROFILE nobody`, "settings profile `nobody`"],
    [`${user} GRANTEES nobody`, "user or role `nobody`"],
    ["GRANT SELECT ON z.t TO nobody", "user or role `nobody`"],
    [`GRANT nobody TO u`, "user or role `u`"],
    ["CREATE QUOTA q KEYED BY user_name TO ALL EXCEPT nobody", "user or role `nobody`"],
    // Names that every JavaScript object has.
    ["ALTER USER constructor HOST ANY", "user `constructor`"],
    ["GRANT SELECT ON z.t TO toString", "user or role `toString`"],
  ])("refuses what names somebody or something that is not declared before it: %s", (statement, what) => {
    expect(errorOf(statement)).toBe(`no ${what} is declared before this`);
  });

  it("leaves out what IF EXISTS does not find", () => {
    expect(applyAll(["ALTER USER IF EXISTS nobody HOST ANY"]).users).toEqual({});
  });

  it("replaces a quota's interval of the same length", () => {
    const model = applyAll([
      "CREATE QUOTA q KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 1, FOR INTERVAL 1 day MAX queries = 9",
      "ALTER QUOTA q FOR INTERVAL 60 minute MAX errors = 2",
    ]);
    expect(model.quotas["q"]?.intervals).toEqual([
      { seconds: 3600, randomized: false, limits: { errors: 2 } },
      { seconds: 86400, randomized: false, limits: { queries: 9 } },
    ]);
  });
});

describe("withGrant", () => {
  it("drops what a wider one covers", () => {
    expect(spelt(granted("GRANT SELECT ON z.t TO r", "GRANT SELECT ON z.* TO r"))).toEqual(["+SELECT z.*"]);
    expect(spelt(granted("GRANT SELECT ON z.* TO r", "GRANT SELECT ON z.t TO r"))).toEqual(["+SELECT z.*"]);
    expect(spelt(granted("GRANT SELECT ON z.t, INSERT ON y.t TO r", "REVOKE ALL ON *.* FROM r"))).toEqual([]);
    expect(spelt(granted("GRANT INSERT ON z.t TO r", "REVOKE INSERT ON z.* FROM r"))).toEqual([]);
  });

  it("keeps a hole in a wider grant, and fills it again", () => {
    const hole = ["GRANT SELECT ON z.* TO r", "REVOKE SELECT ON z.t FROM r"];
    expect(spelt(granted(...hole))).toEqual(["+SELECT z.*", "-SELECT z.t"]);
    expect(spelt(granted(...hole, "GRANT SELECT ON z.* TO r"))).toEqual(["+SELECT z.*"]);
    expect(spelt(granted(...hole, "GRANT SELECT ON z.t TO r"))).toEqual(["+SELECT z.*", "+SELECT z.t"]);
  });

  it("tells columns and the grant option apart", () => {
    expect(granted("GRANT SELECT(a) ON z.t TO r", "GRANT SELECT(b) ON z.t TO r")).toHaveLength(2);
    expect(granted("GRANT SELECT ON z.t TO r WITH GRANT OPTION", "GRANT SELECT ON z.t TO r")).toMatchObject([
      { option: true },
    ]);
    expect(granted("GRANT SELECT ON z.t TO r", "GRANT SELECT ON z.t TO r WITH GRANT OPTION")).toMatchObject([
      { option: true },
    ]);
  });

  const grant = fc.record({
    revoke: fc.boolean(),
    option: fc.boolean(),
    privilege: fc.constantFrom<string[]>("ALL", "SELECT", "INSERT", "SHOW TABLES"),
    columns: fc.constantFrom<string[][]>([], ["a"], ["a", "b"]),
    object: fc.constantFrom<string[]>("*.*", "z.*", "z.t", "z.u", "y.t"),
  });

  it("does not grow when a script is repeated", () => {
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 8 }), (script) => {
        const run = (list: Grant[]) => script.reduce<Grant[]>(withGrant, list);
        const once = run([]);
        expect(run(run(once))).toEqual(run(once));
      }),
    );
  });

  /** A plain account of the rights on some cells: what every list must come to. */
  const meaning = (list: Grant[]) => {
    const cells = new Map<string, { held: boolean; option: boolean }>();
    for (const one of list) {
      for (const privilege of ["SELECT", "INSERT", "SHOW TABLES"]) {
        for (const object of ["z.t", "z.u", "z.v", "y.t", "x.t"]) {
          for (const column of ["a", "b", "c"]) {
            const covered =
              (one.privilege === "ALL" || one.privilege === privilege) &&
              (one.object === "*.*" || one.object === object || one.object === `${object.slice(0, 1)}.*`) &&
              (one.columns.length === 0 || one.columns.includes(column));
            if (!covered) continue;
            const key = `${privilege} ${object} ${column}`;
            const cell = cells.get(key) ?? { held: false, option: false };
            if (!one.revoke) cells.set(key, { held: true, option: cell.option || one.option });
            else cells.set(key, one.option ? { ...cell, option: false } : { held: false, option: false });
          }
        }
      }
    }
    return [...cells].filter(([, cell]) => cell.held).sort();
  };

  it("means what the statements mean one after another", () => {
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 8 }), (script) => {
        expect(meaning(script.reduce<Grant[]>(withGrant, []))).toEqual(meaning(script));
      }),
      { numRuns: 1000 },
    );
  });
});
