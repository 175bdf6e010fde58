import type { Fault } from "./fault";

/** Lists of columns and queries of the loaders. */
export const codeFaults: readonly Fault[] = [
  {
    what: "a loader's column that is not there",
    edits: [
      ["loaders/qtickets/event-rows.ts", '"end_date",\n  "is_active"', '"finish_date",\n  "is_active"'],
    ],
    findings: [
      "loaders/qtickets/event-rows.ts:«export const» zakaz.dim_events.finish_date: names a column that " +
        "does not exist; expected one of event_id, event_name, city, start_date, end_date, is_active, " +
        "is_deleted, currency, show_ids, _ver, _loaded_at",
    ],
  },
  {
    what: "a loader that leaves out a column without default",
    edits: [["loaders/qtickets/event-rows.ts", '  "_ver",\n] as const', "] as const"]],
    findings: [
      "loaders/qtickets/event-rows.ts:«export const» zakaz.dim_events._ver: is not written; expected a value: the column has no default",
    ],
  },
  {
    what: "a loader's columns in another order",
    edits: [
      ["loaders/qtickets/event-rows.ts", '  "event_name",\n  "city",\n', '  "city",\n  "event_name",\n'],
    ],
    findings: [
      "loaders/qtickets/event-rows.ts:«export const» zakaz.dim_events.event_name: stands in another " +
        "position than in the table: event_id, city, event_name, start_date, end_date, is_active, " +
        "is_deleted, currency, show_ids, _ver; " +
        "expected event_id, event_name, city, start_date, end_date, is_active, is_deleted, currency, " +
        "show_ids, _ver",
    ],
  },
  {
    what: "a query without a tag",
    edits: [["loaders/core/cities.ts", "asLoader`SELECT", "`SELECT"]],
    findings: [
      "loaders/core/cities.ts:«`SELECT» zakaz.dim_city_alias: a statement does not say who runs it; " +
        "expected asLoader`…` or another tag of warehouse/queries.ts",
    ],
  },
  {
    what: "a query of a column that is not there",
    edits: [
      [
        "loaders/qtickets/events.ts",
        "SELECT event_id, city, show_ids FROM",
        "SELECT event_id, city, shows FROM",
      ],
    ],
    findings: [
      "loaders/qtickets/events.ts:«asLoader`SELECT even» zakaz.dim_events: etl_writer cannot run a query: " +
        "code 47, Unknown expression identifier `shows` in scope SELECT event_id, city, shows FROM " +
        "zakaz.dim_events FINAL; expected a query that fits the schema and its rights",
    ],
  },
  {
    what: "a query of a table that is not there",
    edits: [["loaders/core/watermarks.ts", "FROM meta.watermarks FINAL", "FROM meta.watermark FINAL"]],
    findings: [
      "loaders/core/watermarks.ts:«FROM meta.watermark FINAL» meta.watermark: a query names it, and it does not exist; expected an object of sql/",
    ],
  },
  {
    what: "an INSERT … SELECT that may give NULL",
    edits: [
      [
        "loaders/qtickets/derive.ts",
        "s.tickets_sold, s.revenue, s.refunds, s.currency,\n    s.utm_source",
        "s.tickets_sold, nullIf(s.revenue, 0), s.refunds, s.currency,\n    s.utm_source",
      ],
    ],
    findings: [
      "loaders/qtickets/derive.ts:«const LEDGER» zakaz.fact_qtickets_orders.revenue: is given Nullable(Decimal(18, 2)); expected Decimal(18, 2)",
    ],
  },
  {
    what: "an INSERT … SELECT of too few expressions",
    edits: [
      [
        "loaders/qtickets/derive.ts",
        "s.discount_id, s.promo_code_id, s.payment_type, s._ver",
        "s.discount_id, s.promo_code_id, s._ver",
      ],
    ],
    findings: [
      "loaders/qtickets/derive.ts:«const LEDGER» zakaz.fact_qtickets_orders: 21 expressions for 22 columns; expected one for each",
    ],
  },
  {
    what: "a statement built at run time, with a measure of another type",
    edits: [
      [
        "loaders/qtickets/derive.ts",
        'orders_count: "toUInt32(uniqExactIf(l.order_id, l.tickets_sold > 0))"',
        'orders_count: "toFloat64(uniqExactIf(l.order_id, l.tickets_sold > 0))"',
      ],
    ],
    findings: [
      'loaders/qtickets/derive.ts:«"zakaz.fact_qtickets_sales_daily"» zakaz.fact_qtickets_sales_daily.orders_count: is given Float64; expected UInt32',
    ],
  },
  {
    what: "a statement built at run time, with a measure that cannot be compared",
    edits: [
      [
        "loaders/qtickets/derive.ts",
        'orders_count: "toUInt32(uniqExactIf(l.order_id, l.tickets_sold > 0))"',
        'orders_count: "toString(uniqExactIf(l.order_id, l.tickets_sold > 0))"',
      ],
    ],
    findings: [
      'loaders/qtickets/derive.ts:«"zakaz.fact_qtickets_sales_daily"» zakaz.fact_qtickets_sales_daily: ' +
        "etl_writer cannot run a query: code 386, There is no supertype for types String, UInt32 because " +
        "some of them are String/FixedString/Enum and some of them are not; " +
        "expected a query that fits the schema and its rights",
    ],
  },
  {
    what: "a table that nobody writes",
    edits: [["loaders/core/journal.ts", "await database.insert(", "await database.insertRows("]],
    findings: [
      "sql/10_access.sql:«GRANT SELECT, INSERT ON zakaz.m» zakaz.meta_job_runs: role_etl_writer has " +
        "INSERT, and nothing uses it; expected no more rights than the code, the views and " +
        "warehouse/access/agreements.ts use",
      "sql/33_journal.sql:«CREATE TABLE» zakaz.meta_job_runs: nobody writes it; expected a writer, or an entry in KEPT_EMPTY of warehouse/access/agreements.ts",
    ],
  },
];
