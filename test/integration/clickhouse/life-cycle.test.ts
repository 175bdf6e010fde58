import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Warehouse } from "../../../warehouse/client";
import { sampleOf } from "../../support/soak";
import { startContainer, type ContainerOptions, type ServerContainer } from "../../support/container";

const docker = async (...args: string[]) => (await promisify(execFile)("docker", args)).stdout;
const adminPassword = "admin-of-the-test";
const volume = `zt-server-data-${randomBytes(4).toString("hex")}`;
const withVolume = { adminPassword, dockerArguments: ["-v", `${volume}:/var/lib/clickhouse`] };

let server: ServerContainer | undefined;
const started = async (options: ContainerOptions = withVolume) => (server = await startContainer(options));
const asReader = (one: ServerContainer) =>
  one.client(["--user=reader", "--password=reader-pass", "-q", "SELECT sum(a) FROM shop.t"]);
const expectAllThere = async (one: ServerContainer) => {
  expect(await one.sql("SELECT toUInt32(sum(a)) AS s FROM shop.t")).toEqual([{ s: 6 }]);
  expect(await asReader(one)).toEqual({ code: 0, stdout: "6\n", stderr: "" });
};
/** Kills the server's process inside; the command dies with the container. */
const killServer = (one: ServerContainer) =>
  one
    .sh('for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = clickhouse-serv ] && kill -9 ${p#/proc/}; done')
    .catch(() => undefined);
const restarts = async (one: ServerContainer) => docker("inspect", "-f", "{{.RestartCount}}", one.name);

