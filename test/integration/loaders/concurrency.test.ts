import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  leaseIsOver,
  type RunUnderWay,
  startWarehouse,
  type Warehouse,
  WRITTEN,
} from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 20, days: 15 });
  // Physical rows are counted below.
  await warehouse.sql("SYSTEM STOP MERGES");
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

/** Slow enough to be met in the middle: each page takes a while. */
const slow = { QTICKETS_PAGE_SIZE: "8", QTICKETS_CONCURRENCY: "1" };
const slowly = () => warehouse.sandbox.faults.set({ kind: "delay", ms: 150, route: "/orders" });
const orderPages = () => warehouse.sandbox.requests.filter(({ path }) => path.endsWith("/orders")).length;

async function untilMiddleOf(run: RunUnderWay): Promise<void> {
  for (let tries = 0; orderPages() < 4; tries += 1) {
    if (tries > 800 || run.child.exitCode !== null) throw new Error("the run never came to its middle");
    await sleep(25);
  }
}

/** Physical rows of every table that a load writes, versions included. */
async function physicalRows(but: readonly string[] = []): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of WRITTEN.filter((name) => !but.includes(name))) {
    const [row] = await warehouse.sql<{ n: number }>(
      `SELECT toUInt32(count()) AS n FROM ${table} SETTINGS final = 0`,
    );
    counts[table] = row?.n ?? -1;
  }
  return counts;
}

test("two loads end in the same rows, whichever comes first, and at once under two names", async () => {
  const small = { QTICKETS_PAGE_SIZE: "7" };
  const big = { JOB_NAME: "another_job", QTICKETS_PAGE_SIZE: "500", QTICKETS_INITIAL_BACKFILL_HOURS: "200" };
  await warehouse.run(small);
  await warehouse.run(big);
  const before = await fingerprint(warehouse);

  await warehouse.reset();
  await warehouse.run(big);
  await warehouse.run(small);
  expect(await fingerprint(warehouse)).toEqual(before);

  await warehouse.reset();
  const runs = await Promise.all([
    warehouse.run(small),
    warehouse.run(big),
    warehouse.run({ JOB_NAME: "third" }),
  ]);
  for (const { code, stderr } of runs) expect(code, stderr).toBe(0);
  expect(await fingerprint(warehouse)).toEqual(before);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("of two runs at once the second exits 4, writes nothing anywhere and says who holds the lease", async () => {
  slowly();
  const first = warehouse.start({ ...slow, LEASE_SECONDS: "60" });
  await untilMiddleOf(first);
  const before = await physicalRows();
  const second = await warehouse.run({ ...slow, LOG_FORMAT: "json" }, ["--full"]);
  expect(second.code, second.stderr).toBe(4);
  expect(await physicalRows()).toEqual(before);
  const done = await first.done;
  expect(done.code, done.stderr).toBe(0);
  const rows = await journal(warehouse);
  expect(rows.map(({ status }) => status)).toEqual(["ok"]);
  const said = second.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; message: string })
    .find(({ level }) => level === "WARNING");
  expect(said?.message).toMatch(
    /^Job qtickets_api is already running: run [0-9a-f-]{36} holds the lease \(last renewed \d\d:\d\d:\d\d Moscow time, expires \S+ unless renewed\)\. Nothing was written; wait for it to end\.$/,
  );
  expect(said?.message).toContain(rows[0]?.run_id);
});

test("the lease of a run that died keeps others out for its life, and no longer", async () => {
  slowly();
  const first = warehouse.start({ ...slow, LEASE_SECONDS: "6" });
  await untilMiddleOf(first);
  first.child.kill("SIGKILL");
  await first.done;
  const died = Date.now();
  warehouse.sandbox.faults.clear();
  expect((await warehouse.run()).code).toBe(4);
  await leaseIsOver(warehouse);
  const next = await warehouse.run();
  expect(next.code, next.stderr).toBe(0);
  // Renewed at most 2 s before its death; whole seconds, one more, and the time of a run.
  expect(Date.now() - died).toBeGreaterThan(3_500);
  expect(Date.now() - died).toBeLessThan(30_000);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("a run that stood still for longer than its lease finds it taken, and writes nothing more", async () => {
  slowly();
  const first = warehouse.start({ ...slow, LEASE_SECONDS: "3" });
  await untilMiddleOf(first);
  first.child.kill("SIGSTOP");
  warehouse.sandbox.faults.clear();
  // What the sleeper has read of this order is no longer true.
  const { data } = warehouse.sandbox;
  const order = data.orders().at(0);
  data.updateOrder(order.id, (changed) => {
    for (const basket of changed.baskets) basket.price = 12.34;
  });
  await leaseIsOver(warehouse);
  const second = await warehouse.run();
  expect(second.code, second.stderr).toBe(0);
  const facts = await fingerprint(warehouse);
  const rows = await physicalRows(["zakaz.meta_job_runs"]);
  first.child.kill("SIGCONT");
  const done = await first.done;
  expect(done.code, done.stderr).toBe(1);
  const [ok, lost] = await journal(warehouse).then((all) =>
    ["ok", "error"].map((status) => all.find((row) => row.status === status)),
  );
  expect(done.stderr).toContain(
    `The lease of job qtickets_api was lost: run ${ok?.run_id} has taken it. Run the loader again.`,
  );
  expect(lost?.message).toContain("was lost");
  expect(await physicalRows(["zakaz.meta_job_runs"])).toEqual(rows);
  expect(await fingerprint(warehouse)).toEqual(facts);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("a run that stood still while nobody else came goes on", async () => {
  slowly();
  const run = warehouse.start({ ...slow, LEASE_SECONDS: "3" });
  await untilMiddleOf(run);
  run.child.kill("SIGSTOP");
  await sleep(4500);
  run.child.kill("SIGCONT");
  const done = await run.done;
  expect(done.code, done.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});
