/**
 * From staging to facts, in SQL that runs inside ClickHouse as `etl_writer`.
 *
 * Every statement may be repeated at any time: it compares what should be there with what is there and writes the
 * differences only. So a run that was killed half-way, an overlapping window or a late refund need no special care.
 */

import { asLoader } from "../../warehouse/queries";
import type { DerivationStep } from "../pipeline/derivation";

/** A step. See {@link deriveStatements} for its parameters. */
export interface DeriveStatement extends DerivationStep {
  /** Steps of kind `inventory` are left out when a run took no poll of the seats. */
  kind: "sales" | "inventory";
}

/**
 * The steps in the order in which they must run.
 *
 * Parameters, all of them safe to give to every step:
 * - `run_clock` (UInt64): start of the run, ms since 1970 UTC;
 * - `first_day` (Date): first Moscow day of sale that is compared, on both sides; earlier days are left alone;
 * - `snapshot_ts` (DateTime in Moscow): timestamp of this run's poll, as in staging. Used by kind `inventory` only.
 */
export function deriveStatements(): DeriveStatement[] {
  return [
    {
      name: "ledger_repair",
      kind: "sales",
      isRepair: true,
      table: "zakaz.fact_qtickets_orders",
      sql: LEDGER_REPAIR,
    },
    {
      name: "sales_daily",
      kind: "sales",
      counter: "sales_daily_rows",
      table: "zakaz.fact_qtickets_sales_daily",
      sql: SALES_DAILY,
    },
    {
      name: "sales_utm_daily",
      kind: "sales",
      counter: "sales_utm_daily_rows",
      table: "zakaz.fact_qtickets_sales_utm_daily",
      sql: SALES_UTM_DAILY,
    },
    { name: "inventory", kind: "inventory", table: "zakaz.fact_qtickets_inventory", sql: INVENTORY },
    {
      name: "inventory_latest",
      kind: "inventory",
      table: "zakaz.fact_qtickets_inventory_latest",
      sql: INVENTORY_LATEST,
    },
  ];
}

/**
 * Copies staging lines that the ledger lacks or holds in an older version. Normally none: the materialized view has
 * copied them at insert time. Makes a view that was dropped or recreated harmless.
 */
const LEDGER_REPAIR = asLoader`
INSERT INTO zakaz.fact_qtickets_orders
(
    order_id, item_id, event_id, show_id, city, status, sale_ts, sales_date, tickets_sold, revenue, refunds, currency,
    utm_source, utm_medium, utm_campaign, utm_content, utm_term, discount_id, promo_code_id, payment_type, _ver, _loaded_at
)
SELECT
    s.order_id, s.item_id, s.event_id, s.show_id, s.city, s.status, s.sale_ts, toDate(s.sale_ts, 'Europe/Moscow'),
    s.tickets_sold, s.revenue, s.refunds, s.currency,
    s.utm_source, s.utm_medium, s.utm_campaign, s.utm_content, s.utm_term,
    s.discount_id, s.promo_code_id, s.payment_type, s._ver, s._loaded_at
FROM zakaz.stg_qtickets_api_orders_raw AS s FINAL
LEFT JOIN
(
    SELECT order_id, item_id, _ver
    FROM zakaz.fact_qtickets_orders FINAL
) AS l ON l.order_id = s.order_id AND l.item_id = s.item_id
WHERE l._ver IS NULL OR l._ver < s._ver
SETTINGS join_use_nulls = 1`;

/**
 * The lines that count: of each order those with its greatest version, sold on `first_day` or later. A ticket that
 * vanished from its order was not written again, so it keeps an older version and drops out here.
 */
const CURRENT_LINES = `
            FROM zakaz.fact_qtickets_orders AS l FINAL
            WHERE l.sales_date >= {first_day:Date}
              AND (l.order_id, l._ver) IN (SELECT order_id, max(_ver) FROM zakaz.fact_qtickets_orders GROUP BY order_id)`;

