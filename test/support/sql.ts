import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isSignificant, tokenize } from "../../warehouse/sql/lexer";

/** The contract with everybody who uses the warehouse: the names that each database shows, in alphabetical order, no more and no less. */
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

const folder = resolve(__dirname, "../../sql");

/** Names of the SQL files, in the order in which they run. */
export function sqlFiles(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/** Bytes of one SQL file. */
export function readSqlFile(name: string): Buffer {
  return readFileSync(join(folder, name));
}

/** Everything in `sql/`, as a user pipes it into the client. */
export function wholeSql(): string {
  return sqlFiles()
    .map((name) => readSqlFile(name).toString())
    .join("\n");
}

/** Statements of a text: without comments, without the closing semicolon, layout kept. */
export function statementsOf(sql: string): string[] {
  const statements = [""];
  for (const token of tokenize(sql)) {
    if (token.kind === "comment") continue;
    if (token.text === ";") statements.push("");
    else
      statements[statements.length - 1] += isSignificant(token)
        ? token.text
        : token.text.replace(/ +\n/g, "\n");
  }
  return statements.map((statement) => statement.trim()).filter(Boolean);
}

/** A statement with the content of its strings removed, so that words in comments of columns do not count. */
export function withoutStrings(statement: string): string {
  return tokenize(statement)
    .map((token) => (token.kind === "string" ? "''" : token.text))
    .join("");
}

/** The seeds of `sql/60_city_aliases.sql`, as they stand there. */
export function citySeeds(): { alias: string; city: string; note: string }[] {
  const text = readSqlFile("60_city_aliases.sql").toString();
  return [...text.matchAll(/\('([^']+)', '([^']+)', '([^']+)'\)/g)].map(([, alias, city, note]) => ({
    alias: alias!,
    city: city!,
    note: note!,
  }));
}

/** The same as loads read them: look-up key to city. */
export function cityAliases(): Map<string, string> {
  return new Map(citySeeds().map(({ alias, city }) => [alias, city]));
}
