import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from "@clickhouse/client";
import { prepareImage, recipes } from "../images";
import { ROWS_PER_INSERT } from "../loaders/core/writer";
import { ORDER_COLUMNS } from "../loaders/qtickets/order-rows";
import { envFile, startWarehouse, type Warehouse } from "../test/integration/loaders/warehouse";
import { ROOT, run } from "../test/support/stack";
import { loadSequentially } from "./sequential";

/** Rows of a page; the loader asks for as many by default. */
const PER_PAGE = 100;
const STAGING = "zakaz.stg_qtickets_api_orders_raw";
const LATENCY = 50;

const say = (line: string) => process.stdout.write(`${line}\n`);
const sayRow = (...cells: (string | number)[]) => say(`| ${cells.join(" | ")} |`);

function sayHead(...titles: string[]): void {
  sayRow(...titles);
  sayRow(...titles.map(() => "---"));
}

interface Api {
  url: string;
  stop(): void;
}

async function startPages(orders: number, latency: number): Promise<Api> {
  const child = fork(join(__dirname, "page-server.ts"), [orders, PER_PAGE, latency].map(String), {
    execArgv: ["--import", "tsx", "--max-old-space-size=8192"],
  });
  const [port] = (await once(child, "message")) as [number];
  return { url: `http://127.0.0.1:${port}/api/rest/v1`, stop: () => child.disconnect() };
}

/** What a run of the loader says of itself in its journal row, and what its log says of the orders. */
interface Loaded {
  rows: number;
  orders: number;
  seconds: number;
  orderSeconds: number;
  peakRss: number;
  cpuSeconds: number;
  steps: Record<string, number>;
}

class Bench {
  constructor(
    private readonly warehouse: Warehouse,
    private readonly image: string,
    private readonly client: ClickHouseClient,
  ) {}

  /** The loader as it ships: its image, with two cores. */
  async load(api: Api, settings: Record<string, string>): Promise<Loaded> {
    await this.empty();
    const environment = envFile(
      this.warehouse.settings({
        QTICKETS_BASE_URL: api.url,
        QTICKETS_SKIP_INVENTORY: "true",
        QTICKETS_RUN_SECONDS: "3600",
        QUARANTINE_DIR: "/tmp",
        LOG_FORMAT: "json",
        LEASE_SECONDS: "30",
        ...settings,
      }),
    );
    const shell = `docker run --rm -i --network host --cpus 2 ${this.image} --envfile - --full`;
    const result = await run("sh", ["-c", shell], { input: environment });
    if (result.code !== 0) throw new Error(result.stderr);
    const [row] = await this.warehouse.sql<{ message: string; metrics: string }>(
      "SELECT message, metrics FROM zakaz.meta_job_runs FINAL",
    );
    const message = JSON.parse(row?.message ?? "") as Record<string, number>;
    const metrics = JSON.parse(row?.metrics ?? "") as Record<string, number> & {
      step_seconds: Record<string, number>;
    };
    const line = result.stderr.split("\n").find((text) => text.includes('"Read orders'));
    const { seconds } = JSON.parse(line ?? "{}") as { seconds: number };
    return {
      rows: Number(message.sales_rows),
      orders: Number(message.orders),
      seconds: Number(metrics.seconds),
      orderSeconds: seconds,
      peakRss: Number(metrics.peak_rss_mb),
      cpuSeconds: Number(metrics.cpu_seconds),
      steps: metrics.step_seconds,
    };
  }

  /** Reference (a): the rows of the last load once more, from memory, by the client, in the same format and blocks. */
  async bareInsert(): Promise<{ rows: number; seconds: number }> {
    const [first, ...rest] = ORDER_COLUMNS;
    const answer = await this.client.query({
      query: `SELECT ${ORDER_COLUMNS.map(column).join(", ")} FROM ${STAGING} ORDER BY order_id, item_id SETTINGS final = 0`,
      format: "TabSeparated",
    });
    const lines = (await answer.text()).split("\n").slice(0, -1);
    const blocks: Buffer[] = [];
    for (let from = 0; from < lines.length; from += ROWS_PER_INSERT) {
      blocks.push(Buffer.from(`${lines.slice(from, from + ROWS_PER_INSERT).join("\n")}\n`));
    }
    await this.empty();
    const start = performance.now();
    for (const block of blocks) {
      await this.client.insert({
        table: STAGING,
        columns: [first, ...rest],
        values: Readable.from([block], { objectMode: false }),
        format: "TabSeparated",
      });
    }
    return { rows: lines.length, seconds: (performance.now() - start) / 1000 };
  }

  async sequential(api: Api): Promise<{ rows: number; seconds: number }> {
    await this.empty();
    return loadSequentially(api.url, {
      url: `http://127.0.0.1:${this.warehouse.port}`,
      username: "etl_writer",
      password: this.warehouse.loaderPassword,
    });
  }

