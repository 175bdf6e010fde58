import type { TableUse } from "../pipeline/table-check";
import { STAGING_COLUMNS } from "./rows";

/** What a run needs of the tables that it writes. */
export const TABLES: TableUse = {
  columns: {
    stg_vk_ads_daily: STAGING_COLUMNS,
    fact_vk_ads_daily: [
      "stat_date",
      "account_id",
      "campaign_id",
      "ad_group_id",
      "ad_id",
      "campaign_name",
      "city",
      "utm_source",
      "utm_medium",
      "utm_campaign",
      "utm_content",
      "utm_term",
      "impressions",
      "clicks",
      "spend",
      "currency",
      "_ver",
    ],
  },
  nulls: {},
};
