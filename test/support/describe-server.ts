import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServerContainer } from "./container";
import { run } from "./stack";
import { typeInto } from "./terminal";

const docker = async (...args: string[]) => (await promisify(execFile)("docker", args)).stdout;

/**
 * Tests of what operators and clients meet at a server in a container: errors that harm nobody, the client's everyday flags and
 * its prompt, access by SQL. For any image's server, and for a stack's own.
 * @param current the server, once it is up
 */
export function describeServer(current: () => ServerContainer): void {
  let server: ServerContainer;
  beforeAll(async () => {
    server = current();
    await server.sql("CREATE TABLE default.t (a UInt32, s String) ENGINE = MergeTree ORDER BY a");
  });
  afterAll(() => server.sql("DROP TABLE IF EXISTS default.t SYNC"));

  /** Runs a program inside as it stands, without a user or password added. */
  const inside = (args: string[], input = "") =>
    run("docker", ["exec", "-i", server.name, ...args], { input });
  /** Rows of the table, which is empty afterwards. */
  async function rowsOnce(): Promise<[number, string][]> {
    const rows = await server.sql<{ a: number; s: string }>("SELECT a, s FROM default.t ORDER BY a, s");
    await server.sql("TRUNCATE TABLE default.t");
    return rows.map(({ a, s }) => [a, s]);
  }

  describe("whoever reaches the ports", () => {
    const alive = async () => {
      expect(await docker("inspect", "-f", "{{.RestartCount}} {{.State.Running}}", server.name)).toBe(
        "0 true\n",
      );
      expect(await server.sql("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    };
    /** Sends bytes to the native port and waits until the server hangs up. */
    const send = async (bytes: Buffer) => {
      const socket = connect(server.nativePort, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
    };

    it.each([
      ["a wrong password", ["--user=admin", "--password=wrong"], 516],
      ["an unknown user", ["--user=nobody", "--password=x"], 516],
    ])("with %s gets an error, the server lives", async (_, login, code) => {
      const result = await inside(["clickhouse-client", ...login, "--query=SELECT 1"]);
      expect(result.stderr).toContain(`Code: ${code}. DB::Exception: Received from localhost:9000.`);
      expect(result.code).toBe(code % 256);
      await alive();
    });

    it("with an unknown database gets an error, the server lives", async () => {
      const { stderr, code } = await server.client(["--database=nowhere", "--query=SELECT 1"]);
      expect(stderr).toContain("Code: 81. DB::Exception");
      expect(code).toBe(81);
      await alive();
    });

    it.each([
      ["the beginning of TLS", Buffer.from("16030100f8010000f40303", "hex")],
      ["random bytes", Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 13) % 251))],
      ["half a packet", Buffer.from([0, 17])],
      ["nothing", Buffer.alloc(0)],
    ])("with %s on port 9000 gets nowhere, the server lives", async (_, bytes) => {
      await send(bytes);
      await alive();
    });

    it("cannot make the server read its own files by INSERT … FROM INFILE", async () => {
      const insert =
        "INSERT INTO default.t (s) FROM INFILE '/etc/clickhouse-server/users.d/admin.xml' FORMAT LineAsString";
      await expect(server.sql(insert)).rejects.toThrow("Code: 78.");
      expect(await rowsOnce()).toEqual([]);
    });
  });

  describe("clickhouse-client in it", () => {
    it("takes the data of a query's INSERT from standard input, and says so when there are none", async () => {
      const insert = ["--query", "INSERT INTO default.t FORMAT CSV"];
      expect(await server.client(insert, "")).toMatchObject({
        code: 108,
        stderr: expect.stringContaining("Code: 108. DB::Exception: No data to insert") as string,
      });
      expect(
        (
          await run(
            "docker",
            [
              "exec",
              "-e",
              "CLICKHOUSE_PASSWORD",
              server.name,
              "clickhouse-client",
              "--user=admin",
              ...insert,
            ],
            {
              env: { ...process.env, CLICKHOUSE_PASSWORD: server.adminPassword },
            },
          )
        ).code,
      ).toBe(108);
      expect(await rowsOnce()).toEqual([]);
      expect(await server.client(insert, "1,a\n2,b\n")).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(await rowsOnce()).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
    });

    it.each([
      [
        "VALUES",
        ["-q", "INSERT INTO default.t VALUES"],
        "(1, 'x'), (2, 'y;z')",
        [
          [1, "x"],
          [2, "y;z"],
        ],
      ],
      [
        "blank lines as data",
        ["--query=INSERT INTO default.t (s) FORMAT TSV"],
        "x\n\ny\n",
        [
          [0, ""],
          [0, "x"],
          [0, "y"],
        ],
      ],
      [
        "settings, comments, a semicolon",
        ["-nq", "insert into default.t (a, s) -- in order\nsettings format_csv_delimiter = ';' format CSV ;"],
        "1;b\n",
        [[1, "b"]],
      ],
      [
        "a statement before it",
        ["--multiquery", "-qSELECT 1 FORMAT Null; INSERT INTO default.`t` FORMAT JSONEachRow"],
        '{"a":7,"s":"j"}',
        [[7, "j"]],
      ],
      ["data of its own", ["-q", "INSERT INTO default.t VALUES (3, 'own')"], "", [[3, "own"]]],
    ] as [string, string[], string, [number, string][]][])("inserts %s", async (_, args, input, rows) => {
      expect(await server.client(args, input)).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(await rowsOnce()).toEqual(rows);
    });

    it("streams a large insert and a large result, binary data included", async () => {
      const numbers = await server.client([
        "-q",
        "SELECT toUInt32(number), '\\n\\n' FROM numbers(300000) FORMAT Native",
      ]);
      expect(numbers.code).toBe(0);
      const native = await promisify(execFile)(
        "docker",
        [
          "exec",
          server.name,
          "sh",
          "-c",
          "clickhouse-local -q \"SELECT toUInt32(number) AS a, '\\n\\n' AS s FROM numbers(300000) FORMAT Native\"",
        ],
        { encoding: "buffer", maxBuffer: 1 << 28 },
      );
      expect(await server.client(["-q", "INSERT INTO default.t FORMAT Native"], native.stdout)).toMatchObject(
        {
          code: 0,
        },
      );
      expect(
        await server.sql(
          "SELECT toUInt32(count()) AS n, uniqExact(s) = 1 AND any(s) = '\\n\\n' AS same FROM default.t",
        ),
      ).toEqual([{ n: 300_000, same: 1 }]);
      await server.sql("TRUNCATE TABLE default.t");
    });

    it("runs a script: data of an INSERT end at an empty line, the script goes on", async () => {
      const script =
        "INSERT INTO default.t FORMAT CSV\n3,c\n4,d\n\nSELECT count() FROM default.t;\nSELECT 'end'";
      expect(await server.client([], script)).toEqual({ code: 0, stdout: "2\nend\n", stderr: "" });
      expect(await rowsOnce()).toEqual([
        [3, "c"],
        [4, "d"],
      ]);
    });

    it("runs many statements, from arguments, standard input and files, with and without --multiquery", async () => {
      const script = "SELECT 1; -- one;\nSELECT ';' ;\nSELECT 3";
      for (const flags of [[], ["--multiquery"], ["-n"], ["-mn"]]) {
        expect(await server.client(flags, script)).toEqual({ stdout: "1\n;\n3\n", stderr: "", code: 0 });
      }
      await server.sh("echo 'SELECT 4; SELECT 5' > /tmp/x.sql");
      expect((await server.client(["--queries-file=/tmp/x.sql"])).stdout).toBe("4\n5\n");
      expect(
        await server.client([
          "-q",
          "SET max_threads = 3; SELECT getSetting('max_threads'), {x:UInt8} + 1",
          "--param_x=5",
        ]),
      ).toMatchObject({
        stdout: "3\t6\n",
      });
    });

    it.each([
      [["-m"], "1\n2\n"],
      [["-E"], "Row 1:\n──────\na: 1\nRow 1:\n──────\n2: 2\n"],
      [["--max_threads", "1"], "1\n2\n"],
      [["--progress"], "1\n2\n"],
      [["--echo"], "SELECT 1 AS a;\n1\nSELECT 2\n2\n"],
      [["--ignore-error"], "1\n2\n"],
      [["--receive_timeout", "10"], "1\n2\n"],
      [["--format=CSVWithNames"], '"a"\n1\n"2"\n2\n'],
    ])("knows %j", async (flags, stdout) => {
      expect(await server.client([...flags, "-q", "SELECT 1 AS a; SELECT 2"])).toEqual({
        code: 0,
        stdout,
        stderr: "",
      });
    });

    it("is `clickhouse client` too", async () => {
      const args = [
        "exec",
        "-i",
        "-e",
        "CLICKHOUSE_PASSWORD",
        server.name,
        "clickhouse",
        "client",
        "--user=admin",
        "-q",
        "SELECT 1",
      ];
      const env = { ...process.env, CLICKHOUSE_PASSWORD: server.adminPassword };
      expect(await run("docker", args, { env })).toEqual({ code: 0, stdout: "1\n", stderr: "" });
    });

    it("stops at an error with its code, or goes on where told to", async () => {
      const script = "SELECT 1;\nSELECT nothing;\nSELECT 3;\n";
      const stopped = await server.client([], script);
      expect(stopped).toMatchObject({ code: 47, stdout: "1\n" });
      expect(stopped.stderr).toMatch(
        /^Received exception from server \(version .*\):\nCode: 47\. DB::Exception: Received from localhost:9000\./,
      );
      expect(await server.client(["--ignore-error"], script)).toMatchObject({ stdout: "1\n3\n" });
    });

    it("speaks with a person: prompt, answer, history, Ctrl-C, exit", async () => {
      const command = `docker exec -it -e CLICKHOUSE_PASSWORD ${server.name} clickhouse-client --user=admin`;
      const terminal = typeInto(command, { CLICKHOUSE_PASSWORD: server.adminPassword });
      try {
        // What is typed before there is a prompt is lost: the client empties the line when it begins to read.
        const typeAtPrompt = async (keys: string) => {
          await terminal.expect(":) ");
          await terminal.type(keys);
        };
        await typeAtPrompt("SELECT 40 + 2 AS answer\r");
        await terminal.expect("│     42 │");
        await terminal.expect("1 row in set.");
        await typeAtPrompt("\u001b[A\r"); // the line before, once more
        await terminal.expect("1 row in set.");
        await typeAtPrompt("SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_block_size = 1\r");
        await terminal.expect("Progress:");
        await terminal.type("\u0003");
        await terminal.expect("Query was cancelled.");
        await typeAtPrompt("SELECT 'still here'\r");
        await terminal.expect("│ still here");
        await typeAtPrompt("exit\r");
        expect(await terminal.ended).toBe(0);
      } finally {
        terminal.kill();
      }
    });
  });

  describe("access by SQL", () => {
    it.each([
      ["HTTP", async (statement: string) => void (await server.sql(statement))],
      [
        "the native protocol",
        async (statement: string) =>
          expect(await server.client(["-q", statement])).toMatchObject({ code: 0, stderr: "" }),
      ],
    ])("works at once over %s, without a restart", async (_, send) => {
      const login = (password: string) =>
        inside([
          "clickhouse-client",
          "--user=helper",
          `--password=${password}`,
          "-q",
          "SELECT a FROM default.t",
        ]);
      await server.sql("INSERT INTO default.t VALUES (1, 'seen'), (2, 'hidden')");
      const [before] = await server.sql<{ up: number }>("SELECT toUInt32(now()) - uptime() AS up");
      await send("CREATE USER helper IDENTIFIED BY 'First-password-1' VALID UNTIL '2100-01-01'");
      await send("GRANT SELECT ON default.t TO helper");
      await send("CREATE ROW POLICY mine ON default.t USING s = 'seen' TO helper");
      expect(await login("First-password-1")).toMatchObject({ code: 0, stdout: "1\n" });
      await send("ALTER USER helper IDENTIFIED BY 'Second-password-2'");
      expect(await login("First-password-1")).toMatchObject({ code: 516 % 256 });
      expect(await login("Second-password-2")).toMatchObject({ code: 0, stdout: "1\n" });
      // The server takes passwords out of what it logs.
      await server.sql("SYSTEM FLUSH LOGS");
      for (const table of ["query_log", "text_log"]) {
        const column = table === "query_log" ? "query" : "message";
        const found = await server.sql(
          `SELECT ${column} FROM system.${table} WHERE match(${column}, 'First-passwor[d]-1|Second-passwor[d]-2')`,
        );
        expect(found).toEqual([]);
      }
      await send("DROP ROW POLICY mine ON default.t");
      await send("DROP USER helper");
      const [after] = await server.sql<{ up: number }>("SELECT toUInt32(now()) - uptime() AS up");
      // Both sides of the difference are whole seconds.
      expect(Math.abs(after!.up - before!.up)).toBeLessThanOrEqual(1);
      await rowsOnce();
    });
  });
}
