import { describe, expect, it } from "vitest";
import { unquote } from "../../../warehouse/access/statements/cursor";
import { DeclarationError } from "../../../warehouse/access/statements/declaration-error";
import { parseAccessStatement } from "../../../warehouse/access/statements/parse";
import { hash } from "./support";

describe("parseAccessStatement", () => {
  it("reads a user with everything", () => {
    const text =
      `CREATE USER IF NOT EXISTS etl, \`b-2 ключ\` IDENTIFIED WITH sha256_hash BY '${hash}' HOST LOCAL, IP '172.18.0.0/16', '10.20.0.0/16' ` +
      "DEFAULT DATABASE z DEFAULT ROLE r1, r2 SETTINGS PROFILE `p`, max_threads = 2 MIN 1 MAX 4 CONST, x = 's' CHANGEABLE_IN_READONLY " +
      "GRANTEES ANY EXCEPT r1, u";
    expect(parseAccessStatement(text)).toEqual({
      kind: "create",
      entity: "users",
      names: ["etl", "b-2 ключ"],
      ifExists: "skip",
      change: {
        passwordSha256: hash,
        hosts: ["LOCAL", "172.18.0.0/16", "10.20.0.0/16"],
        defaultDatabase: "z",
        defaultRoles: { all: false, names: ["r1", "r2"] },
        grantees: { all: true, names: ["r1", "u"] },
        settings: [
          { step: "dropSettings" },
          { step: "dropProfiles" },
          { step: "profile", name: "p" },
          {
            step: "setting",
            name: "max_threads",
            rule: { value: "2", min: "1", max: "4", writability: "CONST" },
          },
          { step: "setting", name: "x", rule: { value: "s", writability: "CHANGEABLE_IN_READONLY" } },
        ],
      },
    });
  });

  it("reads profiles as newer versions spell their ALTER", () => {
    const text =
      "ALTER SETTINGS PROFILE `p` DROP ALL SETTINGS, DROP ALL PROFILES, ADD PROFILE `d`, ADD SETTING x = -1.5 CONST TO r, u";
    expect(parseAccessStatement(text)).toMatchObject({
      change: {
        settings: [
          { step: "dropSettings" },
          { step: "dropProfiles" },
          { step: "profile", name: "d" },
          { step: "setting", name: "x", rule: { value: "-1.5", writability: "CONST" } },
        ],
        to: { all: false, names: ["r", "u"] },
      },
    });
  });

  it.each([
    ["NONE", { all: false, names: [] }],
    ["ALL", { all: true, names: [] }],
    ["ALL EXCEPT a, `b c`", { all: true, names: ["a", "b c"] }],
  ])("reads a profile and a quota that are given to %s", (names, to) => {
    expect(parseAccessStatement(`ALTER SETTINGS PROFILE p TO ${names}`)).toMatchObject({ change: { to } });
    expect(parseAccessStatement(`ALTER QUOTA q TO ${names}`)).toMatchObject({ change: { to } });
  });

  it("reads quotas with several intervals", () => {
    const text =
      "CREATE QUOTA q KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000, execution_time = 14400.5, " +
      "FOR RANDOMIZED INTERVAL 1 day NO LIMITS TO r1";
    expect(parseAccessStatement(text)).toMatchObject({
      change: {
        keys: ["user_name"],
        intervals: [
          {
            seconds: 3600,
            randomized: false,
            limits: { queries: 20000, execution_time: 14400.5 },
            remove: false,
          },
          { seconds: 86400, randomized: true, limits: {}, remove: true },
        ],
        to: { all: false, names: ["r1"] },
      },
    });
    const keysOf = (how: string) => parseAccessStatement(`ALTER QUOTA q ${how}`);
    expect(keysOf("KEYED BY client_key, user_name")).toMatchObject({
      change: { keys: ["client_key", "user_name"] },
    });
    expect(keysOf("NOT KEYED FOR INTERVAL 1 month TRACKING ONLY")).toMatchObject({
      change: { keys: [], intervals: [{ seconds: 2_629_746, limits: {} }] },
    });
  });

  it("reads privileges with columns, several objects and the grant option", () => {
    const grant = { revoke: false, option: true, columns: [] };
    expect(
      parseAccessStatement(
        "GRANT SELECT(b, a), ALTER UPDATE ON z.t, SHOW TABLES ON z.* TO r1, u1 WITH GRANT OPTION",
      ),
    ).toEqual({
      kind: "grant",
      grants: [
        { ...grant, privilege: "SELECT", columns: ["a", "b"], object: "z.t" },
        { ...grant, privilege: "ALTER UPDATE", object: "z.t" },
        { ...grant, privilege: "SHOW TABLES", object: "z.*" },
      ],
      to: ["r1", "u1"],
      replace: false,
    });
    expect(parseAccessStatement("REVOKE GRANT OPTION FOR ALL ON *.* FROM r1")).toMatchObject({
      grants: [{ revoke: true, option: true, privilege: "ALL", object: "*.*" }],
    });
  });

  it("reads roles given and made default", () => {
    expect(parseAccessStatement("GRANT r1, r2 TO u WITH ADMIN OPTION")).toEqual({
      kind: "grantRoles",
      roles: ["r1", "r2"],
      admin: true,
      to: ["u"],
      replace: false,
    });
    expect(parseAccessStatement("SET DEFAULT ROLE ALL EXCEPT a TO b")).toEqual({
      kind: "setDefaultRole",
      roles: { all: true, names: ["a"] },
      to: ["b"],
    });
  });

  it.each([
    ["CREATE USER u", "a user without IDENTIFIED WITH sha256_hash"],
    ["CREATE USER u IDENTIFIED WITH no_password", "`WITH no_password`"],
    ["CREATE USER u IDENTIFIED BY 'x'", "`BY '…'`"],
    ["CREATE USER u IDENTIFIED WITH plaintext_password BY 'x'", "`WITH plaintext_password BY '…'`"],
    [
      `ALTER USER u IDENTIFIED WITH sha256_hash BY '${hash}', sha256_password BY 'b'`,
      "`, sha256_password BY '…'`",
    ],
    [`CREATE USER u IDENTIFIED WITH sha256_hash BY '${hash}' SALT 'x'`, "`SALT '…'`"],
    ["CREATE USER u IDENTIFIED WITH sha256_hash BY 'abc'", "a sha256_hash that is not 64 hex digits"],
    [`CREATE USER u IDENTIFIED WITH sha256_hash BY '${hash}' VALID UNTIL '2030-01-01'`, "`VALID UNTIL '…'`"],
    ["ALTER USER u HOST LIKE '%'", "`LIKE '…'`"],
    ["ALTER USER u@'localhost' HOST ANY", "`@'…' HOST ANY`"],
    ["CREATE USER u IN local_directory IDENTIFIED BY 'x'", "`IN local_directory IDENTIFIED BY`"],
    ["ALTER USER u RENAME TO 'x'", "`RENAME TO '…'`"],
    ["ALTER USER u ON CLUSTER c HOST ANY", "`ON CLUSTER c HOST`"],
    ["ALTER USER u ADD IDENTIFIED BY 'x'", "`ADD IDENTIFIED BY '…'`"],
    ["ALTER USER u MODIFY SETTING a = 1", "`MODIFY SETTING a =`"],
    ["ALTER USER u DROP SETTING a", "`DROP SETTING a`"],
    [
      "CREATE QUOTA q KEYED BY user_name FOR INTERVAL 1 decade MAX queries = 1",
      "a quota's interval in `decade`",
    ],
    ["CREATE ROW POLICY p ON a.b FOR SELECT USING 1 TO ALL", "`CREATE ROW POLICY p`"],
    ["GRANT CURRENT GRANTS(ALL ON *.*) TO u", "`ON *.*`"],
    ["GRANT SELECT ON z.* TO ALL", "`ALL`"],
    ["GRANT SELECT ON z.* TO u EXCEPT x", "`EXCEPT x`"],
    ["REVOKE r FROM u", "REVOKE of `r` without ON"],
    ["SET DEFAULT ROLE a TO CURRENT_USER", "`CURRENT_USER`"],
    ["DROP USER u", "`DROP USER u`"],
    ["", "it ends too early"],
  ])("refuses %s", (text, what) => {
    expect(() => parseAccessStatement(text)).toThrow(DeclarationError);
    expect(() => parseAccessStatement(text)).toThrow(`this statement cannot be read by zakaz yet: ${what}`);
  });
});

describe("unquote", () => {
  it("undoes quoting", () => {
    expect(unquote("'it''s'")).toBe("it's");
    expect(unquote("'a\\'b\\\\c\\n'")).toBe("a'b\\c\n");
    expect(unquote('`a``b""`')).toBe('a`b""');
  });
});
