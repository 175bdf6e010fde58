import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AccessError } from "../../../clickhouse/access/access-error";
import { unquote } from "../../../clickhouse/access/cursor";
import { sha256Hex } from "../../../clickhouse/access/hash";
import { mask } from "../../../clickhouse/embedded/access/mask";
import { parseAccessStatement } from "../../../clickhouse/access/parse";
import { hash } from "./access-support";

describe("parseAccessStatement", () => {
  it("reads a user with everything", () => {
    const text =
      `CREATE USER IF NOT EXISTS etl, \`b-2\` IDENTIFIED WITH sha256_hash BY '${hash}' HOST LOCAL, IP '172.18.0.0/16', '10.20.0.0/16' ` +
      "DEFAULT ROLE r1, r2 SETTINGS PROFILE `p`, max_threads = 2 MIN 1 MAX 4 CONST, x = 's' CHANGEABLE_IN_READONLY";
    expect(parseAccessStatement(text)).toEqual({
      kind: "create",
      entity: "users",
      names: ["etl", "b-2"],
      ifExists: "skip",
      change: {
        passwordSha256: hash,
        hosts: ["LOCAL", "172.18.0.0/16", "10.20.0.0/16"],
        defaultRoles: { all: false, names: ["r1", "r2"] },
        settings: [
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

  it.each(["BY 'x'", "WITH plaintext_password BY 'x'", "WITH sha256_password BY 'x'"])(
    "hashes IDENTIFIED %s",
    (how) => {
      expect(parseAccessStatement(`ALTER USER u IDENTIFIED ${how}`)).toEqual({
        kind: "alter",
        entity: "users",
        names: ["u"],
        ifMissing: "fail",
        change: { passwordSha256: sha256Hex("x") },
      });
    },
  );

  it("reads profiles as the engine spells their ALTER", () => {
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
        to: ["r", "u"],
      },
    });
  });

  it("reads a profile and a quota that are given to nobody", () => {
    expect(parseAccessStatement("ALTER SETTINGS PROFILE `p` TO NONE")).toMatchObject({ change: { to: [] } });
    expect(parseAccessStatement("ALTER QUOTA q TO NONE")).toMatchObject({ change: { to: [] } });
  });

  it("reads quotas with several intervals", () => {
    const text =
      "CREATE QUOTA q KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000, execution_time = 14400.5, " +
      "FOR RANDOMIZED INTERVAL 1 day NO LIMITS TO r1";
    expect(parseAccessStatement(text)).toMatchObject({
      change: {
        keyedBy: "user_name",
        intervals: [
          {
            seconds: 3600,
            randomized: false,
            limits: { queries: 20000, execution_time: 14400.5 },
            remove: false,
          },
          { seconds: 86400, randomized: true, limits: {}, remove: true },
        ],
        to: ["r1"],
      },
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

  it("reads roles given and taken", () => {
    expect(parseAccessStatement("GRANT r1, r2 TO u WITH ADMIN OPTION")).toEqual({
      kind: "grantRoles",
      roles: ["r1", "r2"],
      admin: true,
      to: ["u"],
      replace: false,
    });
    expect(parseAccessStatement("REVOKE ADMIN OPTION FOR r FROM u")).toEqual({
      kind: "revokeRoles",
      roles: ["r"],
      adminOnly: true,
      from: ["u"],
    });
    expect(parseAccessStatement("SET DEFAULT ROLE ALL EXCEPT a TO b")).toEqual({
      kind: "setDefaultRole",
      roles: { all: true, names: ["a"] },
      to: ["b"],
    });
  });

  it.each([
    "CREATE USER u",
    "CREATE USER u IDENTIFIED WITH no_password",
    "CREATE USER u IDENTIFIED WITH double_sha1_password BY 'x'",
    "CREATE USER u IDENTIFIED WITH plaintext_password BY 'a', sha256_password BY 'b'",
    `CREATE USER u IDENTIFIED WITH sha256_hash BY '${hash}' SALT 'x'`,
    "CREATE USER u IDENTIFIED WITH sha256_hash BY 'abc'",
    "CREATE USER u IDENTIFIED BY 'x' VALID UNTIL '2030-01-01'",
    "CREATE USER u IDENTIFIED BY 'x' HOST LIKE '%'",
    "CREATE USER u@'localhost' IDENTIFIED BY 'x'",
    "CREATE USER `a b` IDENTIFIED BY 'x'",
    "CREATE USER u IN local_directory IDENTIFIED BY 'x'",
    "ALTER USER u RENAME TO 'x'",
    "ALTER USER u ON CLUSTER c HOST ANY",
    "ALTER USER u MODIFY SETTING a = 1",
    "CREATE QUOTA q FOR INTERVAL 1 hour MAX queries = 1",
    "CREATE QUOTA q KEYED BY user_name FOR INTERVAL 1 month MAX queries = 1",
    "CREATE SETTINGS PROFILE `p` TO ALL",
    "CREATE ROW POLICY p ON a.b FOR SELECT USING 1 TO ALL",
    "GRANT CURRENT GRANTS(ALL ON *.*) TO u",
    "GRANT SELECT ON z.* TO u EXCEPT x",
    "REVOKE ALL FROM u",
    "SET DEFAULT ROLE a TO CURRENT_USER",
  ])("refuses %s", (text) => {
    expect(() => parseAccessStatement(text)).toThrow(AccessError);
    expect(() => parseAccessStatement(text)).toThrow(
      "The embedded engine cannot keep this in its access file",
    );
  });
});

describe("mask", () => {
  const secret = fc.string({ minLength: 12 }).filter((text) => !/^[a-z_\s]*$/i.test(text));
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const forms = fc.constantFrom(
    (password: string) =>
      `ALTER USER u IDENTIFIED WITH plaintext_password BY ${password} HOST IP '10.0.0.0/8'`,
    (password: string) =>
      `CREATE USER u IDENTIFIED WITH plaintext_password BY 'a', sha256_password BY ${password}`,
    (password: string) => `CREATE USER u IDENTIFED ${password}`,
    (password: string) => `CREATE USER u HOST LOCAL IDENTIFIED BY ${password}`,
    (password: string) => `ALTER USER u /* ${password.replaceAll("*/", "")} */ HOST ANY`,
  );

  it("lets no password through, well spelt or not", () => {
    fc.assert(
      fc.property(secret, forms, (password, form) => {
        expect(mask(form(quoted(password))).text).not.toContain(quoted(password).slice(1, -1));
      }),
    );
  });

  it("gives every password back to the parser", () => {
    fc.assert(
      fc.property(fc.string(), (password) => {
        const masked = mask(`ALTER USER u IDENTIFIED BY ${quoted(password)}`);
        expect(parseAccessStatement(masked.text, masked.literals)).toMatchObject({
          change: { passwordSha256: sha256Hex(password) },
        });
      }),
    );
  });

  it("keeps addresses, which the engine brings into canonical form", () => {
    expect(mask("CREATE USER u HOST IP '127.0.0.1', IP '::1' SETTINGS PROFILE 'p'").text).toBe(
      "CREATE USER u HOST IP '127.0.0.1', IP '::1' SETTINGS PROFILE 'zakaz_literal_0'",
    );
  });
});

describe("unquote", () => {
  it("undoes quoting", () => {
    expect(unquote("'it''s'")).toBe("it's");
    expect(unquote("'a\\'b\\\\c\\n'")).toBe("a'b\\c\n");
    expect(unquote('`a``b""`')).toBe('a`b""');
    expect(unquote("$tag$it's$tag$")).toBe("it's");
  });
});
