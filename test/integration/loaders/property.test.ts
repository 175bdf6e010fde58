import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clock } from "../../../loaders/core/clock";
import type { FaultRule, Sandbox } from "../../../sandbox/server";
import { serveData } from "../../../sandbox/server";
import { OrderStore } from "../../../sandbox/qtickets/store";
import { dataSet } from "../../unit/sandbox/support";
import { simulateRun, type Crash, type SimulatedRun } from "./simulated-run";
import { factsOf, Vendor, vendorStep, type Facts, type VendorStep } from "./vendor-history";
import { startWarehouse, type Warehouse, WRITTEN } from "./warehouse";

/** Histories that are tried; a long run is asked for by hand: PROPERTY_RUNS=500 PROPERTY_SEED=1 npx vitest … */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 40);
const SEED = Number(process.env.PROPERTY_SEED ?? Date.now() % 1_000_000);
/** CI stops adding histories after this time. */
const LIMIT_MS = process.env.PROPERTY_RUNS === undefined ? 50_000 : 3_600_000;
/** Before the end of a month, so that histories cross it. */
const BEGIN = Date.parse("2031-01-25T23:50:00+03:00");

/** A run of the loader, and what befalls it. */
interface RunStep {
  do: "run";
  pageSize: number;
  overlapMinutes: number;
  sinceHours: number;
  mode: "usual" | "full" | "lastDays";
  /** Moves the clock with every request, in milliseconds. */
  latency: number;
  crash: Crash | null;
  /** SIGKILL so long after the n-th request. */
  kill: { request: number; ms: number } | null;
  fault: FaultRule | null;
  /** What the vendor does while the n-th request is under way. */
  meanwhile: { request: number; steps: VendorStep[] } | null;
}

type Step = VendorStep | RunStep;

/** Nothing in all but one of so many cases. */
const onceIn = <T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: times - 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary },
  );

const faultRule = fc.record({
  kind: fc.constantFrom("drop", "truncated", "brokenJson", "html", "empty", "statusError", "repeatedPage"),
  route: fc.constantFrom("/orders", "/events", "*"),
  skip: fc.nat({ max: 8 }),
  times: fc.constantFrom(1, 3, 1000),
}) as fc.Arbitrary<FaultRule>;
const filterFault = fc.record({
  kind: fc.constantFrom("filtersIgnored", "pageSizeIgnored"),
  route: fc.constant("/orders"),
  skip: fc.nat({ max: 4 }),
}) as fc.Arbitrary<FaultRule>;

const runStep: fc.Arbitrary<RunStep> = fc.record({
  do: fc.constant("run" as const),
  pageSize: fc.integer({ min: 1, max: 5 }),
  overlapMinutes: fc.constantFrom(0, 5, 60, 3000),
  sinceHours: fc.constantFrom(1, 24, 72),
  mode: fc.constantFrom(
    "usual" as const,
    "usual" as const,
    "usual" as const,
    "full" as const,
    "lastDays" as const,
  ),
  latency: fc.constantFrom(0, 0, 150, 1000),
  crash: onceIn(
    2,
    fc.record({
      statement: fc.nat({ max: 13 }),
      when: fc.constantFrom("before" as const, "after" as const),
      then: fc.constantFrom("death" as const, "death" as const, "error" as const),
    }),
  ),
  kill: onceIn(10, fc.record({ request: fc.nat({ max: 7 }), ms: fc.nat({ max: 120 }) })),
  fault: onceIn(5, fc.oneof(faultRule, faultRule, filterFault)),
  meanwhile: onceIn(
    3,
    fc.record({ request: fc.nat({ max: 8 }), steps: fc.array(vendorStep(), { minLength: 1, maxLength: 3 }) }),
  ),
});

const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: vendorStep() }, { weight: 2, arbitrary: runStep }),
  { minLength: 3, maxLength: 24, size: "max" },
);

const undisturbed: RunStep = {
  do: "run",
  pageSize: 3,
  overlapMinutes: 0,
  sinceHours: 1,
  mode: "usual",
  latency: 0,
  crash: null,
  kill: null,
  fault: null,
  meanwhile: null,
};

