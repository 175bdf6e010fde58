import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../../support/engine";

const run = promisify(execFile);
let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await engine.sql("CREATE DATABASE shop");
  await engine.sql("CREATE TABLE shop.t (a UInt32, s String) ENGINE = MergeTree ORDER BY a");
});
afterAll(() => engine?.stop());

describe("clickhouse-client", () => {
  it("prints TabSeparated, or the format asked for", async () => {
    expect(await engine.client(["-q", "SELECT 1, 'a\tb', NULL"])).toEqual({
      stdout: "1\ta\\tb\t\\N\n",
      stderr: "",
      code: 0,
    });
    expect((await engine.client(["-q", "SELECT 1 AS a", "--format=JSONEachRow"])).stdout).toBe('{"a":1}\n');
    expect((await engine.client(["-q", "SELECT 1 AS a FORMAT CSVWithNames", "-f", "TSV"])).stdout).toBe(
      '"a"\n1\n',
    );
  });

  it("runs many statements, from flags, standard input and files, with and without --multiquery", async () => {
    const script = "SELECT 1; -- one;\nSELECT ';' ;\nSELECT 3";
    for (const flags of [[], ["--multiquery"], ["-n"]]) {
      expect(await engine.client(flags, script)).toEqual({ stdout: "1\n;\n3\n", stderr: "", code: 0 });
    }
    expect((await engine.client(["-q", "SELECT 1; SELECT 2", "-q", "SELECT 3"])).stdout).toBe("1\n2\n3\n");
    await run("docker", ["exec", engine.container, "sh", "-c", "echo 'SELECT 4; SELECT 5' > /tmp/x.sql"]);
    expect((await engine.client(["--queries-file=/tmp/x.sql", "--queries-file", "/tmp/x.sql"])).stdout).toBe(
      "4\n5\n4\n5\n",
    );
  });

  it("holds SET and USE for the rest of the script", async () => {
    const script = "SET max_threads = 3; USE shop; SELECT getSetting('max_threads'), currentDatabase()";
    expect((await engine.client([], script)).stdout).toBe("3\tshop\n");
    const flags = [
      "--max_threads=2",
      "--database=shop",
      "-q",
      "SELECT getSetting('max_threads'), currentDatabase()",
    ];
    expect((await engine.client(flags)).stdout).toBe("2\tshop\n");
  });

  it("passes query parameters", async () => {
    const flags = ["--param_x=5", "--param_s=it's", "-q", "SELECT {x:UInt8} + 1, {s:String}"];
    expect((await engine.client(flags)).stdout).toBe("6\tit\\'s\n");
  });

  it("inserts from VALUES, inline data and standard input", async () => {
    await engine.client(
      [],
      "INSERT INTO shop.t VALUES (1, 'a;b'), (2, 'it''s'); INSERT INTO shop.t FORMAT CSV\n3,c\n4,d\n",
    );
    await engine.client(
      ["-n"],
      'INSERT INTO shop.t FORMAT JSONEachRow {"a":5,"s":"e"}\nINSERT INTO shop.t VALUES (6, \'f\');',
    );
    await engine.client(["-q", "INSERT INTO shop.t FORMAT TSV"], "7\tg\n8\th\n");
    await engine.client(
      ["-q", "INSERT INTO shop.t SELECT a + 1, s FROM input('a UInt32, s String') FORMAT TSV"],
      "8\ti\n",
    );
    const rows = await engine.sql(
      "SELECT groupArray(a) AS a, groupArray(s) AS s FROM (SELECT * FROM shop.t ORDER BY a)",
    );
    expect(rows).toEqual([
      { a: [1, 2, 3, 4, 5, 6, 7, 8, 9], s: ["a;b", "it's", "c", "d", "e", "f", "g", "h", "i"] },
    ]);
  });

  it("streams a large insert and a large result", async () => {
    await engine.sql("CREATE TABLE shop.big (a UInt64) ENGINE = MergeTree ORDER BY a");
    const lines = Array.from({ length: 300_000 }, (_, index) => index).join("\n");
    expect((await engine.client(["-q", "INSERT INTO shop.big FORMAT TSV"], lines)).code).toBe(0);
    const { stdout } = await engine.client(["-q", "SELECT a FROM shop.big ORDER BY a"]);
    expect(stdout).toBe(`${lines}\n`);
  });

  it("prints errors as the real client, ends with the code modulo 256, stops there", async () => {
    const result = await engine.client(
      [],
      "SELECT 1;\n\nSELECT * FROM shop.nope WHERE s = 'secret';\nSELECT 2;",
    );
    expect(result.code).toBe(60);
    expect(result.stdout).toBe("1\n");
    expect(result.stderr).toMatch(
      /^Received exception from server.*:\nCode: 60\. DB::Exception: Received from localhost:8123\. DB::Exception: .*\(UNKNOWN_TABLE\)\n\(statement 2, line 3: SELECT \* FROM shop\.nope WHERE s =\)\n$/,
    );
    const wrong = await engine.client(["--user=admin", "--password=wrong", "-q", "SELECT 1"]);
    expect(wrong.code).toBe(516 % 256);
    expect(wrong.stderr).toContain(
      "Code: 516. DB::Exception: Received from localhost:8123. DB::Exception: admin: Authentication failed",
    );
    expect(wrong.stderr).toContain("(AUTHENTICATION_FAILED)");
  });

  it("says an unknown user what it says a wrong password", async () => {
    const text = async (user: string) =>
      (await engine.client([`--user=${user}`, "--password=x", "-q", "SELECT 1"])).stderr;
    expect((await text("nobody")).replaceAll("nobody", "admin")).toBe(await text("admin"));
  });

  it("asks for a user in one sentence, and refuses flags it does not know", async () => {
    const bare = (args: string[]) =>
      run("docker", ["exec", engine.container, "clickhouse-client", ...args]).catch(
        (error: { code: number; stderr: string }) => ({ code: error.code, stderr: error.stderr }),
      );
    expect(await bare(["-q", "SELECT 1"])).toEqual({
      code: 516 % 256,
      stderr:
        "Give a user and a password (no user of this server has none): clickhouse-client --user=NAME --password=…, " +
        "or set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD.\n",
    });
    expect(await bare(["--user=admin", "--nonsense"])).toEqual({
      code: 552 % 256,
      stderr: "Unrecognized option '--nonsense'.\n",
    });
  });

  it("names a server that does not answer", async () => {
    const result = await engine.client(["--port=8124", "-q", "SELECT 1"]);
    expect(result).toEqual({
      stdout: "",
      stderr: "Code: 210. DB::NetException: Connection refused (localhost:8124). (NETWORK_ERROR)\n",
      code: 210,
    });
  });

  it("measures with --time, on standard error", async () => {
    const result = await engine.client(["--time", "-q", "SELECT 1; SELECT 2"]);
    expect(result.stdout).toBe("1\n2\n");
    expect(result.stderr).toMatch(/^\d+\.\d{3}\n\d+\.\d{3}\n$/);
  });
});
