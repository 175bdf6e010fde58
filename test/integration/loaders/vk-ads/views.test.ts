import { DateTime } from "luxon";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startVkSandbox, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { runVk, startVkWarehouse, type VkWarehouse } from "./support";

const TODAY = DateTime.now().setZone("Europe/Moscow").startOf("day");
const day = (back: number) => TODAY.minus({ days: back }).toFormat("yyyy-MM-dd");
const HOUR = 3_600_000;

let warehouse: VkWarehouse;
let ads: VkSandbox;
beforeAll(async () => {
  warehouse = await startVkWarehouse();
  ads = await startVkSandbox({ accounts: ["1001", "1002"] });
});
afterAll(async () => {
  await ads?.close();
  await warehouse?.close();
});
beforeEach(async () => {
  await warehouse.reset();
  await warehouse.sql("TRUNCATE TABLE zakaz.fact_qtickets_sales_daily");
});

const load = async (now = Date.now()) => {
  const [newer, , , old] = ads.clients as [
    VkSandbox["clients"][0],
    unknown,
    unknown,
    VkSandbox["clients"][0],
  ];
  const { code, log } = await runVk(warehouse.settings({ url: ads.url, clients: [newer, old] }), {}, { now });
  expect(code, log).toBe(0);
};

/** Where the views show what was spent. */
const SPEND = {
  "zakaz.stg_vk_ads_daily AS t FINAL": "spend",
  "zakaz.fact_vk_ads_daily AS t FINAL": "spend",
  "zakaz.v_marketing_costs_daily AS t": "spend",
  "zakaz.v_marketing_daily AS t": "spend_vk",
  "zakaz.v_romi_daily AS t": "spend",
  "bi.v_vk_ads_daily AS t": "spend",
  "bi.v_marketing_roi_daily AS t": "spend",
};
const spends = (nulls: number) =>
  Promise.all(
    Object.entries(SPEND).map(async ([source, column]) => {
      const [row] = await warehouse.sql<{ spend: string }>(
        `SELECT toDecimalString(sum(t.${column}), 2) AS spend FROM ${source} SETTINGS final = 0, join_use_nulls = ${nulls}`,
      );
      return row?.spend;
    }),
  );

test("every view shows the roubles of staging, also where several events of a city were sold on a day", async () => {
  await load();
  const expected = ["1001", "1002"].flatMap((account) => ads.expected(account, day(30), day(1)));
  const total = (expected.reduce((sum, { spend }) => sum + Math.round(Number(spend) * 100), 0) / 100).toFixed(
    2,
  );
  const [first] = await warehouse.sql<{ d: string; city: string; spend: string }>(
    "SELECT toString(d) AS d, city, toDecimalString(spend, 2) AS spend FROM bi.v_vk_ads_daily AS v WHERE v.city != 'unknown' ORDER BY v.d, v.city LIMIT 1",
  );
  const { d, city, spend } = first!;
  // Two events of a city that has ads, and a city that has none.
  await warehouse.sql(
    `INSERT INTO zakaz.fact_qtickets_sales_daily (sales_date, event_id, city, tickets_sold, revenue, currency) VALUES
     ('${d}', 'E1', '${city}', 1, 100, 'RUB'), ('${d}', 'E2', '${city}', 2, 200.5, 'RUB'), ('${d}', 'E3', 'без рекламы', 1, 50, 'RUB')`,
  );
  for (const nulls of [0, 1]) {
    expect(await spends(nulls)).toEqual(Object.keys(SPEND).map(() => total));
    const rows = await warehouse.sql(
      `SELECT city, toDecimalString(revenue, 2) AS revenue, toDecimalString(spend, 2) AS spend, roas IS NULL AS no_ads
       FROM bi.v_marketing_roi_daily AS v WHERE v.d = '${d}' AND v.revenue != 0 ORDER BY v.city SETTINGS join_use_nulls = ${nulls}`,
    );
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual({ city, revenue: "300.50", spend, no_ads: 0 });
    expect(rows).toContainEqual({ city: "без рекламы", revenue: "50.00", spend: "0.00", no_ads: 1 });
    const empty = await warehouse.sql(
      `SELECT d, city FROM bi.v_marketing_roi_daily WHERE d < '2000-01-01' OR city = '' SETTINGS join_use_nulls = ${nulls}`,
    );
    expect(empty).toEqual([]);
  }
});

test("freshness is none at first, and goes by the newest whole run", async () => {
  const freshness = () =>
    warehouse.sql("SELECT state, loaded_at IS NULL AS empty FROM bi.v_ops_freshness WHERE source = 'vk_ads'");
  expect(await freshness()).toEqual([{ state: "never", empty: 1 }]);
  for (const [hours, state] of [
    [60, "stale"],
    [30, "late"],
    [0, "ok"],
  ] as const) {
    await load(Date.now() - hours * HOUR);
    expect(await freshness()).toEqual([{ state, empty: 0 }]);
  }
});