/** Histories that once ended in wrong facts, or nearly. They are tried first. */
const KNOWN: readonly Step[][] = [
  // Between two pages of the first run one order leaves the list and another enters it: the total stays, the pages move.
  ...[13, 14, 15, 16, 17].map((request): Step[] => [
    ...[0, 1, 2, 3].flatMap((): VendorStep[] => [
      { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
      { do: "wait", seconds: 1 },
    ]),
    { do: "cancel", order: 3, payment: "lost" },
    { do: "wait", seconds: 3 * 86_400 },
    {
      ...undisturbed,
      pageSize: 1,
      meanwhile: {
        request,
        steps: [
          { do: "cancel", order: 0, payment: "lost" },
          { do: "restore", order: 3 },
        ],
      },
    },
  ]),
  // A first run dies after staging; an order of it loses its payment before the next first run.
  [
    { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 60 },
    { ...undisturbed, crash: { statement: 6, when: "after", then: "death" } },
    { do: "wait", seconds: 60 },
    { do: "cancel", order: 0, payment: "lost" },
    { do: "wait", seconds: 60 },
  ],
  // The same after a run by hand, which leaves no watermark.
  [
    { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 60 },
    { ...undisturbed, mode: "lastDays" },
    { do: "cancel", order: 0, payment: "lost" },
  ],
  // A ticket leaves its order in the second in which the order was read, without a trace.
  [
    { do: "create", event: 0, kopecks: [100, 200], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 1 },
    { do: "edit", order: 0, ticket: 0, kopecks: 300 },
    undisturbed,
    { do: "removeTicket", order: 0, ticket: 1, how: "gone" },
  ],
  [
    { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 60 },
    undisturbed,
    { do: "cancel", order: 0, payment: "lost" },
    { do: "restore", order: 0 },
    { do: "wait", seconds: 1 },
    undisturbed,
    { do: "wait", seconds: 1 },
  ],
];

let warehouse: Warehouse;
let vendor: Vendor;
let sandbox: Sandbox<OrderStore>;
let folder: string;
let child: string;
/** Called with the number of each request since the last reset. */
let onRequest: (number: number) => void = () => undefined;
let requests = 0;

beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 1, days: 1 });
  // Some thousand runs in an hour are more than a loader may ask for.
  await warehouse.engine.client([], "DROP QUOTA etl_writer_quota");
  vendor = new Vendor(new OrderStore(dataSet({ now: () => BEGIN })), BEGIN);
  sandbox = await serveData(vendor.store, { onRequest: () => onRequest(requests++) });
  folder = mkdtempSync(join(tmpdir(), "zt-property-"));
  child = join(folder, "child.js");
  const entry = join(__dirname, "simulated-child.ts");
  await build({ entryPoints: [entry], outfile: child, bundle: true, platform: "node", logLevel: "error" });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await sandbox?.close();
  await warehouse?.close();
});

/** Clock of loader and vendor alike. */
const clock: Clock = { now: () => vendor.now, sleep: () => Promise.resolve(), random: () => 0.5 };

const statistics = { runs: {} as Record<string, number>, histories: 0 };

async function runLoader(step: RunStep): Promise<void> {
  requests = 0;
  sandbox.faults.set(...(step.fault === null ? [] : [step.fault]));
  const { now } = vendor;
  const run: SimulatedRun = {
    settings: warehouse.settings({
      QTICKETS_TOKEN: sandbox.token,
      QTICKETS_BASE_URL: sandbox.url,
      QTICKETS_PAGE_SIZE: String(step.pageSize),
      QTICKETS_OVERLAP_MINUTES: String(step.overlapMinutes),
      QTICKETS_SINCE_HOURS: String(step.sinceHours),
      QTICKETS_INITIAL_BACKFILL_HOURS: "90000",
      QTICKETS_SKIP_INVENTORY: "true",
    }),
    asked: {
      full: step.mode === "full",
      since: step.mode === "lastDays" ? now - 3 * 86_400_000 : undefined,
    },
    crash: step.crash ?? undefined,
  };
  let strike: () => void = () => undefined;
  onRequest = (number) => {
    vendor.now += step.latency;
    if (number === step.meanwhile?.request) for (const one of step.meanwhile.steps) vendor.apply(one);
    if (number === step.kill?.request) strike();
  };
  const outcome = await (step.kill === null
    ? simulateRun(run, clock)
    : runChild(run, now, (kill) => (strike = () => setTimeout(kill, step.kill?.ms))));
  statistics.runs[outcome] = (statistics.runs[outcome] ?? 0) + 1;
  onRequest = () => undefined;
  sandbox.faults.clear();
}