  private async empty(): Promise<void> {
    for (const table of [STAGING, "zakaz.fact_qtickets_orders", "zakaz.fact_qtickets_sales_daily"]) {
      await this.warehouse.sql(`TRUNCATE TABLE ${table}`);
    }
    for (const table of ["zakaz.fact_qtickets_sales_utm_daily", "zakaz.meta_job_runs", "meta.watermarks"]) {
      await this.warehouse.sql(`TRUNCATE TABLE ${table}`);
    }
  }
}

/** Timestamps leave as they come: as seconds. */
function column(name: string): string {
  return name.endsWith("_ts") ? `toUnixTimestamp(${name})` : name;
}

const perSecond = (rows: number, seconds: number) => Math.round(rows / seconds);

async function withoutLatency(bench: Bench, orders: number, concurrency: number): Promise<void> {
  const api = await startPages(orders, 0);
  try {
    const loaded = await bench.load(api, { QTICKETS_CONCURRENCY: String(concurrency) });
    const bare = await bench.bareInsert();
    const { fetch = 0, parse = 0, rows = 0, insert = 0, recompute = 0 } = loaded.steps;
    const percent = (seconds: number) => `${Math.round((100 * seconds) / loaded.seconds)} %`;
    const rate = perSecond(loaded.rows, loaded.seconds);
    const reference = perSecond(bare.rows, bare.seconds);
    const orderRate = perSecond(loaded.rows, loaded.orderSeconds);
    sayRow(
      orders,
      loaded.rows,
      `${loaded.seconds.toFixed(1)} s`,
      rate,
      orderRate,
      reference,
      (rate / reference).toFixed(2),
      (orderRate / reference).toFixed(2),
      `${loaded.peakRss} MB`,
      `${loaded.cpuSeconds.toFixed(1)} s`,
      [fetch, parse, rows, insert, recompute].map(percent).join(" "),
    );
  } finally {
    api.stop();
  }
}

async function withLatency(bench: Bench, orders: number, concurrencies: number[]): Promise<void> {
  const api = await startPages(orders, LATENCY);
  try {
    const sequential = await bench.sequential(api);
    const reference = perSecond(sequential.rows, sequential.seconds);
    for (const concurrency of concurrencies) {
      const loaded = await bench.load(api, { QTICKETS_CONCURRENCY: String(concurrency) });
      const ideal = ((orders / PER_PAGE / concurrency) * LATENCY) / 1000;
      const rate = perSecond(loaded.rows, loaded.seconds);
      sayRow(
        orders / PER_PAGE,
        concurrency,
        `${loaded.orderSeconds.toFixed(2)} s`,
        (loaded.orderSeconds / ideal).toFixed(2),
        `${loaded.seconds.toFixed(2)} s`,
        rate,
        reference,
        (rate / reference).toFixed(1),
      );
    }
  } finally {
    api.stop();
  }
}

/**
 * The loader against prepared pages: end to end without latency beside a bare insert of the same rows, and with a latency
 * of 50 ms beside a sequential loader. Prints two tables. Rates are rows of staging per second of the whole run.
 */
export async function benchLoader(sizes: readonly number[]): Promise<void> {
  const warehouse = await startWarehouse();
  const image = `zakaz-bench-loader:${process.pid}`;
  const client = createClient({
    url: `http://127.0.0.1:${warehouse.port}`,
    username: "etl_writer",
    password: warehouse.loaderPassword,
    compression: { request: { codec: "zstd", level: 1 } },
    clickhouse_settings: { wait_end_of_query: 1 },
    request_timeout: 600_000,
    log: { level: ClickHouseLogLevel.OFF },
  });
  try {
    await prepareImage(recipes.loader);
    const built = await run("docker", [
      "build",
      "-q",
      "-f",
      join(ROOT, "loaders/Dockerfile"),
      "-t",
      image,
      ROOT,
    ]);
    if (built.code !== 0) throw new Error(built.stderr);
    const bench = new Bench(warehouse, image, client);
    await warmUp(bench);
    say("Loader, no latency. Reference (a): a bare insert of the same rows, same format and blocks.");
    sayHead(
      "orders",
      "rows",
      "whole run",
      "rows/s",
      "rows/s without recompute",
      "(a) rows/s",
      "run/(a)",
      "without recompute/(a)",
      "peak RSS",
      "CPU of the loader",
      "time of fetch, parse, rows, insert, recompute",
    );
    for (const orders of sizes) await withoutLatency(bench, orders, 4);
    say(`\nLoader, ${LATENCY} ms latency per page. Reference (b): page after page, one insert.`);
    sayHead(
      "pages",
      "concurrency",
      "orders read in",
      "÷ (pages ÷ concurrency × latency)",
      "whole run",
      "rows/s",
      "(b) rows/s",
      "run/(b)",
    );
    await withLatency(bench, 20_000, [4, 16]);
    await withLatency(bench, 100_000, [4, 16]);
  } finally {
    await client.close();
    await run("docker", ["rmi", "-f", image]);
    await warehouse.close();
  }
}

/** One load that only warms caches up. */
async function warmUp(bench: Bench): Promise<void> {
  const api = await startPages(1000, 0);
  try {
    await bench.load(api, {});
  } finally {
    api.stop();
  }
}
