import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../../support/engine";

const run = promisify(execFile);
const readerPassword = "Reader-pass-1!";
const script = `
CREATE USER IF NOT EXISTS definer IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}' HOST NONE;
CREATE ROLE IF NOT EXISTS role_reader;
CREATE SETTINGS PROFILE IF NOT EXISTS reader_profile;
ALTER SETTINGS PROFILE reader_profile SETTINGS readonly = 2, max_memory_usage = 1000000000 MIN 1 MAX 1000000000, allow_ddl = 0 CONST;
CREATE USER IF NOT EXISTS reader IDENTIFIED BY '${readerPassword}' HOST ANY;
GRANT role_reader TO reader;
SET DEFAULT ROLE role_reader TO reader;
ALTER USER reader SETTINGS PROFILE 'reader_profile';
CREATE QUOTA IF NOT EXISTS reader_quota KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000 TO reader;
REVOKE ALL ON *.* FROM role_reader;
GRANT SELECT ON shop.v TO role_reader;
GRANT SHOW TABLES ON shop.* TO role_reader;
GRANT SELECT ON shop.t TO definer;
CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.t (a UInt8) ENGINE = MergeTree ORDER BY a;
CREATE OR REPLACE VIEW shop.v DEFINER = definer SQL SECURITY DEFINER AS SELECT count() AS n FROM shop.t;
`;
let engine: TestEngine;

/** How often the engine has started: access changes restart it. */
const starts = async () => {
  const { stdout } = await run("docker", ["logs", engine.container]);
  return stdout.split("Listening for http://").length - 1;
};
const asReader = (query: string, password = readerPassword) =>
  engine.client(["--user=reader", `--password=${password}`, "-q", query]);
const http = async (user: string, password: string, query: string) => {
  const response = await fetch(`${engine.httpUrl}/?query=${encodeURIComponent(query)}`, {
    headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password, Connection: "close" },
  });
  return {
    code: Number(response.headers.get("x-clickhouse-exception-code") ?? 0),
    body: await response.text(),
  };
};

beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine?.stop());

