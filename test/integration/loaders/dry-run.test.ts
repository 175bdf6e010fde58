import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseEnvFile } from "../../../loaders/core/setting";
import { sampleOf } from "../../support/soak";
import {
  bundleLoader,
  journal,
  ROOT,
  startLoader,
  startWarehouse,
  type Warehouse,
  writeEnvFile,
} from "./warehouse";

const run = promisify(execFile);
const SUMMARY = `[qtickets_api] Dry-run complete:
  Events: 0
  Orders: 0
  Sales rows: 0
  Inventory shows processed: 0
  Sales by UTM rows: 0
  Clients rows: 0
  Price shades rows: 0
  Discounts rows: 0
  Promo codes rows: 0
  Barcode rows: 0
  Partner ticket rows: 0
Dry-run: no ClickHouse writes. A real run would read events, orders and seats from `;

describe("a dry run", () => {
  let server: Server;
  let connections = 0;
  let settings: Record<string, string>;
  beforeAll(async () => {
    await bundleLoader();
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const port = String((server.address() as AddressInfo).port);
    settings = {
      QTICKETS_TOKEN: "placeholder-token",
      QTICKETS_BASE_URL: `http://127.0.0.1:${port}/api/rest/v1`,
      QTICKETS_ALLOW_HTTP: "true",
      CLICKHOUSE_HOST: "127.0.0.1",
      CLICKHOUSE_PORT: port,
      CLICKHOUSE_PASSWORD: "placeholder-password",
      QUARANTINE_DIR: "/nonexistent/quarantine",
    };
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each([
    ["by flag", {}, ["--dry-run"]],
    ["by setting", { DRY_RUN: "true" }, []],
    ["of everything", {}, ["--dry-run", "--full", "--verbose"]],
  ])("%s opens no connection and prints what it would do", async (_name, more, args) => {
    const result = await startLoader({ ...settings, ...more }, args).done;
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout.startsWith(SUMMARY)).toBe(true);
    expect(result.stdout.split("\n").slice(-2, -1)[0]).toBe(
      `Dry-run: no ClickHouse writes. A real run would read events, orders and seats from ${settings.QTICKETS_BASE_URL}, and write to database zakaz of ClickHouse at 127.0.0.1:${settings.CLICKHOUSE_PORT} as etl_writer.`,
    );
    expect(result.stderr).toContain("running in stub mode");
    expect(result.stdout + result.stderr).not.toMatch(/placeholder-token|placeholder-password/);
    expect(connections).toBe(0);
  });

  test("the counting server does count: a real run meets it", async () => {
    const result = await startLoader(settings).done;
    expect(result.code).toBe(1);
    expect(connections).toBeGreaterThan(0);
    connections = 0;
  });

  test("checks the settings as a real one", async () => {
    const result = await startLoader(
      { ...settings, CLICKHOUSE_PORT: "http", QTICKETS_TOKEN: "", TZ: "Mars" },
      ["--dry-run"],
    ).done;
    expect(result.code).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(
      /ERROR Configuration or API error: Settings are wrong: QTICKETS_TOKEN is missing: .*; CLICKHOUSE_PORT must be .*; TZ must be .*\.\n$/,
    );
    expect(connections).toBe(0);
  });

  test("passes with the sample file", async () => {
    const sample = parseEnvFile(readFileSync(join(ROOT, "loaders/qtickets/.env.sample"), "utf8"), "sample");
    const result = await startLoader(sample).done;
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout.startsWith(SUMMARY)).toBe(true);
  });

  test.each(
    sampleOf([
      [["--since-hours", "0"], 2],
      [["--since", "tomorrow"], 2],
      [["--since", "2030-02-01", "--until", "2030-01-01"], 2],
      [["--full", "--since", "2020-01-01"], 2],
      [["--unknown"], 2],
      [["surplus"], 2],
      [["--ch-env", "/nonexistent.env"], 2],
      [["--help"], 0],
    ]),
  )("%j exits %i", async (args, code) => {
    expect((await startLoader({ ...settings, DRY_RUN: "true" }, args).done).code).toBe(code);
    expect(connections).toBe(0);
  });
});

