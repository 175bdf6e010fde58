import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { crowding } from "../../support/crowding";
import { startEngine, waitForEngine, type TestEngine } from "../../support/engine";

const run = promisify(execFile);
const docker = async (...args: string[]) => (await run("docker", args)).stdout;
const adminPassword = "admin-of-the-test";
const volume = `zt-engine-data-${randomBytes(4).toString("hex")}`;
const withVolume = { adminPassword, dockerArguments: ["-v", `${volume}:/var/lib/clickhouse`] };

let engine: TestEngine | undefined;
const started = async (options: Parameters<typeof startEngine>[0] = withVolume) =>
  (engine = await startEngine(options));
const client = (container: string, user: string, password: string, query: string) =>
  docker(
    "exec",
    "-e",
    `CLICKHOUSE_PASSWORD=${password}`,
    container,
    "clickhouse-client",
    `--user=${user}`,
    "-q",
    query,
  );
const expectAllThere = async (container: string) => {
  expect(await client(container, "admin", adminPassword, "SELECT sum(a) FROM shop.t")).toBe("6\n");
  expect(await client(container, "reader", "reader-pass", "SELECT sum(a) FROM shop.t")).toBe("6\n");
};

beforeAll(async () => {
  await docker("volume", "create", volume);
  const { sql, client: call, stop } = await startEngine(withVolume);
  await sql("CREATE DATABASE shop");
  await sql("CREATE TABLE shop.t (a UInt8) ENGINE = MergeTree ORDER BY a");
  await sql("INSERT INTO shop.t VALUES (1), (2), (3)");
  const script = "CREATE USER reader IDENTIFIED BY 'reader-pass'; GRANT SELECT ON shop.t TO reader";
  expect((await call([], script)).stderr).toBe("");
  await stop();
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
});
afterAll(() => docker("volume", "rm", "-f", volume));

describe("the engine's container", () => {
  it("keeps data and users over a replacement and over docker restart", async () => {
    const { container } = await started();
    await expectAllThere(container);
    await docker("restart", container);
    await waitForEngine(container);
    await expectAllThere(container);
  });

  it("comes back after a container that was killed", async () => {
    const first = await started();
    await docker("kill", first.container);
    await docker("start", first.container);
    await waitForEngine(first.container);
    await expectAllThere(first.container);
  });

  it("starts the engine again after kill -9, and again", async () => {
    const { container } = await started();
    for (let round = 0; round < 2; round++) {
      const pid = await docker(
        "exec",
        container,
        "sh",
        "-c",
        "grep -l '^launch$' /proc/[0-9]*/comm | cut -d/ -f3",
      );
      await docker("exec", container, "sh", "-c", `kill -9 ${pid}`);
      await expectAllThere(container); // the client waits for the engine
    }
    expect(await docker("logs", container)).toContain(
      "supervisor: the engine ended by SIGKILL, starting it again in",
    );
    expect(await docker("inspect", "-f", "{{.RestartCount}} {{.State.Running}}", container)).toBe("0 true\n");
  });

  it("has the old access or the new one after a kill in the middle of a change", async () => {
    const { container, client: call } = await started();
    for (const [round, delayMs] of [100, 250, 400, 600].entries()) {
      const change = call([
        "-q",
        `CREATE USER OR REPLACE reader IDENTIFIED BY 'reader-pass'; CREATE ROLE role_${round}; GRANT SELECT ON shop.t TO reader`,
      ]);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await docker("kill", container);
      const { code } = await change;
      await docker("start", container);
      await waitForEngine(container);
      await expectAllThere(container);
      const roles = await client(
        container,
        "admin",
        adminPassword,
        `SELECT count() FROM system.roles WHERE name = 'role_${round}'`,
      );
      // What was acknowledged is there; what was not may be.
      expect(code === 0 ? ["1\n"] : ["0\n", "1\n"]).toContain(roles);
    }
  });

  it("stops within 3 s with a query running, and cleanly", async () => {
    const { container, sql } = await started();
    const endless = sql("SELECT count() FROM numbers_mt(1e13) WHERE sipHash64(number) = 1");
    const refused = expect(endless).rejects.toThrow("QUERY_WAS_CANCELLED");
    while ((await sql("SELECT query_id FROM system.processes WHERE query LIKE '%numbers_mt%'")).length < 2)
      continue;
    const before = Date.now();
    await docker("stop", container);
    expect(Date.now() - before).toBeLessThan(3000);
    expect(await docker("inspect", "-f", "{{.State.ExitCode}}", container)).toBe("0\n");
    await refused;
  });

  it("stops within 3 s with a client that keeps its connection open", async () => {
    const { container, httpUrl } = await started();
    await (await fetch(`${httpUrl}/ping`)).text();
    const before = Date.now();
    await docker("stop", container);
    expect(Date.now() - before).toBeLessThan(3000);
    expect(await docker("inspect", "-f", "{{.State.ExitCode}}", container)).toBe("0\n");
  });

  it("reaps what docker exec leaves behind", async () => {
    const { container } = await started();
    await docker("exec", container, "sh", "-c", "sleep 0.1 & exit 0");
    await new Promise((resolve) => setTimeout(resolve, 400));
    const states = await docker("exec", container, "sh", "-c", "cat /proc/[0-9]*/stat | cut -d' ' -f3");
    expect(states).not.toContain("Z");
  });

  it("ends with one sentence when its configuration is wrong", async () => {
    const files = {
      "users.d/wrong.xml": "<clickhouse><profiles><p><no_such>1</no_such></p></profiles></clickhouse>",
    };
    await expect(startEngine({ files })).rejects.toThrow(
      /The engine did not start: Code: 115\. DB::Exception: Unknown setting 'no_such'.*Look at the files in \/etc\/clickhouse-server\.\n/,
    );
  });

  it("says so when its data folder is in use", async () => {
    await started();
    await expect(startEngine(withVolume)).rejects.toThrow(
      /The engine did not start: .*Cannot lock file.*Another container uses this data volume: stop that one first\.\n/,
    );
  });

  it("is healthy within 1.5 s of docker run", async () => {
    const { container } = await started();
    await docker("stop", container);
    const before = Date.now();
    await docker("start", container);
    await waitForEngine(container);
    expect(Date.now() - before).toBeLessThan(1500 * crowding());
    await docker("exec", container, "wget", "-q", "--spider", "http://127.0.0.1:8123/ping");
  });
});
