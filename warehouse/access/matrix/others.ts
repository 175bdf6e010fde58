import { loginUsers, users } from "../../catalogue";
import { probe } from "../../queries";
import {
  allow,
  CONSTRAINT,
  DENIED,
  forbid,
  markHarmful,
  inserts,
  LOGIN_FAILED,
  PROHIBITED,
  selects,
  UNKNOWN_LOGIN,
  type Cell,
} from "./cell";

const backup = users.backup;

/** Backups are made, nothing is read or restored. */
export const backupCells = [
  ...allow(backup, {
    ...selects(["meta.backup_runs", "system.backups"]),
    ...inserts(["meta.backup_runs"]),
    "list tables of zakaz": "SHOW TABLES FROM zakaz",
    "describe a table": "DESCRIBE TABLE zakaz.plan_sales",
  }),
  ...markHarmful(
    allow(backup, { BACKUP: "BACKUP TABLE zakaz.plan_sales TO Disk('backups', 'probe_backup')" }),
  ),
  ...forbid(backup, [DENIED], {
    ...selects([
      "zakaz.plan_sales",
      "zakaz.fact_qtickets_orders",
      "zakaz.stg_qtickets_api_clients_raw",
      "zakaz.meta_job_runs",
      "bi.v_sales_daily",
      "meta.schema_migrations",
      "system.query_log",
      "system.users",
    ]),
    ...inserts(["zakaz.plan_sales", "meta.schema_migrations"]),
  }),
  ...forbid(backup, [DENIED, PROHIBITED], {
    "create a table": "CREATE TABLE IF NOT EXISTS zakaz.plan_sales (a UInt8) ENGINE = Memory",
    "give itself a right": "GRANT SELECT ON meta.backup_runs TO backup_user",
  }),
  ...markHarmful(
    forbid(backup, [DENIED, PROHIBITED], {
      DROP: "DROP TABLE zakaz.plan_sales",
      TRUNCATE: "TRUNCATE TABLE zakaz.plan_sales",
      RESTORE: "RESTORE TABLE zakaz.plan_sales AS zakaz.plan_restored FROM Disk('backups', 'probe_backup')",
    }),
  ),
  ...forbid(backup, [PROHIBITED, CONSTRAINT], {
    "allow_ddl = 1": "SELECT 1 SETTINGS allow_ddl = 1",
    "more memory": "SELECT 1 SETTINGS max_memory_usage = 2000000000",
  }),
];

/** Logins that must fail. */
export const loginCells: Cell[] = [
  ...[users.admin, ...loginUsers].map((user) => login(user, "a wrong password")),
  login(users.definer, "any password"),
  login("nobody_of_this_name", "a user that does not exist"),
  { ...login("default", "any password"), expected: [LOGIN_FAILED, UNKNOWN_LOGIN] },
];

function login(user: string, action: string): Cell {
  return {
    user,
    action: `log in with ${action}`,
    sql: probe`SELECT 1`,
    expected: [LOGIN_FAILED],
    wrongPassword: true,
  };
}
