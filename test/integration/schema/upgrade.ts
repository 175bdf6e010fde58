import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/stack";
import type { Warehouse } from "../sql/warehouse";

export const ROWS = 100_000;

/** What the first landed version of the schema installs; access is today's, as it is applied before the schema. */
export function firstLandedSql(): string {
  const access = readFileSync(join(ROOT, "sql/10_access.sql"), "utf8");
  return `${access}\n${readFileSync(join(__dirname, "first-landed.sql"), "utf8")}`;
}

/** Fills orders, the ledger behind them, inventory and facts with 100 000 synthetic rows each; one row per key. */
export async function fill(db: Warehouse): Promise<void> {
  const order = "concat('O', toString(intDiv(number, 2)))";
  const event = "concat('E', toString(number % 200))";
  const day = "toDate('2026-01-01') + number % 250";
  const poll = "toStartOfHour(now()) - toIntervalHour(intDiv(number, 200))";
  for (const [table, values] of [
    [
      "zakaz.dim_events (event_id, event_name, city, show_ids, _ver)",
      `${event}, concat('Event ', toString(number)), 'москва', [concat('S', toString(number))], 1000`,
    ],
    [
      "zakaz.stg_qtickets_api_orders_raw (order_id, item_id, event_id, city, status, sale_ts, tickets_sold, revenue, refunds, currency, utm_source, _ver)",
      `${order}, toString(number % 2), ${event}, 'москва', 'paid', now() - toIntervalMinute(number), ` +
        `1 + number % 3, number % 5000 + 0.25, 0, 'RUB', 'vk', 1000 + number`,
    ],
    [
      "zakaz.stg_qtickets_api_inventory_raw (snapshot_ts, event_id, show_id, event_name, city, tickets_total, tickets_left, status, _ver)",
      `${poll}, ${event}, 'S1', 'Event', 'казань', 500, number % 500, 'ok', 1000`,
    ],
    [
      "zakaz.fact_qtickets_inventory (snapshot_ts, event_id, event_name, city, tickets_total, tickets_left, shows_count, _ver)",
      `${poll}, ${event}, 'Event', 'казань', 500, number % 500, number % 3, 1000`,
    ],
    [
      "zakaz.fact_qtickets_sales_daily (sales_date, event_id, city, tickets_sold, revenue, refunds, orders_count, currency, _ver)",
      `${day}, concat('E', toString(intDiv(number, 250))), 'москва', number % 7, number % 9000 + 0.5, 0, number % 5, 'RUB', 1000`,
    ],
  ] as const)
    // prettier-ignore
    await db.run(`INSERT INTO ${table} SELECT ${values} FROM numbers(${table.includes("dim") ? 200 : ROWS})`);
}

/** Rows as they lie there, and a sum over every value of the columns given; by table. */
export async function fingerprint(
  db: Warehouse,
  columns: Map<string, string[]>,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const [table, names] of columns) {
    const values = names.map((name) => `ifNull(toString(${name}), 'NULL')`).join(", ");
    const [row] = await db.rows(
      `SELECT count(), sum(cityHash64(${values})) FROM ${table} SETTINGS final = 0`,
    );
    found[table] = row!;
  }
  return found;
}

/** Columns of every table that holds data of the business; the journals grow by the upgrade itself. */
export async function dataColumns(db: Warehouse): Promise<Map<string, string[]>> {
  const rows = await db.rows(
    `SELECT concat(database, '.', table), arrayStringConcat(groupArray(name), ',') FROM
     (SELECT database, table, name FROM system.columns WHERE database = 'zakaz' ORDER BY table, position)
     WHERE concat(database, '.', table) IN
       (SELECT concat(database, '.', name) FROM system.tables WHERE engine LIKE '%MergeTree')
     GROUP BY database, table ORDER BY table`,
  );
  return new Map(rows.map(([table, names]) => [table!, names!.split(",")]));
}

/** All statements of the `sql/` in a folder. */
export function sqlIn(root: string): string {
  return readdirSync(join(root, "sql"))
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => readFileSync(join(root, "sql", name), "utf8"))
    .join("\n");
}

/** Edits that `apply` makes in place: [file, text, replacement]. */
const EDITS = [
  // a new column in the middle
  ["31_dimensions.sql", "    start_date", "    venue      String DEFAULT ''                     COMMENT 'venue',\n    start_date"],
  // a column that passes the materialized view
  ["32_facts.sql", "    discount_id   String DEFAULT ''", "    channel       String DEFAULT '' COMMENT 'sales channel',\n    discount_id   String DEFAULT ''"],
  ["30_staging.sql", "    discount_id   String DEFAULT ''", "    channel       String DEFAULT '' COMMENT 'sales channel',\n    discount_id   " +
"String DEFAULT ''"],
  ["40_materialized_view.sql", "    discount_id   String  ", "    channel       String COMMENT 'sales channel',\n    discount_id   String  "],
  ["40_materialized_view.sql", "    s.discount_id AS discount_id,", "    s.channel AS channel,\n    s.discount_id AS discount_id,"],
  // a comment of a column and of a table
  ["32_facts.sql", "COMMENT 'Sales plan in roubles'", "COMMENT 'Plan of sales, roubles'"],
  ["32_facts.sql", "COMMENT 'open shows in the sum'", "COMMENT 'open shows that are summed'"],
  // a wider type
  ["32_facts.sql", "shows_count   UInt16", "shows_count   UInt32"],
  // a longer TTL
  ["33_journal.sql", "TTL ts + toIntervalDay(800)", "TTL ts + toIntervalDay(900)"],
  // a changed view: one column more
  ["51_views_bi.sql", "    refunds      Decimal(18, 2)            COMMENT 'money returned',",
   "    refunds      Decimal(18, 2)            COMMENT 'money returned',\n    gross        Decimal(18, 2)            COMMENT 'money paid',"],
  ["51_views_bi.sql", "    s.refunds_amount AS refunds,",
   "    s.refunds_amount AS refunds,\n    s.revenue + s.refunds_amount AS gross,"],
] as const; // prettier-ignore

/** Copies sql/ into a folder as `sql`, with every edit made. */
export function writeChangedSql(root: string): void {
  const folder = join(root, "sql");
  cpSync(join(ROOT, "sql"), folder, { recursive: true });
  for (const [name, text, replacement] of EDITS) {
    const file = join(folder, name);
    const before = readFileSync(file, "utf8");
    if (!before.includes(text)) throw new Error(`${name} has no ${text}`);
    writeFileSync(file, before.replaceAll(text, replacement));
  }
}
