import assert from "node:assert/strict";
import { DateTime } from "luxon";
import { deriveStatements } from "../../../loaders/qtickets/derive";
import { deriveStatements as deriveVkStatements } from "../../../loaders/vk-ads/derive";
import type { Warehouse } from "./warehouse";

/** The reference scenario: synthetic data whose every figure is known. T is today in Moscow. */
const T = DateTime.now().setZone("Europe/Moscow").startOf("day");

/** Day T + n as `YYYY-MM-DD`. */
const day = (n: number): string => T.plus({ days: n }).toFormat("yyyy-MM-dd");
const at = (n: number, time = "12:00:00"): string => `${day(n)} ${time}`;
const text = (s: string): string => `'${s}'`;
const values = (rows: (string | number | null)[][]): string =>
  rows
    .map(
      (row) => `(${row.map((v) => (v === null ? "NULL" : typeof v === "number" ? v : text(v))).join(", ")})`,
    )
    .join(", ");

type Utm = [source: string, medium: string, campaign: string, content: string];
const NO_UTM: Utm = ["", "", "", ""];
const VK_UTM: Utm = ["VK", "cpc", "C1", "msk_05_11"];

interface Line {
  order: string;
  item: string;
  event: string;
  status?: string;
  sold: string | null;
  tickets: number;
  revenue: number;
  refunds?: number;
  currency?: string;
  utm?: Utm;
  ver?: number;
}

/** Writes order lines as the loader does: one insert for all of them. */
async function writeLines(db: Warehouse, lines: Line[]): Promise<void> {
  const rows = lines.map((l) => [
    l.order,
    l.item,
    l.event,
    l.status ?? "paid",
    l.sold,
    l.tickets,
    l.revenue,
    l.refunds ?? 0,
    l.currency ?? "RUB",
    ...(l.utm ?? NO_UTM),
    l.ver ?? 1000,
  ]);
  await db.run(
    `INSERT INTO zakaz.stg_qtickets_api_orders_raw (order_id, item_id, event_id, status, sale_ts, tickets_sold, revenue,
     refunds, currency, utm_source, utm_medium, utm_campaign, utm_content, _ver) VALUES ${values(rows)}`,
    { as: "etl_writer" },
  );
}

async function writeEvents(db: Warehouse, ver: number, cityOfE1: string): Promise<void> {
  await db.run(
    `INSERT INTO zakaz.dim_events (event_id, event_name, city, start_date, end_date, show_ids, _ver) VALUES
     ('E1', 'Event one', '${cityOfE1}', '${day(3)}', '${day(4)}', ['S11', 'S12'], ${ver}),
     ('E2', 'Event two', 'казань', NULL, NULL, [], ${ver}),
     ('E3', 'Event three', 'москва', '${day(5)}', '${day(5)}', ['S31', 'S32'], ${ver})`,
    { as: "etl_writer" },
  );
}

/** Runs the whole derivation as the loader does. `clock` is the run's start in ms. */
export async function derive(db: Warehouse, clock: number, firstDay = "1970-01-01"): Promise<void> {
  for (const { sql } of deriveStatements()) {
    const params = { run_clock: clock, first_day: firstDay, snapshot_ts: at(0, "10:00:00") };
    await db.run(sql, { as: "etl_writer", params });
  }
}

/** The derivation of the VK loader. */
async function deriveVk(db: Warehouse): Promise<void> {
  for (const { sql } of deriveVkStatements()) {
    await db.run(sql, { as: "etl_writer", params: { run_clock: 1, first_day: "1970-01-01" } });
  }
}

/** VK rows: day, ad, city, utm_content, clicks, spend. */
async function writeVk(
  db: Warehouse,
  ver: number,
  ads: [number, string, string, string, number, number][],
): Promise<void> {
  const rows = ads.map(([n, ad, city, content, clicks, spend]) => [
    day(n), "A", "K", ad, city, "vk", "cpc", "c1", content, clicks * 10, clicks, spend, "RUB", ver,
  ]); // prettier-ignore
  await db.run(
    `INSERT INTO zakaz.stg_vk_ads_daily (stat_date, account_id, campaign_id, ad_id, city, utm_source, utm_medium,
     utm_campaign, utm_content, impressions, clicks, spend, currency, _ver) VALUES ${values(rows)}`,
    { as: "etl_writer" },
  );
}

