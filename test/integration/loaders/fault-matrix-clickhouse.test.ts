import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startContainer, type ServerContainer } from "../../support/container";
import { COUNTS } from "../../support/soak";
import {
  type AnyWarehouse,
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  makeWarehouse,
  ROOT,
  type RunResult,
  startWarehouse,
  type Warehouse,
} from "./warehouse";

const DATA = { ordersPerDay: 20, days: 10 };

let warehouse: Warehouse;
const lines: string[] = [];

beforeAll(async () => {
  warehouse = await startWarehouse(DATA);
});
afterAll(async () => {
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  const head = ["# Faults of ClickHouse", "", "| fault | exit | journal | said | facts | next good run |"];
  const text = [...head, "|---|---|---|---|---|---|", ...lines, ""].join("\n");
  writeFileSync(join(ROOT, "reports/fault-matrix-clickhouse.md"), text);
  await warehouse?.close();
});

const asAdmin = async (statement: string): Promise<void> => {
  const { code, stderr } = await warehouse.server.client([], statement);
  expect(code, stderr).toBe(0);
};

/** A way to ClickHouse that can be slow, or break for good. */
class Way {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  broken = false;

  constructor(private readonly latency = 0) {}

  async open(): Promise<number> {
    this.server = createServer((here) => {
      if (this.broken) return void here.resetAndDestroy();
      const there = connect(warehouse.port, "127.0.0.1");
      for (const [from, to] of [
        [here, there],
        [there, here],
      ] as const) {
        this.sockets.add(from);
        from.on("data", (chunk: Buffer) => setTimeout(() => to.write(chunk), this.latency));
        from.on("error", () => to.destroy());
        from.on("close", () => setTimeout(() => to.destroy(), this.latency));
      }
    });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
    return (this.server?.address() as AddressInfo).port;
  }

