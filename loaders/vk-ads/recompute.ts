import { asLoader } from "../../warehouse/queries";
import { readAliases } from "../core/cities";
import type { Days } from "../core/days";
import { canonicalCity } from "../core/values";
import type { RunContext } from "../pipeline/context";
import type { Found } from "../pipeline/found";
import type { Recompute } from "../pipeline/recompute";
import { STAGING_DAYS } from "./derive";
import { publish } from "./publish";
import { TABLES } from "./tables";

export const recompute: Recompute = {
  what: "costs",
  tables: TABLES,
  counters: ["vk_city_rows", "vk_fact_rows"],
  keptDays: STAGING_DAYS,
  run: recomputeCosts,
};

/**
 * Gives the rows of some days in staging the cities that the aliases name now, and brings the fact in line. The version of
 * a changed row is one more: a load that has begun since is newer. Rows of zeros keep theirs, and a run that died is made
 * good first: a row that is or must be withdrawn must not outrank the row that counts.
 */
async function recomputeCosts(run: RunContext, { from, to }: Days): Promise<Found> {
  const { database, log } = run;
  const before = await publish(run);
  const aliases = await readAliases(database);
  const found = await database.rows<{ city_raw: string }>(
    asLoader`SELECT DISTINCT city_raw FROM ${database.name}.stg_vk_ads_daily FINAL
WHERE stat_date BETWEEN {from:Date} AND {to:Date} AND city_raw != ''`,
    { from, to },
  );
  const spellings = found.map((row) => row.city_raw);
  let changed = 0;
  if (spellings.length > 0) {
    const cities = spellings.map((one) => canonicalCity(one, aliases).city);
    changed = await database.run(
      asLoader`INSERT INTO ${database.name}.stg_vk_ads_daily
    (stat_date, account_id, campaign_id, ad_group_id, ad_id, campaign_name, ad_name, city_raw, city,
     utm_source, utm_medium, utm_campaign, utm_content, utm_term, utm_day, utm_month, utm_parse_ok,
     impressions, clicks, spend, currency, _ver)
SELECT
    s.stat_date, s.account_id, s.campaign_id, s.ad_group_id, s.ad_id, s.campaign_name, s.ad_name, s.city_raw,
    transform(s.city_raw, {spellings:Array(String)}, {cities:Array(String)}, toString(s.city)) AS canonical,
    s.utm_source, s.utm_medium, s.utm_campaign, s.utm_content, s.utm_term, s.utm_day, s.utm_month, s.utm_parse_ok,
    s.impressions, s.clicks, s.spend, s.currency, s._ver + 1
FROM ${database.name}.stg_vk_ads_daily AS s FINAL
WHERE s.stat_date BETWEEN {from:Date} AND {to:Date} AND s.city_raw != '' AND canonical != toString(s.city)
  AND (s.impressions != 0 OR s.clicks != 0 OR s.spend != 0)`,
      { from, to, spellings, cities },
    );
  }
  log.info(`Gave ${changed} rows of stg_vk_ads_daily another city`);
  const after = await publish(run);
  const sum = (count: (found: Found) => number | undefined) => (count(before) ?? 0) + (count(after) ?? 0);
  return {
    counters: { vk_city_rows: changed, vk_fact_rows: sum(({ counters }) => counters?.fact_rows) },
    written: sum(({ written }) => written) + changed,
  };
}
