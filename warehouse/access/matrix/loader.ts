import { users } from "../../catalogue";
import {
  allow,
  CHECK_FAILED,
  CONSTRAINT,
  DENIED,
  describes,
  forbid,
  markHarmful,
  INFILE_REFUSED,
  inserts,
  PROHIBITED,
  selects,
  type Cell,
} from "./cell";

const user = users.loader;

/** Tables and views, as `database.name`, by what the loaders may do with them. */
export interface LoaderTables {
  read: readonly string[];
  written: readonly string[];
}

/** What the loaders may do, and what they may not. */
export const loaderCells = ({ read, written }: LoaderTables): Cell[] => [
  ...allow(user, {
    ...selects([...read, "zakaz.dim_city_alias"]),
    ...inserts(written),
    ...describes(written.filter((table) => !read.includes(table))),
  }),
  ...forbid(user, [DENIED], {
    ...selects([
      "zakaz.stg_qtickets_api_price_shades_raw",
      "zakaz.stg_qtickets_api_discounts_raw",
      "zakaz.stg_qtickets_api_promo_codes_raw",
      "zakaz.stg_qtickets_api_barcodes_raw",
      "zakaz.stg_qtickets_api_clients_raw",
      "zakaz.stg_qtickets_api_partner_tickets_raw",
      "zakaz.v_qtickets_sales_latest",
      "bi.v_sales_daily",
      "meta.backup_runs",
      "system.query_log",
      "system.users",
    ]),
    ...inserts([
      "zakaz.dim_city_alias",
      "zakaz.stg_qtickets_api_clients_raw",
      "zakaz.stg_qtickets_api_partner_tickets_raw",
      "meta.schema_migrations",
      "meta.backup_runs",
    ]),
    OPTIMIZE: "OPTIMIZE TABLE zakaz.plan_sales",
    "url()": "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "file()": "SELECT * FROM file('a.csv', 'CSV', 'a String')",
    "s3()": "SELECT * FROM s3('https://bucket.s3.amazonaws.com/key.csv', 'CSV', 'a String')",
    "write a file by file()": "INSERT INTO FUNCTION file('a.csv', 'CSV', 'a String') SELECT 'a' WHERE 0",
    "write by url()": "INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'CSV', 'a String') SELECT 'a' WHERE 0",
    "insert by file()":
      "INSERT INTO zakaz.dim_events (event_id) SELECT a FROM file('a.csv', 'LineAsString', 'a String')",
    "remote()": "SELECT * FROM remote('127.0.0.1:9000', 'zakaz', 'dim_events')",
    "flush the logs": "SYSTEM FLUSH LOGS",
  }),
  // Of a file that is not there: should the server read it after all, nothing is written, and the code is another.
  ...forbid(user, [INFILE_REFUSED], {
    "insert a file of the server":
      "INSERT INTO zakaz.dim_events (event_id) FROM INFILE '/nonexistent/file' FORMAT LineAsString",
  }),
  ...markHarmful(
    forbid(user, [INFILE_REFUSED], {
      "insert /etc/passwd":
        "INSERT INTO zakaz.dim_events (event_id) FROM INFILE '/etc/passwd' FORMAT LineAsString",
    }),
  ),
  ...forbid(user, [DENIED, PROHIBITED], {
    "create a table": "CREATE TABLE IF NOT EXISTS zakaz.plan_sales (a UInt8) ENGINE = Memory",
    "create a view": "CREATE VIEW IF NOT EXISTS bi.v_sales_daily AS SELECT 1",
    "create a temporary table": "CREATE TEMPORARY TABLE probe (a UInt8)",
    "delete by ALTER": "ALTER TABLE zakaz.plan_sales DELETE WHERE 0",
    "delete rows": "DELETE FROM zakaz.plan_sales WHERE 0",
    "add a column": "ALTER TABLE zakaz.plan_sales ADD COLUMN IF NOT EXISTS sales_date Date",
    "make a user": "CREATE USER IF NOT EXISTS etl_writer IDENTIFIED WITH sha256_password BY 'x'",
    "give itself a right": "GRANT SELECT ON zakaz.dim_events TO etl_writer",
  }),
  ...markHarmful([
    ...forbid(user, [DENIED, PROHIBITED], {
      DROP: "DROP TABLE zakaz.plan_sales",
      DETACH: "DETACH TABLE zakaz.plan_sales",
      TRUNCATE: "TRUNCATE TABLE zakaz.plan_sales",
      BACKUP: "BACKUP TABLE zakaz.plan_sales TO Disk('backups', 'probe_loader')",
    }),
    ...forbid(user, [CHECK_FAILED], {
      "a status outside the vocabulary":
        "INSERT INTO zakaz.meta_job_runs (job, started_at, finished_at, status) SELECT 'probe', now(), now(), 'done'",
      "a currency not of three letters":
        "INSERT INTO zakaz.fact_direct_daily (stat_date, currency) SELECT toDate('2026-01-01'), 'RUBLE'",
    }),
  ]),
  ...forbid(user, [PROHIBITED, CONSTRAINT], {
    "allow_ddl = 1": "SELECT 1 SETTINGS allow_ddl = 1",
    "more memory": "SELECT 1 SETTINGS max_memory_usage = 4000000000",
    "async_insert = 1": "SELECT 1 SETTINGS async_insert = 1",
    "no query log": "SELECT 1 SETTINGS log_queries = 0",
    "introspection functions": "SELECT 1 SETTINGS allow_introspection_functions = 1",
  }),
];
