import { dayText, moscowDay } from "../../sandbox/moscow-time";
import { DataSet, dataSetDefaults } from "../../sandbox/qtickets/data-set";
import { VkData } from "../../sandbox/vk-ads/data";
import { expectedAdDays } from "../../sandbox/vk-ads/expected";
import type { TestStack } from "./stack";

/** The data of a stack's sandbox, and the accounts of VK Ads of a test's stack. */
export interface SandboxData {
  ordersPerDay: number;
  days: number;
  events: number;
}
const ACCOUNTS = ["1001", "1002"];

/** What the facts of sales and of ads must be, by the sandbox's own sums, one line a row. */
export function expectedFacts({ ordersPerDay, days, events }: SandboxData): string[] {
  const shop = new DataSet({ ...dataSetDefaults, ordersPerDay, days, events });
  const sales = shop
    .expected()
    .sales.filter(
      ({ tickets, revenue, refunds }) => tickets !== 0 || revenue !== "0.00" || refunds !== "0.00",
    )
    .map((row) => [row.day, row.eventId, row.currency, row.tickets, row.revenue, row.refunds, row.orders]);
  const cabinet = new VkData(ACCOUNTS, { seed: dataSetDefaults.seed, events, days, now: Date.now });
  const day = (back: number) => dayText(moscowDay(Date.now()) - back);
  const ads = ACCOUNTS.flatMap((account) =>
    expectedAdDays(cabinet, account, day(30), day(1))
      .map(({ spend, ...row }) => ({ ...row, spend: Number(spend).toFixed(2) }))
      .filter(({ impressions, clicks, spend }) => impressions !== 0 || clicks !== 0 || spend !== "0.00")
      .map((row) => [row.day, account, row.campaign, row.ad, row.impressions, row.clicks, row.spend]),
  );
  return [...sales, ...ads].map((row) => row.join(" ")).sort();
}

/** The facts of a stack, in the same form: rows of nothing, which no view shows, left out. */
export async function readFacts(stack: TestStack): Promise<string[]> {
  const rows = await stack.sql(`
SELECT concatWithSeparator(' ', sales_date, event_id, currency, tickets_sold, toDecimalString(revenue, 2), toDecimalString(refunds, 2), orders_count)
FROM zakaz.fact_qtickets_sales_daily AS t FINAL WHERE t.tickets_sold != 0 OR t.revenue != 0 OR t.refunds != 0
UNION ALL
SELECT concatWithSeparator(' ', stat_date, account_id, campaign_id, ad_id, impressions, clicks, toDecimalString(spend, 2))
FROM zakaz.fact_vk_ads_daily AS t FINAL WHERE t.impressions != 0 OR t.clicks != 0 OR t.spend != 0`);
  return rows.split("\n").sort();
}
