import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareImage, recipes } from "../../../images";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../../sandbox/qtickets/sandbox";
import { reservePort } from "../../support/ports";
import { startServer, type Server } from "../../support/server";
import type { TestServer } from "../../support/server-common";
import { wholeSql } from "../../support/sql";

export const ROOT = resolve(__dirname, "../../..");
export const BUNDLE = join(ROOT, "loaders/dist/qtickets.js");

/** Tables that a load writes. */
export const WRITTEN = [
  "zakaz.stg_qtickets_api_orders_raw",
  "zakaz.stg_qtickets_api_inventory_raw",
  "zakaz.stg_qtickets_api_price_shades_raw",
  "zakaz.stg_qtickets_api_discounts_raw",
  "zakaz.stg_qtickets_api_promo_codes_raw",
  "zakaz.stg_qtickets_api_barcodes_raw",
  "zakaz.dim_events",
  "zakaz.fact_qtickets_orders",
  "zakaz.fact_qtickets_sales_daily",
  "zakaz.fact_qtickets_sales_utm_daily",
  "zakaz.fact_qtickets_inventory",
  "zakaz.fact_qtickets_inventory_latest",
  "zakaz.meta_job_runs",
  "meta.watermarks",
  "meta.sli_daily",
  "meta.etl_alerts",
] as const;

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

export interface RunUnderWay {
  child: ChildProcess;
  done: Promise<RunResult>;
}

type Settings = Record<string, string>;

/** A server with the whole schema, a sandbox, and the loader's bundle to run between them. */
export interface Warehouse<OfServer extends TestServer = Server> {
  server: OfServer;
  sandbox: Sandbox;
  loaderPassword: string;
  quarantineDirectory: string;
  /** Port of ClickHouse; the same when the server is started again. */
  port: number;
  /** Empties every table that a load writes, and starts a new sandbox. */
  reset(options?: Partial<SandboxOptions>): Promise<void>;
  /** Settings of a run, as the loader reads them. */
  settings(more?: Settings): Settings;
  start(settings?: Settings, args?: string[]): RunUnderWay;
  run(settings?: Settings, args?: string[]): Promise<RunResult>;
  sql: TestServer["sql"];
  close(): Promise<void>;
}

/** Whatever its server runs in. */
export type AnyWarehouse = Warehouse<TestServer>;

/** Bundles the loader once per test file. */
export async function bundleLoader(): Promise<void> {
  await prepareImage(recipes.loader);
}