describe("the image", () => {
  let warehouse: Warehouse;
  let folder: string;
  const image = `zt-loader-image:${process.pid}`;
  const volume = `zt-loader-volume-${process.pid}`;
  beforeAll(async () => {
    warehouse = await startWarehouse();
    folder = mkdtempSync(join(tmpdir(), "zt-loader-env-"));
    await run("docker", ["build", "-q", "-f", "loaders/Dockerfile", "-t", image, "."], {
      cwd: ROOT,
      env: { ...process.env, DOCKER_BUILDKIT: "0" },
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await run("docker", ["rmi", "-f", image]).catch(() => undefined);
    await run("docker", ["volume", "rm", "-f", volume]).catch(() => undefined);
    await warehouse?.close();
  });
  const dockerRun = (settings: Record<string, string>, ...args: string[]) =>
    dockerRunIn("host", settings, ...args);
  const dockerRunIn = (network: string, settings: Record<string, string>, ...args: string[]) => {
    const hardened = ["--read-only", "--cap-drop", "ALL", "--network", network];
    const file = writeEnvFile(folder, { ...settings, QUARANTINE_DIR: "/var/lib/zakaz/quarantine" });
    return run("docker", ["run", "--rm", ...hardened, "--env-file", file, image, ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };

  test("runs dry and live with --env-file, read-only and without rights, and tells its exit code", async () => {
    const dry = await dockerRun({ ...warehouse.settings(), DRY_RUN: "true" });
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stdout.startsWith(SUMMARY)).toBe(true);
    expect(await journal(warehouse)).toEqual([]);
    const live = await dockerRun(warehouse.settings(), "--since-hours", "48");
    expect(live.code, live.stderr).toBe(0);
    expect(live.stderr).toContain("Ingestion completed successfully");
    expect((await journal(warehouse)).map(({ status }) => status)).toEqual(["ok"]);
    expect((await dockerRun(warehouse.settings({ CLICKHOUSE_PORT: "x" }))).code).toBe(2);
  });

  test("runs dry without any network, towards hosts that do not exist: exit 0, no request, no connection, the journal untouched", async () => {
    await dockerRun(warehouse.settings());
    const rows = () =>
      warehouse.sql("SELECT * FROM zakaz.meta_job_runs ORDER BY _ver, run_id SETTINGS final = 0");
    const before = await rows();
    expect(before.length).toBeGreaterThan(0);
    const requests = warehouse.sandbox.requests.length;
    const nowhere = {
      QTICKETS_TOKEN: "placeholder-token",
      QTICKETS_BASE_URL: "https://no-such-host.invalid/api/rest/v1",
      CLICKHOUSE_HOST: "no-such-clickhouse.invalid",
      CLICKHOUSE_PASSWORD: "placeholder-password",
      DRY_RUN: "true",
    };
    const alone = await dockerRunIn("none", nowhere);
    expect(alone.code, alone.stderr).toBe(0);
    expect(alone.stdout.startsWith(SUMMARY)).toBe(true);
    expect(alone.stdout).toContain("Dry-run: no ClickHouse writes.");
    // The same with everything in reach: nobody is asked.
    const queries = async () => {
      await warehouse.sql("SYSTEM FLUSH LOGS");
      const [row] = await warehouse.sql<{ n: string }>(
        "SELECT toString(count()) AS n FROM system.query_log WHERE user = 'etl_writer'",
      );
      return row?.n;
    };
    const asked = await queries();
    const near = await dockerRun({ ...warehouse.settings(), DRY_RUN: "true" }, "--verbose", "--full");
    expect(near.code, near.stderr).toBe(0);
    expect(near.stdout.startsWith(SUMMARY)).toBe(true);
    expect(warehouse.sandbox.requests).toHaveLength(requests);
    expect(await queries()).toBe(asked);
    expect(await rows()).toEqual(before);
  });

  test("meets faults as the bundle does: exit 1 without ClickHouse, 1 on 403, 3 without seats", async () => {
    const statuses = async () => (await journal(warehouse)).map(({ status }) => status);
    const before = (await statuses()).length;
    const down = await dockerRun(warehouse.settings({ CLICKHOUSE_PORT: "9" }));
    expect(down.code, down.stderr).toBe(1);
    expect(await statuses()).toHaveLength(before);
    expect(down.stderr).toContain("ClickHouse at 127.0.0.1:9 does not answer (ECONNREFUSED)");
    const { faults } = warehouse.sandbox;
    faults.set({ kind: "status", status: 403, route: "/orders" });
    expect((await dockerRun(warehouse.settings())).code).toBe(1);
    faults.set({ kind: "html", route: "/shows/*/seats" });
    expect((await dockerRun(warehouse.settings())).code).toBe(3);
    faults.clear();
    expect((await statuses()).slice(before)).toEqual(["error", "partial"]);
  });

  test("imports a plan by `zakaz plan`", async () => {
    const target = {
      container: "zt-loader",
      url: warehouse.server.httpUrl,
      network: "host",
      image,
      volumes: [`${volume}:/var/lib/zakaz`],
      labels: [],
      settings: warehouse.settings({ QUARANTINE_DIR: "/var/lib/zakaz/quarantine" }),
    };
    const zakaz = async (...args: string[]) => {
      const child = run(process.execPath, ["ops/zakaz.cjs", "plan", "--target", "-", ...args], { cwd: ROOT });
      child.child.stdin?.end(JSON.stringify(target));
      return child.then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
    };
    const rows = () => warehouse.sql("SELECT toUInt32(count()) AS n FROM zakaz.plan_sales FINAL");
    const example = join(ROOT, "loaders/sales-plan/example.csv");
    const dry = await zakaz(example, "--dry-run");
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stdout).toContain("Plan rows: 3");
    expect(await rows()).toEqual([{ n: 0 }]);
    const real = await zakaz(example);
    expect(real.code, real.stderr).toBe(0);
    expect(await rows()).toEqual([{ n: 3 }]);
    const wrong = join(folder, "wrong.csv");
    writeFileSync(wrong, "sales_date,plan_tickets\n2030-01-31,ten\n2030-02-01,1\n");
    const refused = await zakaz(wrong);
    expect(refused.code, refused.stderr).toBe(1);
    expect(refused.stderr).toContain('Line 2, plan_tickets: found "ten"');
    const partly = await zakaz(wrong, "--skip-bad");
    expect(partly.code, partly.stderr).toBe(3);
    expect(partly.stderr).toContain("zakaz: The file was imported without the lines named above");
    expect(await rows()).toEqual([{ n: 4 }]);
    const missing = await zakaz(join(folder, "none.csv"));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("none.csv cannot be read (ENOENT)");
  });

  test("belongs to no root, and holds nothing but the bundles", async () => {
    const { stdout } = await run("docker", [
      "inspect",
      "-f",
      "{{.Config.User}} {{json .Config.Entrypoint}}",
      image,
    ]);
    expect(stdout.trim()).toBe(
      '10001:10001 ["node","--max-semi-space-size=8","--max-old-space-size=128","/app/qtickets.js"]',
    );
    const shell = ["run", "--rm", "--entrypoint", "sh", image, "-c"];
    const listed = await run("docker", [...shell, "ls /app; stat -c %u:%a /var/lib/zakaz/quarantine; id -u"]);
    expect(listed.stdout.trim().split("\n")).toEqual(["alerts.js", "qtickets.js", "10001:755", "10001"]);
  });
});