beforeAll(async () => {
  await docker("volume", "create", volume);
  const first = await startContainer(withVolume);
  await first.sql("CREATE DATABASE shop");
  await first.sql("CREATE TABLE shop.t (a UInt8) ENGINE = MergeTree ORDER BY a");
  await first.sql("INSERT INTO shop.t VALUES (1), (2), (3)");
  await first.sql("CREATE USER reader IDENTIFIED BY 'reader-pass'");
  await first.sql("GRANT SELECT ON shop.t TO reader");
  await first.stop();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => docker("volume", "rm", "-f", volume));

describe("the server's container", () => {
  it("keeps data, users and system logs over a replacement and over docker restart", async () => {
    const first = await started();
    await expectAllThere(first);
    await first.sql("SELECT 'a query to be remembered'");
    await first.sql("SYSTEM FLUSH LOGS");
    await first.stop();
    const second = await started();
    await docker("restart", second.name);
    await second.healthy();
    await expectAllThere(second);
    const remembered =
      "SELECT count() > 0 AS there FROM system.query_log WHERE query = 'SELECT \\'a query to be remembered\\''";
    expect(await second.sql(remembered)).toEqual([{ there: 1 }]);
    const lines = await second.sql<{ n: number }>("SELECT toUInt32(count()) AS n FROM system.text_log");
    expect(lines[0]!.n).toBeGreaterThan(0);
  });

  it("is started again by Docker after docker kill, and after kill -9 of the server alone", async () => {
    const one = await started();
    await docker("kill", "-s", "KILL", one.name);
    // A container that was killed by hand stays as it is.
    await docker("start", one.name);
    await one.healthy();
    await expectAllThere(one);
    await killServer(one);
    await expect.poll(() => restarts(one), { timeout: 30_000 }).toBe("1\n");
    await one.healthy();
    await expectAllThere(one);
  });

  it("has the old access or the new one after a kill in the middle of a change", async () => {
    const one = await started();
    for (const [round, wait] of sampleOf([100, 200, 300, 400]).entries()) {
      const change = one
        .client([
          "-q",
          `CREATE ROLE role_${round}; CREATE USER OR REPLACE reader IDENTIFIED BY 'reader-pass'; GRANT SELECT ON shop.t TO reader`,
        ])
        .then(({ code }) => code);
      await new Promise((resolve) => setTimeout(resolve, wait));
      await docker("kill", one.name);
      const code = await change;
      await docker("start", one.name);
      await one.healthy();
      const [roles] = await one.sql<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM system.roles WHERE name = 'role_${round}'`,
      );
      // What was acknowledged is there; what was not may be.
      if (code === 0) expect(roles!.n).toBe(1);
      // The user is never half made: its statements run again make it whole.
      await one.sql("CREATE USER OR REPLACE reader IDENTIFIED BY 'reader-pass'");
      await one.sql("GRANT SELECT ON shop.t TO reader");
      await expectAllThere(one);
    }
  });

  it("survives a full disk: writes fail with a code, reads go on; with room again all is as before", async () => {
    const one = await started({
      adminPassword,
      dockerArguments: ["--tmpfs", "/var/lib/clickhouse:size=100m,uid=101,gid=101,mode=0755"],
    });
    await one.sql("CREATE DATABASE shop");
    await one.sql("CREATE TABLE shop.t (a UInt8, filler String CODEC(NONE)) ENGINE = MergeTree ORDER BY a");
    await one.sql("INSERT INTO shop.t (a) VALUES (1), (2), (3)");
    await one.sql("CREATE USER reader IDENTIFIED BY 'reader-pass'");
    await one.sql("GRANT SELECT ON shop.t TO reader");
    await one.sh("dd if=/dev/zero of=/var/lib/clickhouse/filler bs=1M 2>/dev/null; true");
    const insert = "INSERT INTO shop.t SELECT 9, randomString(1000) FROM numbers(1000)";
    await expect(one.sql(insert)).rejects.toThrow(/No space left on device|NOT_ENOUGH_SPACE/);
    await expectAllThere(one);
    // As commands and loader ask: an empty answer would look like an empty warehouse.
    const warehouse = new Warehouse({
      container: one.name,
      url: one.httpUrl,
      user: "admin",
      password: adminPassword,
    });
    expect(await warehouse.rows("SELECT sum(a) AS s FROM shop.t")).toEqual([{ s: 6 }]);
    await warehouse.close();
    await one.sh("rm /var/lib/clickhouse/filler");
    await one.sql("INSERT INTO shop.t (a) VALUES (0)");
    await one.healthy();
    await expectAllThere(one);
    expect(await restarts(one)).toBe("0\n");
  });

  it("stops within 3 s with a query running, cleanly, and has everything afterwards", async () => {
    const one = await started();
    const endless = one.sql("SELECT count() FROM numbers_mt(1e13) WHERE sipHash64(number) = 1");
    const ended = endless.then(
      () => "answered",
      () => "refused",
    );
    const running = () =>
      one.sql(
        "SELECT 1 FROM system.processes WHERE query LIKE '%numbers_mt%' AND query NOT LIKE '%processes%'",
      );
    await expect.poll(running, { timeout: 30_000 }).toHaveLength(1);
    const before = Date.now();
    // Longer than the limit, so that a server that has to be killed shows.
    await docker("stop", "-t", "20", one.name);
    const took = Date.now() - before;
    expect(await docker("inspect", "-f", "{{.State.ExitCode}}", one.name)).toBe("0\n");
    expect(await ended).toBe("refused");
    process.stdout.write(`docker stop with a query running: ${took} ms\n`);
    await docker("start", one.name);
    await one.healthy();
    await expectAllThere(one);
  });

  it("stops cleanly with a client that keeps its connection open", async () => {
    const one = await started();
    await (await fetch(`${one.httpUrl}/ping`)).text();
    await docker("stop", "-t", "20", one.name);
    expect(await docker("inspect", "-f", "{{.State.ExitCode}}", one.name)).toBe("0\n");
  });

  it("ends with the reason in its log when its configuration is wrong", async () => {
    const files = {
      "users.d/wrong.xml": "<clickhouse><profiles><p><no_such>1</no_such></p></profiles></clickhouse>",
    };
    const dockerArguments = ["--restart", "no"];
    await expect(startContainer({ files, dockerArguments })).rejects.toThrow(
      /Code: 115\. DB::Exception: (Unknown setting 'no_such'|Setting no_such is neither a builtin setting)/,
    );
  });

  it("does not touch data that another server holds", async () => {
    const one = await started();
    const dockerArguments = [...withVolume.dockerArguments, "--restart", "no"];
    await expect(startContainer({ adminPassword, dockerArguments })).rejects.toThrow(
      /Cannot lock file .*Another server instance in same directory is already running/,
    );
    await expectAllThere(one);
  });
});