async function same(db: Warehouse, sql: string, expected: (string | number)[][]): Promise<void> {
  assert.deepEqual(
    await db.rows(sql),
    expected.map((row) => row.map(String)),
    sql,
  );
}

const NULL = "\\N";
const physical = (table: string): string => `SELECT count() FROM ${table} SETTINGS final = 0`;
const factRows = "SELECT count() FROM zakaz.fact_qtickets_sales_daily FINAL";
const dashboard = (event: string): string =>
  `SELECT event_name, city, tickets_sold_today, revenue_today, tickets_sold_14d, revenue_14d, tickets_total, tickets_left,
   isNull(inventory_updated_at) FROM zakaz.v_qtickets_sales_dashboard WHERE event_id = '${event}'`;

const TABLES = [
  "zakaz.fact_qtickets_orders",
  "zakaz.fact_qtickets_sales_daily",
  "zakaz.fact_qtickets_sales_utm_daily",
  "zakaz.fact_qtickets_inventory",
  "zakaz.fact_qtickets_inventory_latest",
];

/** Physical rows of everything that the derivation writes. */
async function derivedRows(db: Warehouse): Promise<string[]> {
  const found: string[] = [];
  for (const table of TABLES) found.push(`${table} ${(await db.rows(physical(table)))[0]?.[0]}`);
  return found;
}

/** Derives twice, and demands that the second time writes no row at all. */
async function deriveTwice(db: Warehouse, clock: number): Promise<void> {
  await derive(db, clock);
  const once = await derivedRows(db);
  await derive(db, clock + 1);
  assert.deepEqual(await derivedRows(db), once, "a second derivation writes nothing");
}

