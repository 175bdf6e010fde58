/**
 * From staging to the fact, in SQL that runs inside ClickHouse as `etl_writer`. Every statement may be repeated: it compares
 * what should be there with what is there and writes the differences only.
 */

import { asLoader } from "../../warehouse/queries";
import type { DerivationStep } from "../pipeline/derivation";

/**
 * The steps in their order. Parameters of all of them: `run_clock` (UInt64), the start of the run in ms, and `first_day`
 * (Date), the first day that is compared.
 */
export function deriveStatements(): DerivationStep[] {
  return [
    { name: "withdraw", counter: "withdrawn_rows", table: "zakaz.stg_vk_ads_daily", sql: WITHDRAW },
    { name: "facts", counter: "fact_rows", table: "zakaz.fact_vk_ads_daily", sql: FACTS },
  ];
}

/**
 * An ad that has moved to another campaign, or whose campaign was not known before, has rows under two keys: those of the
 * older key become zeros, or its spend would count twice. They get the version of the newest row and no greater one: a
 * greater one would make them the newest, and the row that counts would be withdrawn next.
 */
const WITHDRAW = asLoader`
INSERT INTO zakaz.stg_vk_ads_daily
    (stat_date, account_id, campaign_id, ad_group_id, ad_id, campaign_name, ad_name, city_raw, city,
     utm_source, utm_medium, utm_campaign, utm_content, utm_term, utm_day, utm_month, utm_parse_ok,
     impressions, clicks, spend, currency, _ver)
SELECT
    s.stat_date, s.account_id, s.campaign_id, s.ad_group_id, s.ad_id, s.campaign_name, s.ad_name, s.city_raw, s.city,
    s.utm_source, s.utm_medium, s.utm_campaign, s.utm_content, s.utm_term, s.utm_day, s.utm_month, s.utm_parse_ok,
    0, 0, 0, s.currency, n.newest
FROM zakaz.stg_vk_ads_daily AS s FINAL
INNER JOIN
(
    SELECT stat_date, account_id, ad_id, max(_ver) AS newest
    FROM zakaz.stg_vk_ads_daily FINAL
    WHERE stat_date >= {first_day:Date} AND ad_id != ''
    GROUP BY stat_date, account_id, ad_id
    HAVING count() > 1
) AS n ON n.stat_date = s.stat_date AND n.account_id = s.account_id AND n.ad_id = s.ad_id
WHERE s.stat_date >= {first_day:Date} AND s._ver < n.newest
  AND (s.impressions != 0 OR s.clicks != 0 OR s.spend != 0)`;

/**
 * The fact is staging with the marks in small letters. A key that is in the fact alone stays: staging ages out, and spend
 * does not vanish. A row of zeros is written only over one that is not.
 */
const FACTS = asLoader`
INSERT INTO zakaz.fact_vk_ads_daily
    (stat_date, account_id, campaign_id, ad_group_id, ad_id, campaign_name, city,
     utm_source, utm_medium, utm_campaign, utm_content, utm_term, impressions, clicks, spend, currency, _ver)
SELECT
    w.stat_date, w.account_id, w.campaign_id, w.ad_group_id, w.ad_id, w.campaign_name, w.city,
    w.utm_source, w.utm_medium, w.utm_campaign, w.utm_content, w.utm_term, w.impressions, w.clicks, w.spend, w.currency,
    greatest({run_clock:UInt64}, f.found_ver + 1)
FROM
(
    SELECT
        s.stat_date AS stat_date, s.account_id AS account_id, s.campaign_id AS campaign_id, s.ad_group_id AS ad_group_id,
        s.ad_id AS ad_id, s.campaign_name AS campaign_name, toString(s.city) AS city,
        lowerUTF8(toString(s.utm_source)) AS utm_source, lowerUTF8(toString(s.utm_medium)) AS utm_medium,
        lowerUTF8(s.utm_campaign) AS utm_campaign, lowerUTF8(s.utm_content) AS utm_content, lowerUTF8(s.utm_term) AS utm_term,
        s.impressions AS impressions, s.clicks AS clicks, s.spend AS spend, toString(s.currency) AS currency
    FROM zakaz.stg_vk_ads_daily AS s FINAL
    WHERE s.stat_date >= {first_day:Date}
) AS w
LEFT JOIN
(
    SELECT
        d.stat_date AS stat_date, d.account_id AS account_id, d.campaign_id AS campaign_id, d.ad_id AS ad_id,
        (d.ad_group_id, d.campaign_name, toString(d.city), toString(d.utm_source), toString(d.utm_medium), d.utm_campaign,
         d.utm_content, d.utm_term, d.impressions, d.clicks, d.spend, toString(d.currency)) AS found,
        d._ver AS found_ver
    FROM zakaz.fact_vk_ads_daily AS d FINAL
    WHERE d.stat_date >= {first_day:Date}
) AS f ON f.stat_date = w.stat_date AND f.account_id = w.account_id AND f.campaign_id = w.campaign_id AND f.ad_id = w.ad_id
WHERE if(
    f.found_ver = 0,
    w.impressions != 0 OR w.clicks != 0 OR w.spend != 0,
    (w.ad_group_id, w.campaign_name, w.city, w.utm_source, w.utm_medium, w.utm_campaign, w.utm_content, w.utm_term,
     w.impressions, w.clicks, w.spend, w.currency) != f.found
)
SETTINGS join_use_nulls = 0`;

/** Days that staging keeps: its TTL in `sql/30_staging.sql`. */
export const STAGING_DAYS = 400;
