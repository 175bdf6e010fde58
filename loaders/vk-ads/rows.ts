import type { RowOf } from "../core/row";
import { parseUtmContent } from "../core/utm-content";
import { canonicalCity, moneyText, normalText } from "../core/values";
import type { Ad, DailyStat } from "./records";

export const STAGING_COLUMNS = [
  "stat_date",
  "account_id",
  "campaign_id",
  "ad_group_id",
  "ad_id",
  "campaign_name",
  "ad_name",
  "city_raw",
  "city",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_content",
  "utm_term",
  "utm_day",
  "utm_month",
  "utm_parse_ok",
  "impressions",
  "clicks",
  "spend",
  "currency",
  "_ver",
] as const;

export type StagingRow = RowOf<(typeof STAGING_COLUMNS)[number]>;

/** What all rows of an ad have in common, made once per ad. */
export interface AdColumns {
  columns: Omit<StagingRow, "stat_date" | "impressions" | "clicks" | "spend">;
  /** Whether the aliases know the city; also true where there is none. */
  knownCity: boolean;
}

export interface AdColumnsInput {
  account: string;
  adId: string;
  /** Undefined for an ad that is in no list: its spend counts all the same, without campaign and marks. */
  ad: Ad | undefined;
  aliases: ReadonlyMap<string, string>;
  version: number;
}

export function adColumns({ account, adId, ad, aliases, version }: AdColumnsInput): AdColumns {
  const content = parseUtmContent(ad?.utm.utm_content ?? "");
  const { city, known } = canonicalCity(content.cityRaw, aliases);
  const columns = {
    account_id: account,
    campaign_id: ad?.campaignId ?? "",
    ad_group_id: ad?.groupId ?? "",
    ad_id: adId,
    campaign_name: normalText(ad?.campaignName ?? ""),
    ad_name: normalText(ad?.name ?? ""),
    city_raw: content.cityRaw,
    city,
    utm_source: ad?.utm.utm_source ?? "",
    utm_medium: ad?.utm.utm_medium ?? "",
    utm_campaign: ad?.utm.utm_campaign ?? "",
    utm_content: ad?.utm.utm_content ?? "",
    utm_term: ad?.utm.utm_term ?? "",
    utm_day: content.day,
    utm_month: content.month,
    utm_parse_ok: content.ok,
    currency: "RUB",
    _ver: version,
  };
  return { columns, knownCity: known };
}

export function stagingRow(
  { columns }: AdColumns,
  { day, impressions, clicks, spend }: DailyStat,
): StagingRow {
  return { ...columns, stat_date: day, impressions, clicks, spend: moneyText(spend) };
}