/** First load: every insert and every derivation is done twice. Needs empty tables. */
export async function firstLoad(db: Warehouse): Promise<void> {
  // Merges would make the counts of physical rows a matter of luck.
  await db.run("SYSTEM STOP MERGES");
  const lines: Line[] = [
    { order: "O1", item: "1", event: "E1", sold: at(0, "00:00:01"), tickets: 1, revenue: 1000, utm: VK_UTM },
    { order: "O1", item: "2", event: "E1", sold: at(0, "00:00:01"), tickets: 1, revenue: 1000, utm: VK_UTM },
    { order: "O2", item: "1", event: "E1", sold: at(-1, "23:59:59"), tickets: 1, revenue: 500.5 },
    { order: "O2b", item: "1", event: "E3", sold: at(-1, "00:00:00"), tickets: 2, revenue: 300 },
    { order: "O3", item: "1", event: "E1", sold: at(-13), tickets: 1, revenue: 100 },
    { order: "O3b", item: "1", event: "E1", sold: at(-14, "23:59:59"), tickets: 1, revenue: 77 },
    { order: "O4", item: "1", event: "E1", sold: at(-2), tickets: 1, revenue: 500 },
    { order: "O5", item: "1", event: "E1", sold: at(-3), tickets: 1, revenue: 10 },
    { order: "O5", item: "2", event: "E1", sold: at(-3), tickets: 1, revenue: 20 },
    { order: "O6", item: "1", event: "E1", sold: at(-4), tickets: 1, revenue: 900 },
    { order: "O7", item: "1", event: "E9", sold: at(-1), tickets: 1, revenue: 111 },
    { order: "O8", item: "1", event: "E1", sold: at(-1), tickets: 1, revenue: 5000, currency: "KZT" },
    { order: "O9", item: "", event: "E1", sold: at(-1), tickets: 0, revenue: 0 },
    { order: "O10", item: "1", event: "E1", status: "unpaid", sold: null, tickets: 0, revenue: 0 },
    { order: "O11", item: "1", event: "E1", sold: at(-5), tickets: 1, revenue: 50 },
    { order: "O11", item: "2", event: "E3", sold: at(-5), tickets: 1, revenue: 60 },
  ];
  for (let i = 0; i < 2; i++) {
    await writeEvents(db, 1000, "москва");
    await writeLines(db, lines);
    const pollMs = T.set({ hour: 10 }).toMillis();
    await db.run(
      `INSERT INTO zakaz.stg_qtickets_api_inventory_raw (snapshot_ts, event_id, show_id, event_name, city, tickets_total,
       tickets_left, status, _ver) VALUES ${values([
         [at(0, "10:00:00"), "E1", "S11", "Event one", "москва", 100, 0, "ok", pollMs],
         [at(0, "10:00:00"), "E1", "S12", "Event one", "москва", 50, 0, "ok", pollMs],
         [at(0, "10:00:00"), "E2", "", "Event two", "казань", null, null, "no_counters", pollMs],
         [at(0, "10:00:00"), "E3", "S31", "Event three", "москва", 10, 4, "ok", pollMs],
         [at(0, "10:00:00"), "E3", "S32", "Event three", "москва", null, null, "error", pollMs],
       ])}`,
      { as: "etl_writer" },
    );
    await writeVk(db, 1000, [
      [0, "1", "москва", "msk_05_11", 10, 300],
      [-1, "1", "москва", "msk_05_11", 20, 600],
      [-1, "2", "казань", "kzn_05_11", 5, 150],
      [-2, "3", "", "", 0, 1.1],
    ]);
    await deriveVk(db);
    await db.run(
      `INSERT INTO zakaz.plan_sales (sales_date, event_id, city, plan_tickets, plan_revenue, _ver) VALUES ${values(
        [
          [day(-1), "E1", "мск", 10, 6000, 1],
          [day(-1), "", "казань", 3, 900, 1],
          [day(1), "E2", "", 7, 70, 1],
        ],
      )}`,
      { as: "etl_writer" },
    );
    await db.run(
      `INSERT INTO zakaz.meta_job_runs (job, run_id, started_at, finished_at, status, _ver) VALUES
       ('qtickets_api', '11111111-1111-4111-8111-111111111111', toDateTime('${at(0, "00:00:00")}', 'Europe/Moscow'), now(), 'ok', 1),
       ('vk_ads', '22222222-2222-4222-8222-222222222222', toDateTime('${at(0, "00:00:00")}', 'Europe/Moscow'), now(), 'error', 1)`,
      { as: "etl_writer" },
    );
  }
  await deriveTwice(db, 5000);

  const staging = "zakaz.stg_qtickets_api_orders_raw";
  await same(db, physical(staging), [[32]]);
  await same(db, `SELECT count() FROM ${staging} FINAL`, [[16]]);
  await same(db, `SELECT max(sale_ts), count() FROM ${staging}`, [[at(0, "00:00:01"), 16]]);
  await same(db, "SELECT count() FROM zakaz.fact_qtickets_orders FINAL", [[16]]);
  await same(db, factRows, [[12]]);
  await same(db, physical("zakaz.fact_qtickets_sales_daily"), [[12]]);
  await same(db, dashboard("E1"), [["Event one", "москва", 2, 2000, 9, 4080.5, 150, 0, 0]]);
  await same(db, dashboard("E2"), [["Event two", "казань", 0, 0, 0, 0, NULL, NULL, 1]]);
  await same(db, dashboard("E3"), [["Event three", "москва", 0, 0, 3, 360, NULL, NULL, 1]]);
  await same(db, dashboard("E9"), [["E9", "", 0, 0, 1, 111, NULL, NULL, 1]]);
  await same(db, "SELECT count(), uniqExact(event_id) FROM zakaz.v_qtickets_sales_dashboard", [[4, 4]]);
  await same(
    db,
    "SELECT event_id, tickets_taken, sold_out, snapshot_ts FROM zakaz.v_qtickets_inventory ORDER BY event_id",
    [
      ["E1", 150, 1, at(0, "10:00:00")],
      ["E2", NULL, NULL, NULL],
      ["E3", NULL, NULL, NULL],
    ],
  );
  await same(
    db,
    `SELECT city, tickets_sold, net_revenue, spend_total, round(roas, 4), romi, cpc, cpt FROM zakaz.v_marketing_daily
     WHERE d = '${day(-1)}' ORDER BY city`,
    [
      ["", 1, 111, 0, NULL, NULL, NULL, 0],
      ["казань", 0, 0, 150, 0, -1, 30, NULL],
      ["москва", 3, 800.5, 600, 1.3342, (800.5 - 600) / 600, 30, 200],
    ],
  );
  await same(
    db,
    `SELECT city, tickets_sold, net_revenue, spend_total, cpc FROM zakaz.v_marketing_daily WHERE d = '${day(-2)}' ORDER BY city`,
    [
      ["", 0, 0, 1.1, NULL],
      ["москва", 1, 500, 0, NULL],
    ],
  );
  const planned = (rest: string): string =>
    `SELECT city, plan_tickets, plan_revenue, fact_tickets, fact_revenue, diff_tickets, diff_revenue, diff_tickets_pct
     FROM zakaz.v_plan_vs_fact WHERE sales_date = '${day(-1)}' AND ${rest}`;
  await same(db, planned("event_id = 'E1'"), [["москва", 10, 6000, 1, 500.5, -9, -5499.5, -90]]);
  await same(db, planned("event_id = ''"), [["казань", 3, 900, 0, 0, -3, -900, -100]]);
  await same(
    db,
    `SELECT event_id, utm_group, utm_source, utm_campaign, tickets_sold, revenue FROM zakaz.v_qtickets_sales_utm_daily
     WHERE d = '${day(0)}'`,
    [["E1", "vk", "vk", "c1", 2, 2000]],
  );
  await same(db, `SELECT DISTINCT utm_group FROM zakaz.v_qtickets_sales_utm_daily WHERE d < '${day(0)}'`, [
    ["unknown"],
  ]);
  await same(
    db,
    `SELECT tickets_sold, revenue, spend, round(roas, 4) FROM zakaz.v_romi_daily WHERE d = '${day(0)}' AND utm_source = 'vk'`,
    [[2, 2000, 300, 6.6667]],
  );
  await same(db, "SELECT source, state, last_run_status FROM bi.v_ops_freshness ORDER BY source", [
    ["plan", "never", ""],
    ["qtickets_api", "ok", "ok"],
    ["vk_ads", "never", "error"],
    ["yandex_direct", "never", ""],
  ]);
  await same(db, "SELECT check_name, value, is_ok FROM meta.v_quality_last_day ORDER BY check_name", [
    ["daily_mismatch_rows", 0, 1],
    ["foreign_currency_rows", 1, 0],
    ["inventory_left_above_total", 0, 1],
    ["inventory_unknown_events", 2, NULL],
    ["ledger_gap", 0, 1],
    ["negative_rows", 0, 1],
    ["sales_revenue_rub", 911.5, NULL],
    ["sales_rows", 4, NULL],
    ["unknown_event_rows", 1, 0],
    ["utm_mismatch_rub", 0, 1],
    ["vk_rows", 2, NULL],
    ["vk_spend_rub", 750, NULL],
  ]);
}

