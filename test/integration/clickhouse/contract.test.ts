import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localServerImage } from "../../../images";
import { startContainer, type ServerContainer } from "../../support/container";
import { describeServer } from "../../support/describe-server";
import { run } from "../../support/stack";

/**
 * What the program expects of a server's image, and operators of the client in it. By default the image that set-up makes; on a
 * machine that reaches Docker Hub, the official one that `prod` pins:
 *
 *     ZAKAZ_SERVER_IMAGE=clickhouse/clickhouse-server:… npx vitest run --project integration test/integration/clickhouse/contract.test.ts
 */
const image = process.env["ZAKAZ_SERVER_IMAGE"] ?? localServerImage();
const docker = async (...args: string[]) => (await promisify(execFile)("docker", args)).stdout;
let server: ServerContainer;

beforeAll(async () => {
  server = await startContainer({ image });
});
afterAll(() => server?.stop());

/** Runs a program inside as it stands, without a user or password added. */
const inside = (args: string[], input = "") => run("docker", ["exec", "-i", server.name, ...args], { input });
describe(`the image ${image}`, () => {
  it("keeps the official paths, user, ports and programs", async () => {
    expect(await server.sh("id -u; id -g")).toBe("101\n101\n");
    const { ExposedPorts } = JSON.parse(
      await docker("image", "inspect", "--format", "{{json .Config}}", image),
    ) as { ExposedPorts: Record<string, unknown> };
    for (const port of ["8123/tcp", "9000/tcp", "9009/tcp"])
      expect(Object.keys(ExposedPorts)).toContain(port);
    for (const folder of ["/etc/clickhouse-server/config.d", "/var/lib/clickhouse/data"]) {
      expect(await server.sh(`stat -c %F ${folder}`)).toBe("directory\n");
    }
    expect(await server.sh("ls /var/log/clickhouse-server")).toBe(
      "clickhouse-server.err.log\nclickhouse-server.log\n",
    );
    for (const program of ["server", "client", "local", "benchmark", "format"]) {
      expect(await server.sh(`command -v clickhouse-${program}`)).toBe(`/usr/bin/clickhouse-${program}\n`);
    }
    const [row] = await server.sql<{ v: string }>("SELECT version() AS v");
    expect(await server.sh("clickhouse local --query 'SELECT version()'")).toBe(`${row!.v}\n`);
    expect(await server.sh("echo 'select 1,2' | clickhouse-format --oneline")).toBe("SELECT 1, 2\n");
  });

  it("listens to its network on 8123 and 9000 and nowhere else, and answers a browser's preflight", async () => {
    const listening = `awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6 | sort -u`;
    const ports = (await server.sh(listening)).trim().split("\n");
    expect(ports.map((hex) => parseInt(hex, 16)).sort()).toEqual([8123, 9000]);
    const preflight = await fetch(server.httpUrl, {
      method: "OPTIONS",
      headers: { Origin: "http://elsewhere" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toBe("POST, GET, OPTIONS");
  });

  it("logs to `docker logs` and runs what else it is asked for", async () => {
    const { stdout, stderr } = await run("docker", ["logs", server.name]);
    expect(stdout + stderr).toContain("Ready for connections");
    expect(await docker("run", "--rm", image, "clickhouse-local", "--query", "SELECT 6 * 7")).toBe("42\n");
    const flags = ["run", "--rm", image, "--config-file=/nowhere.xml"];
    expect((await run("docker", flags)).code).not.toBe(0);
  });

  it("has no other user than the configuration's, and none without a password", async () => {
    expect(await server.sql("SELECT name, storage FROM system.users")).toEqual([
      { name: "admin", storage: "users_xml" },
    ]);
    for (const user of ["default", "nobody"]) {
      const { code, stderr } = await inside(["clickhouse-client", `--user=${user}`, "--query=SELECT 1"]);
      expect(stderr).toMatch(/Code: (516|194)\. DB::Exception/);
      expect(code).not.toBe(0);
    }
  });

  it("reaps what `docker exec` leaves behind", async () => {
    await server.sh("sleep 0.1 & exit 0");
    const zombies = async () => (await server.sh("cat /proc/[0-9]*/stat")).match(/\) Z /g);
    await expect.poll(zombies, { timeout: 10_000 }).toBe(null);
  });
});

describeServer(() => server);
