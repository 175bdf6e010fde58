import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../../sandbox/faults";
import { COUNTS, SEED } from "../../support/soak";
import { loadedFacts } from "./loaded-facts";
import { simulateRun } from "./simulated-run";
import { startShop, type SimulatedShop } from "./simulated-shop";
import { factsOf } from "./vendor-facts";
import { vendorStep, type VendorStep } from "./vendor-history";

/** A shop that sells, refunds, edits, deletes and restores between any two answers that the loader gets. */
const BEGIN = Date.parse("2031-03-01T12:00:00+03:00");
/** What is allowed by default: three requests a second. */
const MS_PER_REQUEST = 334;
const PAGE_SIZE = 50;

let shop: SimulatedShop;

beforeAll(async () => {
  shop = await startShop(BEGIN);
});
afterAll(async () => {
  await shop?.close();
});
beforeEach(() => shop.sandbox.faults.clear());

/** A shop with so many orders, sold evenly over four weeks. */
async function open(orders: number): Promise<void> {
  await shop.clear(BEGIN);
  const { vendor } = shop;
  for (let order = 0; order < orders; order += 1) {
    vendor.now = BEGIN - Math.round(28 * 86_400_000 * (1 - order / orders));
    vendor.apply({ do: "create", event: order, kopecks: [100 + order], quantity: 1, paid: true, utm: order });
  }
  vendor.now = BEGIN;
}

/** Steps of a shop, among all of its orders. Time passes with the requests. */
function steps(count: number, seed: number): VendorStep[] {
  const among = (step: VendorStep, at: number): VendorStep =>
    "order" in step ? { ...step, order: Math.imul(at + 1, 2654435761) >>> 0 } : step;
  return fc
    .sample(vendorStep(), { numRuns: 2 * count, seed })
    .filter((step) => step.do !== "wait")
    .slice(0, count)
    .map(among);
}

interface Busyness {
  /** One change after so many answers. */
  every: number;
  concurrency: number;
  /** Of the run. */
  seconds?: number;
  /** Orders of a slice of the first load. */
  slice?: number;
}

async function run({ every, concurrency, seconds = 3600, slice = 20_000 }: Busyness): Promise<string> {
  const { warehouse, sandbox, vendor, clock } = shop;
  shop.requests = 0;
  const script = every === Infinity ? [] : steps(6000, SEED * 10_000 + every * 100 + concurrency);
  shop.onRequest = (number) => {
    vendor.now += MS_PER_REQUEST;
    const step = number % every === 0 ? script[number / every] : undefined;
    if (step !== undefined) vendor.apply(step);
  };
  const outcome = await simulateRun(
    {
      settings: warehouse.settings({
        QTICKETS_TOKEN: sandbox.token,
        QTICKETS_BASE_URL: sandbox.url,
        QTICKETS_PAGE_SIZE: String(PAGE_SIZE),
        QTICKETS_CONCURRENCY: String(concurrency),
        QTICKETS_INITIAL_BACKFILL_HOURS: "900",
        QTICKETS_RUN_SECONDS: String(seconds),
        QTICKETS_SLICE_ORDERS: String(slice),
        QTICKETS_SKIP_INVENTORY: "true",
      }),
      asked: { full: false },
    },
    clock,
  );
  shop.onRequest = () => undefined;
  return outcome;
}

async function quietRun(): Promise<string> {
  // A window is half-open: what happened in the very second of a run belongs to the next.
  shop.vendor.now += 1000;
  return run({ every: Infinity, concurrency: 4 });
}

async function expectFactsOfShop(): Promise<void> {
  const expected = factsOf(shop.vendor.store);
  expect(await loadedFacts(shop.warehouse)).toEqual({ tables: expected, views: expected });
}

const SHOPS = COUNTS.allShops
  ? [5600, 20_000].flatMap((orders) =>
      [20, 7, 1].flatMap((every) => [1, 4, 16].map((concurrency) => ({ orders, every, concurrency }))),
    )
  : [{ orders: 5600, every: 1, concurrency: 16 }];
if (COUNTS.allShops) SHOPS.push({ orders: 120_000, every: 10, concurrency: 4 });

describe("a first load", () => {
  test.each(SHOPS)(
    "of $orders orders with a change every $every answers, $concurrency at once",
    async ({ orders, ...busyness }) => {
      await open(orders);
      expect(await run(busyness)).toBe("ok");
      // By key, a page is asked for once.
      expect(shop.requests).toBeLessThan(2 * (orders / PAGE_SIZE) + 60);
      expect(await quietRun()).toBe("ok");
      await expectFactsOfShop();
    },
    900_000,
  );

  test("that is longer than a run makes progress with each, however busy the shop is", async () => {
    await open(5600);
    const outcomes: string[] = [];
    while (outcomes.at(-1) !== "ok" && outcomes.length < 20) {
      outcomes.push(await run({ every: 1, concurrency: 4, seconds: 20, slice: 500 }));
      shop.vendor.now += 60_000;
    }
    expect(outcomes.length).toBeGreaterThan(3);
    expect(outcomes).toEqual([...Array<string>(outcomes.length - 1).fill("partial"), "ok"]);
    expect(await quietRun()).toBe("ok");
    await expectFactsOfShop();
  }, 300_000);
});

describe("the normal window", () => {
  test.each([1, 7])(
    "with a change every %d answers",
    async (every) => {
      await open(3000);
      expect(await quietRun()).toBe("ok");
      // What a run finds has changed since the one before.
      for (const step of steps(400, SEED * 10_000 + every)) shop.vendor.apply(step);
      expect(await run({ every, concurrency: 4 })).toBe("ok");
      expect(await quietRun()).toBe("ok");
      await expectFactsOfShop();
    },
    300_000,
  );
});

const ODD: [string, FaultRule[]][] = [
  ["ignores conditions on the id", [{ kind: "idFiltersIgnored", route: "/orders" }]],
  ["ignores the order", [{ kind: "orderIgnored", route: "/orders" }]],
];
describe("an API that", () => {
  test.each(ODD)(
    "%s: a quiet shop is loaded, a busy one is never taken for whole",
    async (_, faults) => {
      await open(1200);
      shop.sandbox.faults.set(...faults);
      expect(await run({ every: 1, concurrency: 4 })).toBe("partial");
      const watermarks = await shop.warehouse.sql("SELECT stream FROM meta.watermarks FINAL");
      expect(watermarks).toEqual([]);
      expect(await quietRun()).toBe("ok");
      await expectFactsOfShop();
    },
    120_000,
  );

  test("gives small pages and lies about its total: the facts are right all the same", async () => {
    await open(1200);
    for (const by of [700, -700]) {
      shop.sandbox.faults.set(
        { kind: "pageSizeIgnored", route: "/orders" },
        { kind: "lyingTotal", by, route: "/orders", skip: 4 },
      );
      expect(await run({ every: 1, concurrency: 4 })).toBe("ok");
    }
    shop.sandbox.faults.clear();
    expect(await quietRun()).toBe("ok");
    await expectFactsOfShop();
  }, 120_000);
});
