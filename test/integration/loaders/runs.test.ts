import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../loaders/core/clock";
import { createDatabase } from "../../../loaders/core/database";
import { takeLease } from "../../../loaders/core/lease";
import {
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  leaseIsOver,
  startWarehouse,
  type Warehouse,
} from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 20, days: 15 });
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

/** Slow enough to be met in the middle: each page takes a while. */
const slow = { QTICKETS_PAGE_SIZE: "8", QTICKETS_CONCURRENCY: "1" };
const slowly = () => warehouse.sandbox.faults.set({ kind: "delay", ms: 150, route: "/orders" });
const waitFor = async (condition: () => boolean): Promise<void> => {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 400) throw new Error("it never came to that");
    await sleep(25);
  }
};
const orderPages = () => warehouse.sandbox.requests.filter(({ path }) => path.endsWith("/orders")).length;

test("of five runs started together exactly one works", async () => {
  slowly();
  const runs = await Promise.all(Array.from({ length: 5 }, () => warehouse.run(slow)));
  expect(runs.map(({ code }) => code).sort()).toEqual([0, 4, 4, 4, 4]);
  expect(await journal(warehouse)).toHaveLength(1);
});

test("of runs that ask for the lease at the same time exactly one gets it, again and again", async () => {
  const nothing = () => undefined;
  const log = { error: nothing, warning: nothing, info: nothing, debug: nothing };
  const contenders = Array.from({ length: 6 }, () => {
    const runId = randomUUID();
    const database = createDatabase({
      host: "127.0.0.1",
      port: warehouse.port,
      secure: false,
      verifyTls: true,
      database: "zakaz",
      user: "etl_writer",
      password: warehouse.loaderPassword,
      job: "contended",
      runId,
      clock: systemClock,
      log,
      deadline: Date.now() + 60_000,
    });
    return { runId, database };
  });
  try {
    for (let round = 0; round < 10; round += 1) {
      const leases = await Promise.allSettled(
        contenders.map(({ runId, database }) =>
          takeLease({
            database,
            clock: systemClock,
            log,
            job: "contended",
            runId,
            seconds: 30,
            onLost: nothing,
          }),
        ),
      );
      const held = leases.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const refused = leases.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
      expect(held).toHaveLength(1);
      expect(refused.map(({ name }) => name)).toEqual(Array(5).fill("LockedError"));
      await held[0]?.release();
    }
  } finally {
    for (const { database } of contenders) await database.close();
  }
});

test("jobs of other names do not keep each other out", async () => {
  slowly();
  const first = warehouse.start(slow);
  await waitFor(() => orderPages() >= 2);
  const other = await warehouse.run({ JOB_NAME: "another_job" });
  expect(other.code, other.stderr).toBe(0);
  expect((await first.done).code).toBe(0);
});

test("a run outlives its lease's life by renewing it", async () => {
  warehouse.sandbox.faults.set({ kind: "delay", ms: 1200, route: "/orders" });
  const first = warehouse.start({ QTICKETS_PAGE_SIZE: "50" });
  await sleep(4500);
  const second = await warehouse.run();
  expect(second.code, second.stderr).toBe(4);
  const done = await first.done;
  expect(done.seconds).toBeGreaterThan(4.5);
  expect(done.code, done.stderr).toBe(0);
});

test("SIGTERM in the middle: ends in seconds, writes its error row, frees the lease, shows nothing by halves", async () => {
  await warehouse.run();
  const before = await fingerprint(warehouse);
  warehouse.sandbox.data.addOrder({}, Date.now() - 1000);
  // Far longer than a busy machine takes to end a process.
  warehouse.sandbox.faults.set({ kind: "delay", ms: 20_000, route: "/orders" });
  const run = warehouse.start();
  const pages = orderPages();
  await waitFor(() => orderPages() > pages);
  const stopped = Date.now();
  run.child.kill("SIGTERM");
  const { code, stderr } = await run.done;
  expect(Date.now() - stopped).toBeLessThan(15_000);
  expect(code, stderr).toBe(1);
  expect(stderr).toContain("The run was stopped by SIGTERM");
  expect(await fingerprint(warehouse)).toEqual(before);
  const rows = await journal(warehouse);
  expect(rows.map(({ status }) => status)).toEqual(["ok", "error"]);
  expect(rows[1]?.message).toContain("stopped by SIGTERM");
  warehouse.sandbox.faults.clear();
  const next = await warehouse.run();
  expect(next.code, next.stderr).toBe(0);
  expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
});

test("killed at any point, the next run after the lease has expired makes the facts right", async () => {
  for (const point of [1, 9, 25]) {
    await warehouse.reset();
    // Every route, so that the run is still at work when the kill arrives.
    warehouse.sandbox.faults.set({ kind: "delay", ms: 150 });
    // Longer than a process takes to start on a busy machine.
    const run = warehouse.start({ ...slow, LEASE_SECONDS: "8" });
    await waitFor(() => warehouse.sandbox.requests.length >= point || run.child.exitCode !== null);
    run.child.kill("SIGKILL");
    await run.done;
    warehouse.sandbox.faults.clear();
    const early = await warehouse.run();
    expect(early.code, early.stderr).toBe(4);
    await leaseIsOver(warehouse);
    const next = await warehouse.run();
    expect(next.code, next.stderr).toBe(0);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
    expect((await journal(warehouse)).map(({ status }) => status)).toEqual(["ok"]);
  }
});