/** One of the sales facts: what distinguishes its rows beside day, event and currency, and what it sums. */
interface SalesFact {
  table: string;
  /** Further columns of the key, each with its value for a line `l` of the ledger. */
  keys: Readonly<Record<string, string>>;
  /** Measures, each with its sum over the lines `l`. */
  measures: Readonly<Record<string, string>>;
}

const SUMS = {
  tickets_sold: "toUInt32(sum(l.tickets_sold))",
  revenue: "toDecimal64(sum(l.revenue), 2)",
  refunds: "toDecimal64(sum(l.refunds), 2)",
};

const SALES_DAILY = salesStatement({
  table: "zakaz.fact_qtickets_sales_daily",
  keys: {},
  measures: { ...SUMS, orders_count: "toUInt32(uniqExactIf(l.order_id, l.tickets_sold > 0))" },
});

/** The fact holds UTM values in lower case. */
const SALES_UTM_DAILY = salesStatement({
  table: "zakaz.fact_qtickets_sales_utm_daily",
  keys: {
    utm_source: "lowerUTF8(toString(l.utm_source))",
    utm_medium: "lowerUTF8(toString(l.utm_medium))",
    utm_campaign: "lowerUTF8(l.utm_campaign)",
    utm_content: "lowerUTF8(l.utm_content)",
    utm_term: "lowerUTF8(l.utm_term)",
  },
  measures: SUMS,
});

/**
 * Fills a sales fact: stacks the wanted rows (from the ledger) on the rows found (in the fact), and writes what differs.
 * A key that is wanted no more is rewritten with zeros and its old city. The version is above that of the row it
 * replaces, also when the clock has stepped back.
 *
 * City is that of the event; of the newest line when the event is unknown.
 */
function salesStatement({ table, keys, measures }: SalesFact): string {
  const key = ["sales_date", "event_id", "currency", ...Object.keys(keys)];
  const sums = Object.keys(measures);
  const values = ["city", ...sums];
  /** Column names, each in its form, separated by commas. */
  const each = (names: readonly string[], form: (name: string, place: number) => string) =>
    names.map((name, index) => form(name, index + 1)).join(", ");
  // The sums carry another name than the columns that they sum: an alias hides its column.
  return asLoader`
INSERT INTO ${table}
    (${[...key, ...values].join(", ")}, _ver)
SELECT
    ${each(key, (name) => `d.${name}`)},
    if(d.is_wanted, d.wanted.1, d.found.1) AS city,
    ${each(sums, (name, place) => `if(d.is_wanted, d.wanted.${place + 1}, 0) AS ${name}`)},
    greatest({run_clock:UInt64}, d.found_ver + 1) AS _ver
FROM
(
    SELECT
        ${each(key, (name) => `u.${name} AS ${name}`)},
        max(u.side = 'wanted') AS is_wanted,
        max(u.side = 'found') AS is_found,
        anyIf((${each(values, (name) => `u.${name}`)}), u.side = 'wanted') AS wanted,
        anyIf((${each(values, (name) => `u.${name}`)}), u.side = 'found') AS found,
        max(u._ver) AS found_ver
    FROM
    (
        SELECT
            'wanted' AS side,
            ${each(key, (name) => `w.${name} AS ${name}`)},
            coalesce(nullIf(toString(e.city), ''), w.line_city) AS city,
            ${each(sums, (name) => `w.sum_${name} AS ${name}`)},
            toUInt64(0) AS _ver
        FROM
        (
            SELECT
                assumeNotNull(l.sales_date) AS sales_date, l.event_id AS event_id, l.currency AS currency,
                ${Object.entries(keys)
                  .map(([name, value]) => `${value} AS ${name}, `)
                  .join("")}
                argMax(toString(l.city), (l._ver, l.order_id, l.item_id)) AS line_city,
                ${each(sums, (name) => `${measures[name] ?? ""} AS sum_${name}`)}${CURRENT_LINES}
            GROUP BY l.sales_date, l.event_id, l.currency${Object.values(keys)
              .map((value) => `, ${value}`)
              .join("")}
        ) AS w
        LEFT JOIN
        (
            SELECT event_id, city
            FROM zakaz.dim_events FINAL
        ) AS e ON e.event_id = w.event_id
        UNION ALL
        SELECT
            'found' AS side, ${each(key, (name) => (name in keys ? `toString(f.${name})` : `f.${name}`))},
            toString(f.city), ${each(sums, (name) => `f.${name}`)}, f._ver
        FROM ${table} AS f FINAL
        WHERE f.sales_date >= {first_day:Date}
    ) AS u
    GROUP BY ${each(key, (name) => `u.${name}`)}
) AS d
WHERE if(
    d.is_wanted,
    NOT d.is_found OR d.wanted != d.found,
    ${sums.map((_, index) => `d.found.${index + 2} != 0`).join(" OR ")}
)`;
}

