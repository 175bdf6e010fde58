import { users } from "../../catalogue";
import { declaredObjects, isReaderView } from "../../schema/objects";
import {
  allow,
  CONSTRAINT,
  DENIED,
  forbid,
  markHarmful,
  inserts,
  PROHIBITED,
  selects,
  type Cell,
} from "./cell";

const user = users.monitor;

/** What the alerts may do: look at what DataLens sees, at the journals and at the disks, and write down what they have found. */
export const monitorCells = (): Cell[] => [
  ...allow(user, {
    ...selects([
      ...declaredObjects().filter(isReaderView),
      "zakaz.meta_job_runs",
      "meta.v_quality_last_day",
      "meta.v_sli_latest",
      "meta.backup_runs",
      "meta.etl_alerts",
    ]),
    ...inserts(["meta.etl_alerts"]),
    "free space of the disks": "SELECT name, free_space, total_space FROM system.disks",
    "max_execution_time = 20": "SELECT 1 SETTINGS max_execution_time = 20",
  }),
  ...forbid(user, [DENIED], {
    ...selects([
      "zakaz.dim_city_alias",
      "zakaz.dim_events",
      "zakaz.fact_direct_daily",
      "zakaz.fact_qtickets_inventory",
      "zakaz.fact_qtickets_inventory_latest",
      "zakaz.fact_qtickets_orders",
      "zakaz.fact_qtickets_sales_daily",
      "zakaz.fact_qtickets_sales_utm_daily",
      "zakaz.fact_vk_ads_daily",
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
      "meta.schema_migrations",
      "meta.sli_daily",
      "meta.watermarks",
      "system.query_log",
      "system.users",
      "system.grants",
      "system.processes",
    ]),
    ...inserts([
      "zakaz.meta_job_runs",
      "zakaz.plan_sales",
      "meta.backup_runs",
      "meta.sli_daily",
      "meta.watermarks",
    ]),
    "the paths of the disks": "SELECT path FROM system.disks",
    "url()": "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "file()": "SELECT * FROM file('a.csv', 'CSV', 'a String')",
    "remote()": "SELECT * FROM remote('127.0.0.1:9000', 'zakaz', 'dim_events')",
    "flush the logs": "SYSTEM FLUSH LOGS",
    "end a query": "KILL QUERY WHERE query_id = 'none'",
  }),
  ...forbid(user, [DENIED, PROHIBITED], {
    "create a table": "CREATE TABLE IF NOT EXISTS zakaz.plan_sales (a UInt8) ENGINE = Memory",
    "create a temporary table": "CREATE TEMPORARY TABLE probe (a UInt8)",
    "change an alert": "ALTER TABLE meta.etl_alerts UPDATE message = message WHERE 0",
    "delete alerts": "DELETE FROM meta.etl_alerts WHERE 0",
    "make a user": "CREATE USER IF NOT EXISTS zakaz_monitor IDENTIFIED WITH sha256_password BY 'x'",
    "give itself a right": "GRANT SELECT ON meta.watermarks TO zakaz_monitor",
  }),
  ...markHarmful(
    forbid(user, [DENIED, PROHIBITED], {
      TRUNCATE: "TRUNCATE TABLE meta.etl_alerts",
      DROP: "DROP TABLE meta.etl_alerts",
      BACKUP: "BACKUP TABLE meta.etl_alerts TO Disk('backups', 'probe_monitor')",
    }),
  ),
  ...forbid(user, [PROHIBITED, CONSTRAINT], {
    "allow_ddl = 1": "SELECT 1 SETTINGS allow_ddl = 1",
    "more memory": "SELECT 1 SETTINGS max_memory_usage = 2000000000",
    "time without limit": "SELECT 1 SETTINGS max_execution_time = 0",
    "async_insert = 1": "SELECT 1 SETTINGS async_insert = 1",
    "no query log": "SELECT 1 SETTINGS log_queries = 0",
  }),
];
