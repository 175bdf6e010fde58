import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COUNTS, SEED } from "../../support/soak";
import { history, KNOWN, undisturbed, type RunStep, type Step } from "./loader-history";
import { loadedFacts } from "./loaded-facts";
import { simulateRun, type SimulatedRun } from "./simulated-run";
import { startShop, type SimulatedShop } from "./simulated-shop";
import { factsOf } from "./vendor-facts";

/** Before the end of a month, so that histories cross it. */
const BEGIN = Date.parse("2031-01-25T23:50:00+03:00");

let shop: SimulatedShop;
let folder: string;
let child: string;

beforeAll(async () => {
  shop = await startShop(BEGIN);
  folder = mkdtempSync(join(tmpdir(), "zt-property-"));
  child = join(folder, "child.js");
  const entry = join(__dirname, "simulated-child.ts");
  await build({ entryPoints: [entry], outfile: child, bundle: true, platform: "node", logLevel: "error" });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await shop?.close();
});

const statistics = { runs: {} as Record<string, number>, histories: 0 };

async function runLoader(step: RunStep): Promise<void> {
  const { warehouse, sandbox, vendor, clock } = shop;
  shop.requests = 0;
  sandbox.faults.set(...(step.fault === null ? [] : [step.fault]));
  const { now } = vendor;
  const run: SimulatedRun = {
    settings: warehouse.settings({
      QTICKETS_TOKEN: sandbox.token,
      QTICKETS_BASE_URL: sandbox.url,
      QTICKETS_PAGE_SIZE: String(step.pageSize),
      QTICKETS_CONCURRENCY: String(step.concurrency),
      QTICKETS_OVERLAP_MINUTES: String(step.overlapMinutes),
      QTICKETS_SINCE_HOURS: String(step.sinceHours),
      QTICKETS_SLICE_ORDERS: String(step.sliceOrders),
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
  shop.onRequest = (number) => {
    vendor.now += step.latency;
    if (number === step.meanwhile?.request) for (const one of step.meanwhile.steps) vendor.apply(one);
    if (step.busy !== null && number % step.busy.every === 0) {
      const one = step.busy.steps[number / step.busy.every];
      if (one !== undefined) vendor.apply(one);
    }
    if (number === step.kill?.request) strike();
  };
  const outcome = await (step.kill === null
    ? simulateRun(run, clock)
    : runChild(run, now, (kill) => (strike = () => setTimeout(kill, step.kill?.ms))));
  statistics.runs[outcome] = (statistics.runs[outcome] ?? 0) + 1;
  shop.onRequest = () => undefined;
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

test("whatever happens to orders and runs, one undisturbed run makes the facts those of the vendor's final state", async () => {
  const started = Date.now();
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      await shop.clear(BEGIN);
      for (const step of steps) {
        if (step.do === "run") await runLoader(step);
        else shop.vendor.apply(step);
      }
      // A window is half-open: what happened in the very second of a run belongs to the next.
      shop.vendor.now += 1000;
      await runLoader({ ...undisturbed, sliceOrders: 1 });
      const expected = factsOf(shop.vendor.store);
      expect(await loadedFacts(shop.warehouse)).toEqual({ tables: expected, views: expected });
      statistics.histories += 1;
    }),
    {
      numRuns: COUNTS.histories,
      examples: KNOWN.map((steps): [Step[]] => [steps]),
      includeErrorInReport: true,
    },
  );
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(
    `property: seed ${SEED}, ${statistics.histories} histories, runs ${JSON.stringify(statistics.runs)}, ${seconds} s\n`,
  );
  expect(statistics.histories).toBe(COUNTS.histories);
  expect(COUNTS.histories).toBeGreaterThan(KNOWN.length);
}, 3_700_000);
