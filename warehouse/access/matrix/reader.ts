import { users } from "../../catalogue";
import { declaredObjects, isReaderView } from "../../schema/objects";
import {
  allow,
  CONSTRAINT,
  DENIED,
  forbid,
  markHarmful,
  inserts,
  NO_TABLES,
  PROHIBITED,
  READONLY,
  selects,
  type Cell,
} from "./cell";

const user = users.reader;

/** What is not for people: tables, and views that others are made of. A new object of `sql/` comes here, or is a view for DataLens. */
const hidden = [
  "zakaz.dim_city_alias",
  "zakaz.dim_events",
  "zakaz.fact_direct_daily",
  "zakaz.fact_qtickets_inventory",
  "zakaz.fact_qtickets_inventory_latest",
  "zakaz.fact_qtickets_orders",
  "zakaz.fact_qtickets_sales_daily",
  "zakaz.fact_qtickets_sales_utm_daily",
  "zakaz.fact_vk_ads_daily",
  "zakaz.meta_job_runs",
  "zakaz.mv_qtickets_sales_latest",
  "zakaz.plan_sales",
  "zakaz.stg_qtickets_api_barcodes_raw",
  "zakaz.stg_qtickets_api_clients_raw",
  "zakaz.stg_qtickets_api_discounts_raw",
  "zakaz.stg_qtickets_api_inventory_raw",
  "zakaz.stg_qtickets_api_orders_raw",
  "zakaz.stg_qtickets_api_partner_tickets_raw",
  "zakaz.stg_qtickets_api_price_shades_raw",
  "zakaz.stg_qtickets_api_promo_codes_raw",
  "zakaz.stg_vk_ads_daily",
  "meta.backup_runs",
  "meta.etl_alerts",
  "meta.schema_migrations",
  "meta.sli_daily",
  "meta.v_quality_last_day",
  "meta.v_sli_latest",
  "meta.watermarks",
  "system.query_log",
  "system.users",
  "system.grants",
  "system.processes",
];

/** What every reader is refused. */
const refusals = (user: string): Cell[] => [
  ...forbid(user, [DENIED], {
    ...selects(hidden),
    "url()": "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "file()": "SELECT * FROM file('a.csv', 'CSV', 'a String')",
    "a file's size": "SELECT _size FROM file('/etc/passwd', 'LineAsString', 'a String')",
    "remote()": "SELECT * FROM remote('127.0.0.1:9000', 'zakaz', 'dim_events')",
    "s3()": "SELECT * FROM s3('https://bucket.s3.amazonaws.com/key.csv', 'CSV', 'a String')",
    "flush the logs": "SYSTEM FLUSH LOGS",
    "end a query": "KILL QUERY WHERE query_id = 'none'",
  }),
  // Who sees none of the tables finds nothing to merge.
  ...forbid(user, [DENIED, NO_TABLES], { "read tables by merge()": "SELECT * FROM merge('zakaz', '^dim')" }),
  ...forbid(user, [DENIED, READONLY], {
    ...inserts(["zakaz.plan_sales"]),
    "create a table": "CREATE TABLE IF NOT EXISTS zakaz.plan_sales (a UInt8) ENGINE = Memory",
    "create a view": "CREATE VIEW IF NOT EXISTS bi.v_sales_daily AS SELECT 1",
    "create a temporary table": "CREATE TEMPORARY TABLE probe (a UInt8)",
    "update rows": "ALTER TABLE zakaz.plan_sales UPDATE plan_tickets = plan_tickets WHERE 0",
    "add a column": "ALTER TABLE zakaz.plan_sales ADD COLUMN IF NOT EXISTS sales_date Date",
    "make a user": "CREATE USER IF NOT EXISTS datalens_reader IDENTIFIED WITH sha256_password BY 'x'",
    "give itself a right": "GRANT SELECT ON bi.v_sales_daily TO datalens_reader",
  }),
  ...forbid(user, [READONLY, PROHIBITED, CONSTRAINT], {
    "readonly = 0": "SELECT 1 SETTINGS readonly = 0",
    "readonly = 1": "SELECT 1 SETTINGS readonly = 1",
    "allow_ddl = 1": "SELECT 1 SETTINGS allow_ddl = 1",
    "more memory": "SELECT 1 SETTINGS max_memory_usage = 2000000000",
    "memory without limit": "SELECT 1 SETTINGS max_memory_usage = 0",
    "time without limit": "SELECT 1 SETTINGS max_execution_time = 0",
    "more threads": "SELECT 1 SETTINGS max_threads = 3",
    "more rows": "SELECT 1 SETTINGS max_result_rows = 1000001",
    "more queries at once": "SELECT 1 SETTINGS max_concurrent_queries_for_user = 100",
    "no query log": "SELECT 1 SETTINGS log_queries = 0",
    "introspection functions": "SELECT 1 SETTINGS allow_introspection_functions = 1",
  }),
];

/** What DataLens may do, and what it may not. */
export const readerCells = (): Cell[] => [
  ...allow(user, {
    ...selects(declaredObjects().filter(isReaderView)),
    "SELECT 1": "SELECT 1",
    "ask for the time zone": "SELECT timezone()",
    "list databases": "SHOW DATABASES",
    "list tables of zakaz": "SHOW TABLES FROM zakaz",
    "list tables with their keys":
      "SELECT database, name, sorting_key FROM system.tables WHERE database = 'bi'",
    "ask whether a view exists": "EXISTS TABLE bi.v_sales_daily",
    "describe a view": "DESCRIBE TABLE bi.v_sales_daily",
    "describe a table it may not read": "DESCRIBE TABLE zakaz.fact_qtickets_orders",
    "describe a sub-select": "DESCRIBE TABLE (SELECT * FROM bi.v_sales_daily)",
    "readonly = 2": "SELECT 1 SETTINGS readonly = 2",
    "join_use_nulls = 0": "SELECT 1 SETTINGS join_use_nulls = 0",
    "max_execution_time = 290": "SELECT 1 SETTINGS max_execution_time = 290",
    "max_threads = 1": "SELECT 1 SETTINGS max_threads = 1",
  }),
  ...refusals(user),
  ...markHarmful(
    forbid(user, [DENIED, READONLY], {
      TRUNCATE: "TRUNCATE TABLE zakaz.plan_sales",
      DROP: "DROP TABLE zakaz.plan_sales",
      BACKUP: "BACKUP TABLE zakaz.plan_sales TO Disk('backups', 'probe_reader')",
    }),
  ),
];

/**
 * What a further reader of the stack may do, and what it may not.
 * @param reader its login; without views it reads what `datalens_reader` reads
 */
export function furtherReaderCells(reader: { user: string; views: readonly string[] }): Cell[] {
  const all = declaredObjects().filter(isReaderView);
  const own = reader.views.length === 0 ? all : reader.views;
  return [
    ...allow(reader.user, { ...selects(own), "SELECT 1": "SELECT 1" }),
    ...forbid(reader.user, [DENIED], selects(all.filter((view) => !own.includes(view)))),
    ...refusals(reader.user),
  ];
}
