import type { Database } from "../core/database";
import { ExpectedError } from "../core/errors";
import { barcodes } from "./barcodes";
import { discounts } from "./discounts";
import { EVENT_COLUMNS, EVENT_NULLS } from "./event-rows";
import { ORDER_COLUMNS, ORDER_NULLS } from "./order-rows";
import { priceShades } from "./price-shades";
import { promoCodes } from "./promo-codes";
import { INVENTORY_COLUMNS, INVENTORY_NULLS } from "./seat-counts";

const CATALOGUES = [priceShades, discounts, promoCodes, barcodes];
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

/** Tables of the data database that a run writes, with the columns it names. */
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  stg_qtickets_api_orders_raw: ORDER_COLUMNS,
  stg_qtickets_api_inventory_raw: INVENTORY_COLUMNS,
  ...Object.fromEntries(CATALOGUES.map(({ table, columns }) => [table, columns])),
  dim_events: EVENT_COLUMNS,
  fact_qtickets_orders: ["order_id", "item_id", "event_id", "sales_date", "revenue", "refunds", "_ver"],
  fact_qtickets_sales_daily: [...SALES, "orders_count"],
  fact_qtickets_sales_utm_daily: [...SALES, ...UTM],
  fact_qtickets_inventory: COUNTERS,
  fact_qtickets_inventory_latest: COUNTERS,
  meta_job_runs: [
    "job",
    "run_id",
    "started_at",
    "finished_at",
    "status",
    "rows_processed",
    "message",
    "metrics",
    "_ver",
  ],
};

/** Columns in which a run may write NULL. */
const NULLS: Readonly<Record<string, readonly string[]>> = {
  stg_qtickets_api_orders_raw: ORDER_NULLS,
  stg_qtickets_api_inventory_raw: INVENTORY_NULLS,
  ...Object.fromEntries(CATALOGUES.map(({ table, nulls }) => [table, nulls])),
  dim_events: EVENT_NULLS,
};

/**
 * Throws one sentence that names every table or column that is missing, or every column that does not take the NULL that
 * a run may write.
 */
export async function checkSchema(database: Database): Promise<void> {
  const found = await database.rows<{ table: string; name: string; type: string }>(
    "SELECT table, name, type FROM system.columns WHERE database = {db:String}",
    { db: database.name },
  );
  const types = new Map(found.map(({ table, name, type }) => [`${table}.${name}`, type]));
  const tables = new Set(found.map(({ table }) => table));
  const missing = Object.entries(TARGETS).flatMap(([table, columns]) =>
    tables.has(table)
      ? columns
          .filter((column) => !types.has(`${table}.${column}`))
          .map((column) => `column ${table}.${column}`)
      : [`table ${table}`],
  );
  if (missing.length > 0) {
    throw new ExpectedError(
      `Database ${database.name} lacks ${missing.join(", ")} (or the loader's user may not see them): apply the schema (\`make up\`) and run the loader again.`,
    );
  }
  const narrow = Object.entries(NULLS).flatMap(([table, columns]) =>
    columns
      .map((column) => `${table}.${column}`)
      .filter((column) => !types.get(column)?.includes("Nullable("))
      .map((column) => `${column} (${types.get(column)})`),
  );
  if (narrow.length > 0) {
    throw new ExpectedError(
      `Database ${database.name} takes no NULL in ${narrow.join(", ")}, where the loader may write it: apply the schema (\`make up\`) and run the loader again.`,
    );
  }
}