/** Runs the bundle as a child process with nothing in its environment but PATH, settings on standard input. */
export function startLoader(settings: Settings, args: readonly string[] = []): RunUnderWay {
  const started = Date.now();
  const child = spawn(process.execPath, [BUNDLE, "--envfile", "-", ...args], {
    env: { PATH: process.env.PATH },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(envFile(settings));
  const done = new Promise<RunResult>((resolveRun, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolveRun({
        code,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        seconds: (Date.now() - started) / 1000,
      }),
    );
  });
  return { child, done };
}

export function envFile(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Starts a warehouse on a server that can be killed and started again. */
export async function startWarehouse(options: Partial<SandboxOptions> = {}): Promise<Warehouse> {
  const ports = { http: await reservePort(), native: await reservePort() };
  return makeWarehouse(await startServer({ ports }), options);
}

/** Makes a warehouse of a server that is empty; stops it when that fails. */
export async function makeWarehouse<OfServer extends TestServer>(
  server: OfServer,
  options: Partial<SandboxOptions> = {},
): Promise<Warehouse<OfServer>> {
  const loaderPassword = `pw-${randomBytes(9).toString("hex")}`;
  const quarantineDirectory = mkdtempSync(join(tmpdir(), "zt-loader-"));
  const data = { ordersPerDay: 30, days: 20, ...options };
  let sandbox: Sandbox;
  try {
    await bundleLoader();
    await applySchema(server, loaderPassword);
    sandbox = await startSandbox(data);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const settings = (more: Settings = {}): Settings => ({
    QTICKETS_TOKEN: warehouse.sandbox.token,
    QTICKETS_BASE_URL: warehouse.sandbox.url,
    QTICKETS_ALLOW_HTTP: "true",
    QTICKETS_RATE_PER_SECOND: "0",
    CLICKHOUSE_HOST: "127.0.0.1",
    CLICKHOUSE_PORT: String(warehouse.port),
    CLICKHOUSE_PASSWORD: loaderPassword,
    QUARANTINE_DIR: quarantineDirectory,
    LEASE_SECONDS: "3",
    ...more,
  });
  const warehouse: Warehouse<OfServer> = {
    server,
    sandbox,
    loaderPassword,
    quarantineDirectory,
    port: Number(new URL(server.httpUrl).port),
    settings,
    start: (more, args) => startLoader(settings(more), args),
    run: (more, args) => startLoader(settings(more), args).done,
    sql: (query) => server.sql(query),
    reset: async (changed = {}) => {
      await warehouse.sandbox.close();
      warehouse.sandbox = await startSandbox({ ...data, ...changed });
      await Promise.all(WRITTEN.map((table) => warehouse.sql(`TRUNCATE TABLE ${table}`)));
    },
    close: async () => {
      rmSync(quarantineDirectory, { recursive: true, force: true });
      await warehouse.sandbox.close();
      await server.stop();
    },
  };
  return warehouse;
}

/** The schema as a user pipes it in, then the loader's password as the stack sets it. */
export async function applySchema(server: TestServer, loaderPassword: string): Promise<void> {
  // A request through a container's published port comes from whatever network Docker has made.
  const hosts = "HOST IP '0.0.0.0/0'";
  const password = `ALTER USER etl_writer IDENTIFIED WITH sha256_password BY '${loaderPassword}' ${hosts};\n`;
  const result = await server.client(["--multiquery"], `${wholeSql()}\n${password}`);
  if (result.code !== 0) throw new Error(`The schema was not applied: ${result.stderr}`);
}

export interface SalesRow {
  day: string;
  eventId: number;
  currency: string;
  tickets: number;
  revenue: string;
  refunds: string;
  orders: number;
}

/** The daily fact as the reader's views see it: rows of zeros left out. */
export async function dailySales(warehouse: AnyWarehouse): Promise<SalesRow[]> {
  const rows = await warehouse.sql<Record<string, string | number>>(
    `SELECT toString(sales_date) AS day, toUInt32(event_id) AS eventId, currency, tickets_sold AS tickets,
       toDecimalString(revenue, 2) AS revenue, toDecimalString(refunds, 2) AS refunds, orders_count AS orders
     FROM zakaz.fact_qtickets_sales_daily FINAL
     WHERE tickets_sold != 0 OR fact_qtickets_sales_daily.revenue != 0 OR fact_qtickets_sales_daily.refunds != 0
     ORDER BY day, eventId, currency`,
  );
  return rows as unknown as SalesRow[];
}

/** What the sandbox computes for itself, in the same form. */
export function expectedSales(warehouse: AnyWarehouse, since = ""): SalesRow[] {
  return warehouse.sandbox.data
    .expected()
    .sales.filter((row) => row.tickets !== 0 || row.revenue !== "0.00" || row.refunds !== "0.00")
    .filter((row) => row.day >= since);
}

/** One line per table: number of rows with FINAL, and a checksum over all columns that a reload must not change. */
export async function fingerprint(warehouse: AnyWarehouse): Promise<Record<string, string>> {
  const facts = WRITTEN.filter((table) => !/inventory|meta/.test(table));
  const selects = facts.map(
    (table) =>
      `SELECT '${table}' AS t, concat(toString(count()), ' ', toString(groupBitXor(cityHash64(* EXCEPT (_ver, _loaded_at))))) AS f FROM ${table} FINAL`,
  );
  const rows = await warehouse.sql<{ t: string; f: string }>(selects.join(" UNION ALL "));
  return Object.fromEntries(rows.sort((a, b) => a.t.localeCompare(b.t)).map(({ t, f }) => [t, f]));
}

export interface JournalRow {
  run_id: string;
  status: string;
  rows_processed: number;
  message: string;
  metrics: string;
  ordered: number;
}

/** Journal rows in the order of the runs; every physical row counts. */
export function journal(warehouse: AnyWarehouse): Promise<JournalRow[]> {
  return warehouse.sql<JournalRow>(
    `SELECT toString(run_id) AS run_id, status, toUInt32(rows_processed) AS rows_processed, message, metrics,
       started_at <= finished_at AS ordered
     FROM zakaz.meta_job_runs ORDER BY _ver SETTINGS final = 0`,
  );
}

/** Waits until the lease of a run that died is over. To ask by runs would take half a second of a core for each. */
export async function leaseIsOver(warehouse: AnyWarehouse): Promise<void> {
  const held = async () =>
    warehouse.sql(
      "SELECT source FROM meta.watermarks FINAL WHERE stream = 'lease' AND parseDateTimeBestEffort(wm_value, 'UTC') > now('UTC')",
    );
  for (const until = Date.now() + 60_000; (await held()).length > 0; await sleep(100)) {
    if (Date.now() > until) throw new Error("The lease of a run that died is still held after a minute");
  }
}

/** Writes a settings file that only its owner can read. */
export function writeEnvFile(directory: string, settings: Settings): string {
  const path = join(directory, "loader.env");
  writeFileSync(path, envFile(settings), { mode: 0o600 });
  return path;
}
