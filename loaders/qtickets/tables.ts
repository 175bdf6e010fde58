import type { TableUse } from "../pipeline/table-check";
import { EVENT_COLUMNS, EVENT_NULLS } from "./event-rows";
import { OPTIONAL_DATA_SETS } from "./optional-data-sets";
import { ORDER_COLUMNS, ORDER_NULLS } from "./order-rows";
import { INVENTORY_COLUMNS, INVENTORY_NULLS } from "./seat-counts";

const SALES = ["sales_date", "event_id", "city", "tickets_sold", "revenue", "refunds", "currency", "_ver"];
const UTM = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"];
const COUNTERS = [
  "snapshot_ts",
  "event_id",
  "event_name",
  "city",
  "tickets_total",
  "tickets_left",
  "shows_count",
  "_ver",
];

const columns: TableUse["columns"] = {
  stg_qtickets_api_orders_raw: ORDER_COLUMNS,
  stg_qtickets_api_inventory_raw: INVENTORY_COLUMNS,
  ...Object.fromEntries(OPTIONAL_DATA_SETS.map((set) => [set.table, set.columns])),
  dim_events: EVENT_COLUMNS,
  fact_qtickets_orders: ["order_id", "item_id", "event_id", "sales_date", "revenue", "refunds", "_ver"],
  fact_qtickets_sales_daily: [...SALES, "orders_count"],
  fact_qtickets_sales_utm_daily: [...SALES, ...UTM],
  fact_qtickets_inventory: COUNTERS,
  fact_qtickets_inventory_latest: COUNTERS,
};

const nulls: TableUse["nulls"] = {
  stg_qtickets_api_orders_raw: ORDER_NULLS,
  stg_qtickets_api_inventory_raw: INVENTORY_NULLS,
  ...Object.fromEntries(OPTIONAL_DATA_SETS.map((set) => [set.table, set.nulls])),
  dim_events: EVENT_NULLS,
};

/** What a run needs of the tables that it writes. */
export const TABLES: TableUse = { columns, nulls };
