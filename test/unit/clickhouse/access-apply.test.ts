import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AccessError } from "../../../clickhouse/access/access-error";
import type { Grant } from "../../../clickhouse/access/model";
import { withGrant } from "../../../clickhouse/access/grants";
import { renderUsersXml } from "../../../clickhouse/embedded/access/render";
import { applyAll, hash } from "./access-support";

const user = `CREATE USER u IDENTIFIED WITH sha256_hash BY '${hash}'`;

const errorOf = (...statements: string[]) => {
  try {
    applyAll(statements);
  } catch (error) {
    if (error instanceof AccessError) return { code: error.code, message: error.message };
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
    const before = applyAll([`${user} HOST LOCAL SETTINGS PROFILE \`admin_profile\``]);
    const after = applyAll(["ALTER USER u IDENTIFIED BY 'new'"], before);
    expect(after.users["u"]).toEqual({
      ...before.users["u"],
      passwordSha256: after.users["u"]?.passwordSha256,
    });
    expect(after.users["u"]?.passwordSha256).not.toBe(hash);
    expect(before.users["u"]?.passwordSha256).toBe(hash);
  });

  it("CREATE grants its default roles, ALTER asks for them to be granted", () => {
    const model = applyAll(["CREATE ROLE r", `${user} DEFAULT ROLE r`]);
    expect(model.users["u"]?.roles).toEqual([{ role: "r", admin: false }]);
    expect(errorOf("CREATE ROLE r", user, "ALTER USER u DEFAULT ROLE r")).toMatchObject({ code: 512 });
  });

  it("IF NOT EXISTS changes nothing, OR REPLACE begins anew", () => {
    const start = ["CREATE ROLE r", "GRANT SELECT ON z.t TO r"];
    expect(applyAll([...start, "CREATE ROLE IF NOT EXISTS r"])).toEqual(applyAll(start));
    expect(applyAll([...start, "CREATE ROLE OR REPLACE r"]).roles["r"]?.grants).toEqual([]);
    expect(errorOf("CREATE ROLE r", "CREATE ROLE r")).toEqual({
      code: 493,
      message:
        "role `r`: cannot insert because role `r` already exists in the access file. (ACCESS_ENTITY_ALREADY_EXISTS)",
    });
  });

  it("answers what does not exist with the server's codes", () => {
    expect(errorOf("ALTER USER nobody HOST ANY")).toEqual({
      code: 192,
      message: "There is no user `nobody`. (UNKNOWN_USER)",
    });
    expect(errorOf("DROP ROLE nobody")?.code).toBe(511);
    expect(errorOf("DROP SETTINGS PROFILE nobody")?.code).toBe(180);
    expect(errorOf("DROP QUOTA nobody")?.code).toBe(199);
    expect(errorOf(`${user} SETTINGS PROFILE nobody`)?.code).toBe(180);
    expect(errorOf("GRANT SELECT ON z.t TO nobody")?.code).toBe(511);
    expect(errorOf(user, "GRANT nobody TO u")?.code).toBe(511);
    // Names that every JavaScript object has.
    expect(errorOf("ALTER USER constructor HOST ANY")?.code).toBe(192);
    expect(errorOf("GRANT SELECT ON z.t TO toString")?.code).toBe(511);
    expect(errorOf("DROP USER IF EXISTS nobody", "ALTER USER IF EXISTS nobody HOST ANY")).toBeUndefined();
  });

  it("does not touch what the configuration files define", () => {
    for (const statement of [
      "ALTER USER admin HOST ANY",
      "DROP USER IF EXISTS admin",
      "GRANT SELECT ON z.t TO admin",
    ]) {
      expect(errorOf(statement)?.code).toBe(495);
    }
    expect(errorOf("ALTER SETTINGS PROFILE admin_profile DROP ALL SETTINGS")?.code).toBe(495);
  });

  it("forgets a dropped role everywhere", () => {
    const model = applyAll([
      "CREATE ROLE r",
      `${user} DEFAULT ROLE r`,
      "CREATE SETTINGS PROFILE p TO r",
      "CREATE QUOTA q KEYED BY user_name TO r, u",
      "DROP ROLE r",
    ]);
    expect(model.users["u"]).toMatchObject({ roles: [], defaultRoles: { all: false, names: [] } });
    expect(model.profiles["p"]?.to).toEqual([]);
    expect(model.quotas["q"]?.to).toEqual(["u"]);
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

describe("renderUsersXml", () => {
  it("says everything the model holds", () => {
    const model = applyAll([
      "CREATE ROLE `role-1`",
      "CREATE ROLE outer",
      "GRANT `role-1` TO outer",
      "GRANT SELECT(a, `b c`), INSERT ON z.t TO `role-1` WITH GRANT OPTION",
      "CREATE SETTINGS PROFILE p SETTINGS readonly = 2, max_threads = 2 MIN 1 MAX 4 CONST, INHERIT default TO outer",
      "CREATE QUOTA q KEYED BY user_name FOR RANDOMIZED INTERVAL 1 hour MAX queries = 5 TO `role-1`",
      `CREATE USER reader IDENTIFIED WITH sha256_hash BY '${hash}' HOST LOCAL, IP '10.0.0.0/8' DEFAULT ROLE outer`,
      `CREATE USER definer IDENTIFIED WITH sha256_hash BY '${hash}' HOST NONE SETTINGS max_threads = 1`,
      "GRANT SELECT ON z.* TO definer",
      "REVOKE SELECT ON z.secret FROM definer",
    ]);
    expect(renderUsersXml(model)).toMatchInlineSnapshot(`
      "<clickhouse>
        <profiles>
          <p>
            <profile>default</profile>
            <readonly>2</readonly>
            <max_threads>2</max_threads>
            <constraints>
              <max_threads>
                <min>1</min>
                <max>4</max>
                <const></const>
              </max_threads>
            </constraints>
          </p>
          <definer_own_profile>
            <max_threads>1</max_threads>
          </definer_own_profile>
        </profiles>
        <quotas>
          <q>
            <interval>
              <duration>3600</duration>
              <randomize>true</randomize>
              <queries>5</queries>
            </interval>
          </q>
        </quotas>
        <roles>
          <outer>
            <grants>
              <query>GRANT \`role-1\`</query>
            </grants>
          </outer>
          <role-1>
            <grants>
              <query>GRANT SELECT(\`a\`, \`b c\`) ON z.t WITH GRANT OPTION</query>
              <query>GRANT INSERT ON z.t WITH GRANT OPTION</query>
            </grants>
          </role-1>
        </roles>
        <users>
          <definer>
            <password_sha256_hex>9a4aabf0e5cf71cae2cea646613ce7e2a5919fa758e56819704be25a3a2c1f0b</password_sha256_hex>
            <networks></networks>
            <profile>definer_own_profile</profile>
            <quota>default</quota>
            <grants>
              <query>GRANT SELECT ON z.*</query>
              <query>REVOKE SELECT ON z.secret</query>
            </grants>
          </definer>
          <reader>
            <password_sha256_hex>9a4aabf0e5cf71cae2cea646613ce7e2a5919fa758e56819704be25a3a2c1f0b</password_sha256_hex>
            <networks>
              <ip>127.0.0.1</ip>
              <ip>::1</ip>
              <ip>10.0.0.0/8</ip>
            </networks>
            <profile>p</profile>
            <quota>q</quota>
            <grants>
              <query>GRANT \`outer\`</query>
            </grants>
          </reader>
        </users>
      </clickhouse>
      "
    `);
  });

  it("never leaves out networks or grants: a missing block would mean all of them", () => {
    const xml = renderUsersXml(applyAll([`${user} HOST NONE`, "CREATE ROLE r"]));
    expect(xml).toContain("<networks></networks>");
    expect(xml.match(/<grants><\/grants>/g)).toHaveLength(2);
  });

  it("gives a user only its default roles", () => {
    const xml = renderUsersXml(
      applyAll(["CREATE ROLE a", "CREATE ROLE b", user, "GRANT a, b TO u", "SET DEFAULT ROLE a TO u"]),
    );
    expect(xml).toContain("GRANT `a`");
    expect(xml).not.toContain("GRANT `b`");
  });

  it("does not depend on the order in which things were made", () => {
    const [a, b] = ["CREATE ROLE a", "CREATE ROLE b"];
    expect(renderUsersXml(applyAll([a, b]))).toBe(renderUsersXml(applyAll([b, a])));
  });

  it("refuses two quotas for one user", () => {
    const model = applyAll([
      user,
      "CREATE QUOTA q1 KEYED BY user_name TO u",
      "CREATE QUOTA q2 KEYED BY user_name TO u",
    ]);
    expect(() => renderUsersXml(model)).toThrow("two quotas for user `u` (`q1`, `q2`)");
  });

  it("escapes values", () => {
    const model = applyAll(["CREATE SETTINGS PROFILE p SETTINGS format_csv_delimiter = '<&>'"]);
    expect(renderUsersXml(model)).toContain("<format_csv_delimiter>&lt;&amp;&gt;</format_csv_delimiter>");
  });
});
