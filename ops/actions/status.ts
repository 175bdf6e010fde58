import { docker } from "../docker";
import { queryAsLoader } from "../loader";
import { readStack } from "../stack";

/** Tables whose rows the summary counts, each with a word for people. */
const COUNTED = [
  ["stg_qtickets_api_orders_raw", "order lines"],
  ["stg_qtickets_api_inventory_raw", "seat counters"],
  ["dim_events", "events"],
  ["fact_qtickets_sales_daily", "sales per day"],
  ["fact_qtickets_inventory_latest", "newest inventory"],
  ["meta_job_runs", "loader runs"],
] as const;

/** Short summary of the selected stack: what runs, how much data, how to query it, what to type next. */
export async function status(): Promise<void> {
  const stack = await readStack();
  const health = await docker(["inspect", "-f", "{{.State.Health.Status}}", stack.container]);
  const counts = await queryAsLoader(
    stack.loaderTarget,
    COUNTED.map(([table]) => `SELECT '${table}', count() FROM zakaz.${table} FINAL`).join(" UNION ALL "),
  );
  const rows = new Map(counts.split("\n").map((line) => line.split("\t") as [string, string]));
  const lastRun = await queryAsLoader(
    stack.loaderTarget,
    "SELECT job, status, started_at, rows_processed FROM zakaz.meta_job_runs ORDER BY started_at DESC LIMIT 1 FORMAT TSV",
  );

  const lines = [
    `Server     ${stack.container}: ${health.code === 0 ? health.stdout.trim() : "not there, build it with make up"}, ${stack.clickhouseUrl}`,
    `Network    ${stack.network}`,
    `Loader     ${stack.loaderImage}`,
    `Last run   ${lastRun === "" ? "none yet" : lastRun.replaceAll("\t", " · ")}`,
    ...COUNTED.map(
      ([table, what], i) => `${i === 0 ? "Rows" : ""}`.padEnd(11) + `${table}: ${rows.get(table)} ${what}`,
    ),
    "",
    "Query it   curl -u " +
      `${stack.readerTarget.user} "${stack.clickhouseUrl}/?query=SELECT%20*%20FROM%20zakaz.v_qtickets_sales_dashboard"`,
    `           docker exec -it ${stack.container} clickhouse-client --user=admin --password=… -q "SHOW TABLES FROM zakaz"`,
    'Next       eval "$(make -s env)", then pulumi preview; make load; make down',
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