const soldOn = (n: number): string =>
  `SELECT tickets_sold, revenue, refunds_amount FROM zakaz.v_qtickets_sales_latest
   WHERE sales_date = '${day(n)}' AND event_id = 'E1' AND currency = 'RUB'`;
const vkOn = (n: number): string =>
  `SELECT city, spend FROM bi.v_vk_ads_daily WHERE d = '${day(n)}' ORDER BY city`;

/** Second load, on top of the first: refund, vanished ticket, cancellation, late old state, reload of advertising. */
export async function secondLoad(db: Warehouse): Promise<void> {
  const paid = { sold: at(-3), tickets: 1 };
  for (let i = 0; i < 2; i++) {
    await writeLines(db, [
      { order: "O4", item: "1", event: "E1", status: "refunded", sold: at(-2), tickets: 0, revenue: 50, refunds: 450, ver: 2000 },
      { order: "O5", item: "1", event: "E1", ...paid, revenue: 10, ver: 2000 },
      { order: "O6", item: "1", event: "E1", status: "cancelled", sold: null, tickets: 0, revenue: 0, ver: 2000 },
    ]); // prettier-ignore
    await writeLines(db, [
      { order: "O4", item: "1", event: "E1", sold: at(-2), tickets: 1, revenue: 500, ver: 900 },
    ]);
    await writeVk(db, 2000, [[-1, "1", "москва", "msk_05_11", 20, 630]]);
    await deriveVk(db);
  }
  await deriveTwice(db, 6000);

  await same(db, soldOn(-2), [[0, 50, 450]]);
  await same(db, soldOn(-3), [[1, 10, 0]]);
  await same(db, soldOn(-4), []);
  await same(
    db,
    `SELECT tickets_sold, revenue, refunds, orders_count FROM zakaz.fact_qtickets_sales_daily FINAL
     WHERE sales_date = '${day(-4)}' AND event_id = 'E1'`,
    [[0, 0, 0, 0]],
  );
  await same(db, `SELECT count() FROM zakaz.v_marketing_daily WHERE d = '${day(-4)}'`, [[0]]);
  await same(db, dashboard("E1"), [["Event one", "москва", 2, 2000, 6, 2710.5, 150, 0, 0]]);
  await same(db, vkOn(-1), [
    ["казань", 150],
    ["москва", 630],
  ]);

  // An explicit recompute writes a zero row for the ad that the source no longer lists.
  await writeVk(db, 3000, [[-1, "2", "казань", "kzn_05_11", 0, 0]]);
  await deriveVk(db);
  await same(db, vkOn(-1), [["москва", 630]]);
}

