/** What the schema is meant to hold. The files in `sql/` say how; this says what, so that neither can drift alone. */

/** Names that each database must show, in alphabetical order: no more and no less. */
export const NAMES = {
  zakaz: [
    "dim_city_alias",
    "dim_events",
    "fact_direct_daily",
    "fact_qtickets_inventory",
    "fact_qtickets_inventory_latest",
    "fact_qtickets_orders",
    "fact_qtickets_sales_daily",
    "fact_qtickets_sales_utm_daily",
    "fact_vk_ads_daily",
    "meta_job_runs",
    "mv_qtickets_sales_latest",
    "plan_sales",
    "stg_qtickets_api_barcodes_raw",
    "stg_qtickets_api_clients_raw",
    "stg_qtickets_api_discounts_raw",
    "stg_qtickets_api_inventory_raw",
    "stg_qtickets_api_orders_raw",
    "stg_qtickets_api_partner_tickets_raw",
    "stg_qtickets_api_price_shades_raw",
    "stg_qtickets_api_promo_codes_raw",
    "stg_vk_ads_daily",
    "v_marketing_costs_daily",
    "v_marketing_daily",
    "v_plan_vs_fact",
    "v_qtickets_freshness",
    "v_qtickets_inventory",
    "v_qtickets_sales_14d",
    "v_qtickets_sales_dashboard",
    "v_qtickets_sales_latest",
    "v_qtickets_sales_utm_daily",
    "v_romi_daily",
  ],
  bi: ["v_marketing_roi_daily", "v_ops_freshness", "v_sales_daily", "v_vk_ads_daily"],
  meta: [
    "backup_runs",
    "etl_alerts",
    "schema_migrations",
    "sli_daily",
    "v_quality_last_day",
    "v_sli_latest",
    "watermarks",
  ],
} as const;

/** All of them as `database.name`. */
export const OBJECTS: readonly string[] = Object.entries(NAMES).flatMap(([database, names]) =>
  names.map((name) => `${database}.${name}`),
);

/** The 14 views that DataLens may read. */
export const READER_VIEWS = OBJECTS.filter((name) => /^(?:zakaz|bi)\.v_/.test(name));

/** Tables that nobody writes, and why. */
export const KEPT_EMPTY: Readonly<Record<string, string>> = {
  "zakaz.stg_qtickets_api_clients_raw": "buyers are never requested from the source",
  "zakaz.stg_qtickets_api_partner_tickets_raw": "there is no such source yet",
};

/** A right that a user holds though no statement in the code and no view shows its use. */
export interface DeclaredRight {
  user: string;
  rights: readonly string[];
  /** `database.name`, or `database.*`. */
  on: readonly string[];
  /** Who uses it. */
  because: string;
}

const READ_AND_WRITE = ["SELECT", "INSERT"];
const LIST = ["SHOW DATABASES", "SHOW TABLES", "SHOW COLUMNS"];

/**
 * Rights by agreement, beside those that follow from the code. A table that is written under one of them counts as
 * written: a loader that is still to come has its place here, not in a view nobody fills.
 */
export const DECLARED_RIGHTS: readonly DeclaredRight[] = [
  { user: "datalens_reader", rights: ["SELECT"], on: READER_VIEWS, because: "datasets of DataLens" },
  { user: "datalens_reader", rights: LIST, on: ["zakaz.*", "bi.*"], because: "DataLens lists what there is" },
  { user: "backup_user", rights: [...LIST, "BACKUP"], on: ["zakaz.*", "bi.*", "meta.*"], because: "backups" },
  { user: "backup_user", rights: READ_AND_WRITE, on: ["meta.backup_runs"], because: "journal of backups" },
  { user: "backup_user", rights: ["SELECT"], on: ["system.backups"], because: "state of a backup" },
  {
    user: "etl_writer",
    rights: READ_AND_WRITE,
    on: ["zakaz.stg_vk_ads_daily", "zakaz.fact_vk_ads_daily"],
    because: "loader of VK Ads",
  },
  {
    user: "etl_writer",
    rights: READ_AND_WRITE,
    on: ["zakaz.fact_direct_daily"],
    because: "contract for a loader of Yandex Direct",
  },
  { user: "etl_writer", rights: READ_AND_WRITE, on: ["zakaz.plan_sales"], because: "import of the plan" },
  {
    user: "etl_writer",
    rights: ["SHOW COLUMNS", "INSERT"],
    on: ["price_shades", "discounts", "promo_codes", "barcodes"].map(
      (name) => `zakaz.stg_qtickets_api_${name}_raw`,
    ),
    because: "optional datasets: written, compared with the schema, never read back",
  },
  {
    user: "etl_writer",
    rights: READ_AND_WRITE,
    on: ["meta.etl_alerts", "meta.sli_daily"],
    because: "alerts and service levels",
  },
  {
    user: "etl_writer",
    rights: ["SELECT"],
    on: ["meta.schema_migrations", "meta.v_quality_last_day"],
    because: "checks of a run",
  },
  {
    user: "etl_writer",
    rights: ["SELECT"],
    on: ["zakaz.fact_qtickets_inventory_latest", "zakaz.meta_job_runs"],
    because: "summary of the stack",
  },
  { user: "admin", rights: ["INSERT"], on: ["meta.schema_migrations"], because: "journal of schema changes" },
];