describe("access statements", () => {
  it("take one restart for a whole script, and none for the same script again", async () => {
    const before = await starts();
    expect(await engine.client(["--multiquery"], script)).toEqual({ stdout: "", stderr: "", code: 0 });
    expect(await starts()).toBe(before + 1);
    expect(await engine.client(["--multiquery"], script)).toEqual({ stdout: "", stderr: "", code: 0 });
    expect(await starts()).toBe(before + 1);
  });

  it("are shown by the engine itself", async () => {
    const show = async (query: string) => (await engine.client(["-f", "TSVRaw", "-q", query])).stdout;
    expect(await show("SHOW GRANTS FOR role_reader")).toBe(
      "GRANT SHOW TABLES ON shop.* TO role_reader\nGRANT SELECT ON shop.v TO role_reader\n",
    );
    expect(await show("SHOW GRANTS FOR reader")).toBe("GRANT role_reader TO reader\n");
    expect(await show("SHOW CREATE USER definer")).toBe(
      "CREATE USER definer IDENTIFIED WITH sha256_password HOST NONE SETTINGS PROFILE `default`\n",
    );
    expect(await show("SHOW CREATE SETTINGS PROFILE reader_profile")).toBe(
      "CREATE SETTINGS PROFILE `reader_profile` SETTINGS readonly = 2, " +
        "max_memory_usage = 1000000000 MIN 1 MAX 1000000000, allow_ddl = false CONST\n",
    );
    expect(await show("SHOW CREATE QUOTA reader_quota")).toBe(
      "CREATE QUOTA reader_quota KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000 TO reader\n",
    );
    expect((await show("SHOW USERS")).trim().split("\n").sort()).toEqual([
      "admin",
      "default",
      "definer",
      "reader",
      "zakaz_supervisor",
    ]);
  });

  it("give the rights they say and no others", async () => {
    expect((await asReader("SELECT n FROM shop.v")).stdout).toBe("0\n");
    expect((await asReader("SHOW TABLES FROM shop")).stdout).toBe("t\nv\n");
    for (const refused of [
      "SELECT a FROM shop.t",
      "SELECT name FROM system.users",
      "SELECT query FROM system.processes",
    ]) {
      expect(await http("reader", readerPassword, refused)).toMatchObject({ code: 497 });
    }
    for (const refused of [
      "INSERT INTO shop.t VALUES (1)",
      "CREATE TABLE shop.x (a Int8) ENGINE = Memory",
      "DROP TABLE shop.t",
    ]) {
      expect((await asReader(refused)).stderr).toMatch(/Code: (497|164)\./);
    }
    for (const setting of ["readonly = 0", "max_memory_usage = 2000000000", "allow_ddl = 1"]) {
      expect((await asReader(`SELECT 1 SETTINGS ${setting}`)).stderr).toMatch(/Code: (164|392|452)\./);
    }
    expect(await http("reader", "wrong", "SELECT 1")).toMatchObject({ code: 516 });
    for (const user of ["default", "definer", "zakaz_supervisor"]) {
      expect([194, 516]).toContain((await http(user, "", "SELECT 1")).code);
    }
  });

  it("leave `default` able to do nothing on loopback either", async () => {
    const asDefault = (query: string) => engine.client(["--user=default", "--password=", "-q", query]);
    expect((await asDefault("SELECT name FROM system.users")).stderr).toContain("Code: 497.");
    expect((await asDefault("SELECT * FROM shop.t")).stderr).toContain("Code: 497.");
    expect((await asDefault("KILL QUERY WHERE 1")).stderr).toContain("Code: 497.");
  });

  it("rotate a password: the old one is refused, the new one works, the rest stays", async () => {
    const rotated = "New 'pass' \\ 2";
    const literal = `'${rotated.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    const result = await engine.client([
      "-q",
      `ALTER USER reader IDENTIFIED WITH plaintext_password BY ${literal}`,
    ]);
    expect(result).toEqual({ stdout: "", stderr: "", code: 0 });
    expect((await asReader("SELECT 1")).code).toBe(516 % 256);
    expect((await asReader("SELECT n FROM shop.v", rotated)).stdout).toBe("0\n");
    await engine.client(["-q", `ALTER USER reader IDENTIFIED BY '${readerPassword}'`]);
    expect((await asReader("SELECT n FROM shop.v")).stdout).toBe("0\n");
  });

  it("take effect before a later statement that reads", async () => {
    const result = await engine.client(
      [],
      "SET max_threads = 3; CREATE ROLE probe; GRANT SELECT ON shop.t TO probe; SHOW GRANTS FOR probe; " +
        "SELECT getSetting('max_threads'); DROP ROLE probe",
    );
    expect(result).toEqual({ stdout: "GRANT SELECT ON shop.t TO probe\n3\n", stderr: "", code: 0 });
  });

  it("are all or nothing: a refused one names itself and changes nothing", async () => {
    const before = await starts();
    const result = await engine.client(
      [],
      "CREATE ROLE half;\nCREATE USER half_user IDENTIFIED WITH no_password;\nSELECT 1",
    );
    expect(result.code).toBe(48);
    expect(result.stdout).toBe("");
    expect(result.stderr).toBe(
      "Received exception from server:\n" +
        "Code: 48. DB::Exception: Received from localhost:8123. DB::Exception: The embedded engine cannot keep this in its " +
        "access file: what begins with `no_password`. (NOT_IMPLEMENTED)\n" +
        "(statement 2, line 2: CREATE USER half_user IDENTIFIED WITH no_password)\n",
    );
    expect(await starts()).toBe(before);
    expect(await engine.sql("SELECT name FROM system.roles WHERE name = 'half'")).toEqual([]);
  });

  it("are applied when a later statement fails, as they stood before it", async () => {
    const result = await engine.client([], "CREATE ROLE kept; CREATE TABLE shop.t (a UInt8) ENGINE = Memory");
    expect(result.code).toBe(57);
    expect(await engine.sql("SELECT name FROM system.roles WHERE name = 'kept'")).toEqual([{ name: "kept" }]);
    expect((await engine.client(["-q", "DROP ROLE kept"])).code).toBe(0);
  });

  it("show a syntax error without the password", async () => {
    const result = await engine.client([
      "-q",
      "CREATE USER x IDENTIFIED WITH WITH sha256_password BY 'Top-Secret-77'",
    ]);
    expect(result.code).toBe(62);
    expect(result.stderr).toContain("Syntax error: failed at position");
    expect(result.stderr).not.toContain("Top-Secret-77");
  });

  it("ask for the caller's real rights", async () => {
    await engine.client(
      [],
      "CREATE USER helper IDENTIFIED BY 'helper-pass'; GRANT CREATE USER ON *.* TO helper; " +
        "GRANT SELECT ON shop.v TO helper WITH GRANT OPTION; GRANT INSERT ON shop.t TO helper",
    );
    const asHelper = (query: string) =>
      engine.client(["--user=helper", "--password=helper-pass", "-q", query]);
    for (const refused of [
      "CREATE ROLE x",
      "ALTER USER reader IDENTIFIED BY 'x'",
      "DROP USER reader",
      "GRANT role_reader TO helper",
      "GRANT SELECT ON shop.t TO helper",
      "GRANT INSERT ON shop.t TO reader",
      "REVOKE SELECT ON shop.v, SHOW TABLES ON shop.* FROM role_reader",
      "GRANT ALL ON *.* TO helper",
    ]) {
      expect(await asHelper(refused)).toMatchObject({ code: 497 % 256, stdout: "" });
    }
    expect(await asReader("CREATE USER x IDENTIFIED BY 'x'")).toMatchObject({ stdout: "" });
    expect((await asReader("CREATE USER x IDENTIFIED BY 'x'")).stderr).toMatch(/Code: (497|164)\./);
    expect(await asHelper("CREATE USER made_by_helper IDENTIFIED BY 'x'")).toMatchObject({ code: 0 });
    expect(await asHelper("GRANT SELECT ON shop.v TO made_by_helper")).toMatchObject({ code: 0 });
    expect((await engine.client(["-q", "DROP USER helper, made_by_helper"])).code).toBe(0);
  });

  it("do not change what the configuration files define", async () => {
    const result = await engine.client(["-q", "ALTER USER admin IDENTIFIED BY 'x'"]);
    expect(result.code).toBe(495 % 256);
    expect(result.stderr).toContain(
      "Cannot update user `admin` in users_xml because this storage is readonly.",
    );
  });

  it("are rolled back when the engine does not start with them", async () => {
    const result = await engine.client(
      [],
      "CREATE SETTINGS PROFILE bad SETTINGS no_such_setting = 1; SELECT 1",
    );
    expect(result.code).toBe(49);
    expect(result.stderr).toContain(
      "The engine did not start with the new access, the old one is back: Code: 115.",
    );
    expect((await asReader("SELECT n FROM shop.v")).stdout).toBe("0\n");
    expect(await engine.sql("SELECT name FROM system.settings_profiles WHERE name = 'bad'")).toEqual([]);
  });

  it("leave no password in the logs, the files, or a process list", async () => {
    await engine.sql("SYSTEM FLUSH LOGS");
    for (const secret of [readerPassword, "Top-Secret-77", engine.adminPassword, "helper-pass"]) {
      const inLogs =
        `SELECT (SELECT count() FROM system.query_log WHERE positionCaseInsensitive(concat(query, exception), '${secret}') > 0 ` +
        `AND query NOT LIKE '%positionCaseInsensitive%') + (SELECT count() FROM system.text_log ` +
        `WHERE position(message, '${secret}') > 0) AS n`;
      expect(await engine.sql(inLogs)).toEqual([{ n: 0 }]);
      const { stdout, stderr } = await run("docker", ["logs", engine.container]);
      expect(stdout + stderr).not.toContain(secret);
      const grep = [
        "grep",
        "-rlF",
        secret,
        "/etc/clickhouse-server",
        "/var/lib/clickhouse/access",
        "/var/log/clickhouse-server",
        "/proc/1/cmdline",
      ];
      await expect(run("docker", ["exec", engine.container, ...grep])).rejects.toMatchObject({
        code: 1,
        stdout: "",
      });
    }
  });
});