  break(): void {
    this.broken = true;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A run whose orders come slowly, so that something can happen in its middle. */
async function inTheMiddle(
  happens: () => Promise<unknown>,
  settings: Record<string, string> = {},
): Promise<RunResult> {
  warehouse.sandbox.faults.set({ kind: "delay", ms: 150, route: "/orders" });
  const pages = () => warehouse.sandbox.requests.filter(({ path }) => path.endsWith("/orders")).length;
  const before = pages();
  const run = warehouse.start({ QTICKETS_PAGE_SIZE: "10", LEASE_SECONDS: "60", ...settings }, ["--full"]);
  while (pages() < before + 4 && run.child.exitCode === null) await sleep(20);
  await happens();
  const result = await run.done;
  warehouse.sandbox.faults.clear();
  return result;
}

interface Cell {
  what: string;
  run: () => Promise<RunResult>;
  /** Makes the server well again. */
  fix?: () => Promise<unknown>;
  code: number;
  /** Status of the run's journal row; none where it could not be written. */
  status: "ok" | "error" | "none";
  said: RegExp;
}

const DOES_NOT_ANSWER =
  /ClickHouse at 127\.0\.0\.1:\d+ does not answer \((ECONNREFUSED|ECONNRESET)\): start it/;
const COMPLETE = /Ingestion completed successfully/;

const CELLS: readonly Cell[] = [
  {
    what: "down at the start",
    run: () => warehouse.run({ CLICKHOUSE_PORT: "9" }),
    code: 1,
    status: "none",
    said: DOES_NOT_ANSWER,
  },
  {
    what: "slow: 200 ms more each way",
    run: async () => {
      const way = new Way(200);
      const result = await warehouse.run({ CLICKHOUSE_PORT: String(await way.open()), LEASE_SECONDS: "60" });
      way.close();
      return result;
    },
    code: 0,
    status: "ok",
    said: COMPLETE,
  },
  {
    what: "stands still for four seconds",
    run: () =>
      inTheMiddle(async () => {
        process.kill(warehouse.server.pid, "SIGSTOP");
        await sleep(4000);
        process.kill(warehouse.server.pid, "SIGCONT");
      }),
    code: 0,
    status: "ok",
    said: COMPLETE,
  },
  {
    what: "restarted in the middle",
    run: () =>
      inTheMiddle(async () => {
        await warehouse.server.kill();
        await warehouse.server.start();
      }),
    code: 0,
    status: "ok",
    said: COMPLETE,
  },
  {
    what: "gone for good in the middle",
    run: async () => {
      const way = new Way();
      const port = String(await way.open());
      const result = await inTheMiddle(() => Promise.resolve(way.break()), { CLICKHOUSE_PORT: port });
      way.close();
      return result;
    },
    // The lease of the run outlives it.
    fix: () => warehouse.sql("TRUNCATE TABLE meta.watermarks"),
    code: 1,
    status: "none",
    said: DOES_NOT_ANSWER,
  },
  ...(["stg_qtickets_api_orders_raw", "fact_qtickets_sales_daily"] as const).map((table): Cell => ({
    what: `${table} is read-only for the loader`,
    run: async () => {
      await asAdmin(`REVOKE INSERT ON zakaz.${table} FROM role_etl_writer`);
      return warehouse.run({}, ["--full"]);
    },
    fix: () => asAdmin(`GRANT INSERT ON zakaz.${table} TO role_etl_writer`),
    code: 1,
    status: "error",
    said: /refused a statement: code 497/,
  })),
  {
    what: "the user may only read",
    run: async () => {
      await asAdmin("REVOKE role_etl_writer FROM etl_writer");
      return warehouse.run();
    },
    fix: async () => {
      await asAdmin("GRANT role_etl_writer TO etl_writer");
      await asAdmin("SET DEFAULT ROLE role_etl_writer TO etl_writer");
    },
    code: 1,
    status: "none",
    said: /refused a statement: code 497/,
  },
];

/** A good run, the fault, and a good run again. */
async function check({ what, ...cell }: Cell, warehouse: AnyWarehouse): Promise<void> {
  const good = await warehouse.run({}, ["--full"]);
  expect(good.code, good.stderr).toBe(0);
  const before = await fingerprint(warehouse);
  const rowsBefore = (await journal(warehouse)).length;
  warehouse.sandbox.data.addOrder({}, Date.now() - 1500);
  const run = await cell.run().finally(() => cell.fix?.());

  const rows = (await journal(warehouse)).slice(rowsBefore);
  const error = run.stderr.split("\n").filter((line) => line.includes(" ERROR "));
  const after = await fingerprint(warehouse);
  const facts = (all: Record<string, string>) =>
    Object.entries(all).filter(([name]) => name.includes("_sales_"));
  const label = `${what}:\n${run.stderr}`;
  expect(run.code, label).toBe(cell.code);
  expect(
    rows.map(({ status }) => status),
    label,
  ).toEqual(cell.status === "none" ? [] : [cell.status]);
  expect(run.stderr, label).toMatch(cell.said);
  expect(run.stderr, label).not.toMatch(/\n\s+at |Unexpected/);
  if (cell.code === 0) expect(await dailySales(warehouse), label).toEqual(expectedSales(warehouse));
  else expect(facts(after), label).toEqual(facts(before));

  const next = await warehouse.run({}, ["--full"]);
  expect(next.code, next.stderr).toBe(0);
  expect(await dailySales(warehouse), label).toEqual(expectedSales(warehouse));
  const text = (error.at(-1) ?? "").replace(/^\S+ \S+ ERROR (Configuration or API error: )?/, "");
  const shown = cell.code === 0 ? "" : text.replaceAll("|", "\\|").slice(0, 200);
  lines.push(
    `| ${what} | ${run.code} | ${cell.status} | ${shown} | ${cell.code === 0 ? "right" : "unchanged"} | right |`,
  );
}

/** What the loader waits out for most of a minute is for `make soak`; ./faults.test.ts kills the server in the middle of a run. */
const TRIED = CELLS.filter(({ what }) => COUNTS.allFaults || what !== "gone for good in the middle");

test.each(TRIED.map((cell) => [cell.what, cell] as const))("%s", (_, cell) => check(cell, warehouse));

describe("with a small disk of its own", () => {
  let small: Warehouse<ServerContainer>;
  beforeAll(async () => {
    const disk = "/var/lib/clickhouse:size=200m,uid=101,gid=101,mode=755";
    small = await makeWarehouse(await startContainer({ dockerArguments: ["--tmpfs", disk] }), DATA);
  });
  afterAll(() => small?.close());

  test("disk full", () => {
    const run = async () => {
      await small.server.sh("dd if=/dev/zero of=/var/lib/clickhouse/filler bs=1M 2>/dev/null; true");
      return small.run({}, ["--full"]);
    };
    const fix = () => small.server.sh("rm /var/lib/clickhouse/filler");
    const said = /ClickHouse at 127\.0\.0\.1:\d+ refused a statement: code \d+/;
    return check({ what: "disk full", run, fix, code: 1, status: "none", said }, small);
  });
});