/** The run as a process, which `ready` is told how to kill. */
function runChild(run: SimulatedRun, now: number, ready: (kill: () => void) => void): Promise<string> {
  const process_ = spawn(process.execPath, [child], { env: { PATH: process.env.PATH } });
  ready(() => process_.kill("SIGKILL"));
  let out = "";
  let err = "";
  process_.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  process_.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  process_.stdin.end(JSON.stringify({ now, run }));
  return new Promise((resolve, reject) => {
    process_.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve("killed");
      else if (code === 0) resolve(out);
      else reject(new Error(err));
    });
  });
}

async function clear(): Promise<void> {
  for (const table of WRITTEN) await warehouse.sql(`TRUNCATE TABLE ${table}`);
  vendor.store.clear();
  vendor.now = BEGIN;
}

async function lines(query: string): Promise<string[]> {
  return (await warehouse.sql<{ line: string }>(query)).map(({ line }) => line).sort();
}

/** The facts as a reader gets them: from the tables with FINAL, and through the views. */
async function loadedFacts(): Promise<{ tables: Facts; views: Facts }> {
  const tags =
    "arrayStringConcat([toString(f.utm_source), toString(f.utm_medium), f.utm_campaign, f.utm_content, f.utm_term], '|')";
  const daily = (day: string, refunds: string) =>
    `concat(toString(${day}), ' ', f.event_id, ' ', f.currency, ': ', toString(f.tickets_sold), ' ',
      toDecimalString(f.revenue, 2), ' ', toDecimalString(${refunds}, 2), ' ', toString(f.orders_count)) AS line`;
  const utm = (day: string, refunds: string) =>
    `concat(toString(${day}), ' ', f.event_id, ' ', f.currency, ' [', ${tags}, ']: ', toString(f.tickets_sold), ' ',
      toDecimalString(f.revenue, 2), ' ', toDecimalString(${refunds}, 2)) AS line`;
  const sold = "f.tickets_sold != 0 OR f.revenue != 0 OR f.refunds != 0";
  return {
    tables: {
      daily: await lines(
        `SELECT ${daily("f.sales_date", "f.refunds")} FROM zakaz.fact_qtickets_sales_daily AS f FINAL WHERE ${sold}`,
      ),
      utm: await lines(
        `SELECT ${utm("f.sales_date", "f.refunds")} FROM zakaz.fact_qtickets_sales_utm_daily AS f FINAL WHERE ${sold}`,
      ),
    },
    views: {
      daily: await lines(
        `SELECT ${daily("f.sales_date", "f.refunds_amount")} FROM zakaz.v_qtickets_sales_latest AS f`,
      ),
      utm: await lines(`SELECT ${utm("f.d", "f.refunds_amount")} FROM zakaz.v_qtickets_sales_utm_daily AS f`),
    },
  };
}

test("whatever happens to orders and runs, one undisturbed run makes the facts those of the vendor's final state", async () => {
  const started = Date.now();
  process.stdout.write(`property: seed ${SEED}, up to ${RUNS} histories\n`);
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      await clear();
      for (const step of steps) {
        if (step.do === "run") await runLoader(step);
        else vendor.apply(step);
      }
      // A window is half-open: what happened in the very second of a run belongs to the next.
      vendor.now += 1000;
      await runLoader(undisturbed);
      const expected = factsOf(vendor.store);
      expect(await loadedFacts()).toEqual({ tables: expected, views: expected });
      statistics.histories += 1;
    }),
    {
      numRuns: RUNS,
      seed: SEED,
      examples: KNOWN.map((steps): [Step[]] => [steps]),
      interruptAfterTimeLimit: LIMIT_MS,
      markInterruptAsFailure: false,
      includeErrorInReport: true,
    },
  );
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(
    `property: seed ${SEED}, ${statistics.histories} histories, runs ${JSON.stringify(statistics.runs)}, ${seconds} s\n`,
  );
  expect(statistics.histories).toBeGreaterThanOrEqual(Math.min(RUNS, KNOWN.length));
}, 3_700_000);