/** A run whose clock is behind the rows that it replaces still takes effect. */
export async function clockBehind(db: Warehouse): Promise<void> {
  await writeLines(db, [
    { order: "O3", item: "1", event: "E1", sold: at(-13), tickets: 1, revenue: 101, ver: 3000 },
  ]);
  await deriveTwice(db, 1);
  await same(db, soldOn(-13), [[1, 101, 0]]);
}

/** An event that moves to another city takes all its days with it, without a new row. */
export async function cityMoves(db: Warehouse): Promise<void> {
  const before = await db.rows(factRows);
  await writeEvents(db, 4000, "тверь");
  await deriveTwice(db, 7000);
  await same(
    db,
    "SELECT DISTINCT city FROM zakaz.v_qtickets_sales_latest WHERE event_id = 'E1' UNION DISTINCT SELECT " +
      "DISTINCT city FROM zakaz.v_qtickets_sales_utm_daily WHERE event_id = 'E1'",
    [["тверь"]],
  );
  assert.deepEqual(await db.rows(factRows), before, "number of fact rows");
}

/** Days before `first_day` are left alone on both sides. */
export async function firstDayBounds(db: Warehouse): Promise<void> {
  const before = await db.rows(soldOn(-13));
  await writeLines(db, [
    { order: "O3", item: "1", event: "E1", sold: at(-13), tickets: 1, revenue: 102, ver: 5000 },
    { order: "O12", item: "1", event: "E1", sold: at(-6), tickets: 1, revenue: 7, ver: 5000 },
  ]);
  await derive(db, 8000, day(-6));
  await same(db, soldOn(-6), [[1, 7, 0]]);
  assert.deepEqual(await db.rows(soldOn(-13)), before, "a day before first_day");
  await deriveTwice(db, 8100);
  await same(db, soldOn(-13), [[1, 102, 0]]);
}

/** The materialized view is gone while a line is loaded: the next derivation repairs the ledger. */
export async function viewDropped(db: Warehouse): Promise<void> {
  const gap = "SELECT value, is_ok FROM meta.v_quality_last_day WHERE check_name = 'ledger_gap'";
  await db.run("DROP TABLE zakaz.mv_qtickets_sales_latest");
  await writeLines(db, [
    { order: "O13", item: "1", event: "E3", sold: at(-1), tickets: 1, revenue: 40, ver: 6000 },
  ]);
  await same(db, gap, [[1, 0]]);
  await deriveTwice(db, 9000);
  await same(db, gap, [[0, 1]]);
  await same(
    db,
    `SELECT tickets_sold, revenue FROM zakaz.v_qtickets_sales_latest WHERE event_id = 'E3' AND sales_date = '${day(-1)}'`,
    [[3, 340]],
  );
}