/**
 * Events as polled in this run. Complete = both counters are known for every open show; the sums of an incomplete
 * event are never used. The version is the timestamp of the poll in milliseconds.
 */
const POLLED_EVENTS = asLoader`
    SELECT
        p.snapshot_ts AS snapshot_ts,
        p.event_id AS event_id,
        max(p.event_name) AS event_name,
        max(toString(p.city)) AS city,
        countIf(p.tickets_total IS NULL OR p.tickets_left IS NULL) = 0 AS is_complete,
        toUInt32(sum(ifNull(p.tickets_total, 0))) AS total,
        toUInt32(sum(ifNull(p.tickets_left, 0))) AS free,
        toUInt16(count()) AS shows,
        toUInt64(toUnixTimestamp(p.snapshot_ts)) * 1000 AS poll_ms
    FROM zakaz.stg_qtickets_api_inventory_raw AS p FINAL
    WHERE p.snapshot_ts = {snapshot_ts:DateTime('Europe/Moscow')}
    GROUP BY p.snapshot_ts, p.event_id`;

/** Adds this run's complete events to the history of seat counters. */
const INVENTORY = asLoader`
INSERT INTO zakaz.fact_qtickets_inventory
    (snapshot_ts, event_id, event_name, city, tickets_total, tickets_left, shows_count, _ver)
SELECT e.snapshot_ts, e.event_id, e.event_name, e.city, e.total, e.free, e.shows, e.poll_ms
FROM
(${POLLED_EVENTS}
) AS e
WHERE e.is_complete
  AND (e.event_id, e.event_name, e.city, e.total, e.free, e.shows) NOT IN
  (
      SELECT event_id, event_name, toString(city), ifNull(tickets_total, 0), ifNull(tickets_left, 0), shows_count
      FROM zakaz.fact_qtickets_inventory FINAL
      WHERE snapshot_ts = {snapshot_ts:DateTime('Europe/Moscow')}
  )`;

/**
 * Replaces the newest seat counters of the complete events. An incomplete event keeps its last good row; when it has
 * none it gets a placeholder (counters NULL, version 0) that any complete poll will beat.
 */
const INVENTORY_LATEST = asLoader`
INSERT INTO zakaz.fact_qtickets_inventory_latest
    (snapshot_ts, event_id, event_name, city, tickets_total, tickets_left, shows_count, _ver)
SELECT
    e.snapshot_ts,
    e.event_id,
    e.event_name,
    e.city,
    if(e.is_complete, e.total, NULL) AS tickets_total,
    if(e.is_complete, e.free, NULL) AS tickets_left,
    if(e.is_complete, e.shows, 0) AS shows_count,
    if(e.is_complete, e.poll_ms, 0) AS _ver
FROM
(${POLLED_EVENTS}
) AS e
WHERE if(
    e.is_complete,
    (e.event_id, e.event_name, e.city, e.total, e.free, e.shows, e.poll_ms) NOT IN
    (
        SELECT event_id, event_name, toString(city), ifNull(tickets_total, 0), ifNull(tickets_left, 0), shows_count, _ver
        FROM zakaz.fact_qtickets_inventory_latest FINAL
    ),
    e.event_id NOT IN (SELECT event_id FROM zakaz.fact_qtickets_inventory_latest)
)`;
