import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DateTime } from "luxon";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepare as prepareSales } from "../../../../loaders/qtickets/main";
import { readSettings as readSalesSettings } from "../../../../loaders/qtickets/settings";
import { prepare, readDays, recomputeOver } from "../../../../loaders/recompute/main";
import { readRecomputes } from "../../../../loaders/sources";
import { readSettings } from "../../../../loaders/recompute/settings";
import { STAGING_DAYS } from "../../../../loaders/vk-ads/derive";
import { startSandbox, type Sandbox } from "../../../../sandbox/qtickets/sandbox";
import { startVkSandbox, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { runPrepared } from "../in-process";
import { envFile, ROOT } from "../warehouse";
import { runVk, startVkWarehouse, vkJournal, type VkWarehouse } from "./support";

const TODAY = DateTime.now().setZone("Europe/Moscow").startOf("day");
const day = (back: number) => TODAY.minus({ days: back }).toFormat("yyyy-MM-dd");

let warehouse: VkWarehouse;
let shop: Sandbox;
let ads: VkSandbox;
beforeAll(async () => {
  warehouse = await startVkWarehouse();
  shop = await startSandbox({ ordersPerDay: 20, days: 15 });
  ads = await startVkSandbox({ accounts: ["1001"], days: 15 });
});
afterAll(async () => {
  await shop?.close();
  await ads?.close();
  await warehouse?.close();
});

const settings = (more: Record<string, string> = {}) => warehouse.settings(ads, more);

async function loadBoth(): Promise<void> {
  const [client] = ads.clients;
  const costs = await runVk(
    warehouse.settings({ url: ads.url, clients: client === undefined ? [] : [client] }),
  );
  expect(costs.code, costs.log).toBe(0);
  const salesSettings = readSalesSettings(
    settings({ QTICKETS_TOKEN: shop.token, QTICKETS_BASE_URL: shop.url, QTICKETS_ALLOW_HTTP: "true", QTICKETS_RATE_PER_SECOND: "0" }), // prettier-ignore
  );
  const sales = await runPrepared(prepareSales(salesSettings, { full: false }), salesSettings);
  expect(sales.code, sales.log).toBe(0);
}

/** A recompute of the last month; its journal row. */
async function recompute() {
  const own = readSettings(settings());
  const before = await vkJournal(warehouse, "recompute");
  const parts = await readRecomputes();
  const days = readDays(parts, { from: day(30), to: day(0) }, Date.now());
  const { code, log } = await runPrepared(prepare(parts, own, days), own);
  expect(code, log).toBe(0);
  const rows = await vkJournal(warehouse, "recompute");
  expect(rows).toHaveLength(before.length + 1);
  return rows.at(-1)!;
}

let version = 4e12;
const setAlias = (city: string, isActive: 0 | 1) =>
  warehouse.sql(
    `INSERT INTO zakaz.dim_city_alias (alias, city, is_active, _ver) VALUES ('новый город', '${city}', ${isActive}, ${version++})`,
  );

/** Rows and money of each table that has a city, for one city. */
async function holdings(city: string): Promise<Record<string, string>> {
  const tables = {
    stg_vk_ads_daily: "spend",
    fact_vk_ads_daily: "spend",
    dim_events: "0",
    fact_qtickets_sales_daily: "revenue",
    fact_qtickets_sales_utm_daily: "revenue",
  };
  const found = await Promise.all(
    Object.entries(tables).map(async ([table, money]) => {
      const [row] = await warehouse.sql<{ line: string }>(
        `SELECT concat(toString(count()), ' ', toString(sum(${money}))) AS line FROM zakaz.${table} FINAL WHERE city = '${city}'`,
      );
      return [table, row?.line ?? ""] as const;
    }),
  );
  return Object.fromEntries(found);
}
const asked = () => ads.requests.length + shop.requests.length;
const NOTHING = { event_city_rows: 0, sales_daily_rows: 0, sales_utm_daily_rows: 0, vk_city_rows: 0, vk_fact_rows: 0 }; // prettier-ignore

test("a recompute takes up an alias that has come or gone, asks nobody, and writes nothing twice", async () => {
  await loadBoth();
  const before = await holdings("новый город");
  const none = await holdings("дальний город");
  for (const [table, rows] of Object.entries(before)) expect(rows, table).not.toMatch(/^0 /);
  const requests = asked();

  await setAlias("дальний город", 1);
  const first = await recompute();
  expect(first).toMatchObject({ status: "ok", metrics: { from: day(30), to: day(0) } });
  for (const counter of Object.keys(NOTHING)) expect(first.metrics[counter], counter).toBeGreaterThan(0);
  expect(await holdings("дальний город")).toEqual(before);
  expect(await holdings("новый город")).toEqual(none);
  expect(await recompute()).toMatchObject({ status: "ok", rows: 0, metrics: NOTHING });
  expect(asked()).toBe(requests);
  expect(await vkJournal(warehouse)).toHaveLength(1);
  expect(await vkJournal(warehouse, "qtickets_api")).toHaveLength(1);

  await loadBoth();
  expect(await holdings("дальний город")).toEqual(before);
  expect(await holdings("новый город")).toEqual(none);
  expect(await recompute()).toMatchObject({ rows: 0, metrics: NOTHING });

  await setAlias("дальний город", 0);
  const back = await recompute();
  expect(back.metrics.vk_city_rows).toBe(first.metrics.vk_city_rows);
  const { dim_events: events, ...facts } = before;
  const { stg_vk_ads_daily, fact_vk_ads_daily } = facts;
  expect(await holdings("новый город")).toMatchObject({ stg_vk_ads_daily, fact_vk_ads_daily });
  // What an event's city was called stands at the vendor only: the next load brings it.
  await loadBoth();
  expect(await holdings("новый город")).toEqual({ dim_events: events, ...facts });
  expect(await recompute()).toMatchObject({ rows: 0, metrics: NOTHING });
});

test("a recompute of days that staging has forgotten, or in the wrong order, is refused with exit code 2", async () => {
  const file = join(warehouse.folder, "recompute.env");
  const own = Object.entries(settings()).filter(([name]) => !name.startsWith("VK_"));
  writeFileSync(file, envFile(Object.fromEntries(own)));
  const before = await vkJournal(warehouse, "recompute");
  expect(
    await recomputeOver(readRecomputes).main([
      "--envfile",
      file,
      "--from",
      day(STAGING_DAYS),
      "--to",
      day(1),
    ]),
  ).toBe(2);
  expect(
    await recomputeOver(readRecomputes).main(["--envfile", file, "--from", day(1), "--to", day(2)]),
  ).toBe(2);
  expect(await recomputeOver(readRecomputes).main(["--envfile", file, "--from", day(1)])).toBe(2);
  expect(
    await recomputeOver(readRecomputes).main([
      "--envfile",
      file,
      "--from",
      day(STAGING_DAYS - 1),
      "--to",
      day(1),
    ]),
  ).toBe(0);
  expect(await vkJournal(warehouse, "recompute")).toHaveLength(before.length + 1);
});

test("staging keeps as many days as the loader believes", () => {
  const sql = readFileSync(join(ROOT, "sql/30_staging.sql"), "utf8");
  const [, table = ""] = sql.split("CREATE TABLE IF NOT EXISTS zakaz.stg_vk_ads_daily");
  expect(/TTL stat_date \+ toIntervalDay\((\d+)\)/.exec(table)?.[1]).toBe(String(STAGING_DAYS));
});
