import type { Fault } from "./fault";

const SALES = "sql/32_facts.sql";
const VIEWS = "sql/50_views.sql";

/** Tables, their columns, keys and comments. */
export const tablesFaults: readonly Fault[] = [
  {
    what: "another engine",
    edits: [
      [
        "sql/31_dimensions.sql",
        "ENGINE = ReplacingMergeTree(_ver)\nORDER BY (event_id)",
        "ENGINE = MergeTree\nORDER BY (event_id)",
      ],
    ],
    findings: [
      "sql/31_dimensions.sql:«ENGINE = Mer» zakaz.dim_events: engine MergeTree; expected ReplacingMergeTree(_ver)",
    ],
  },
  {
    what: "_ver before other columns",
    edits: [["sql/31_dimensions.sql", /( {4}show_ids .*\n)( {4}_ver .*\n)/, "$2$1"]],
    findings: [
      "loaders/qtickets/event-rows.ts:«export const» zakaz.dim_events._ver: stands in another position " +
        "than in the table: event_id, event_name, city, start_date, end_date, is_active, is_deleted, " +
        "currency, show_ids, _ver; expected event_id, event_name, city, start_date, end_date, is_active, " +
        "is_deleted, currency, _ver, show_ids",
      "sql/31_dimensions.sql:«show_ids   A» zakaz.dim_events: the last two columns are show_ids " +
        "Array(String), _loaded_at DateTime('Europe/Moscow'); " +
        "expected _ver UInt64, _loaded_at DateTime('Europe/Moscow')",
    ],
  },
  {
    what: "money as Float",
    edits: [[SALES, "plan_revenue Decimal(18, 2) DEFAULT 0 ", "plan_revenue Float64 DEFAULT 0 "]],
    findings: [
      "sql/32_facts.sql:«plan_revenue» zakaz.plan_sales.plan_revenue: type Float64; expected Decimal(18, 2) for money; ratios are made in views",
    ],
  },
  {
    what: "a timestamp without a zone",
    edits: [
      ["sql/33_journal.sql", "finished_at    DateTime('Europe/Moscow')  ", "finished_at    DateTime  "],
    ],
    findings: [
      "sql/33_journal.sql:«finished_at  » zakaz.meta_job_runs.finished_at: type DateTime; expected DateTime('Europe/Moscow')",
    ],
  },
  {
    what: "LowCardinality on an id",
    edits: [["sql/31_dimensions.sql", "event_id   String  ", "event_id   LowCardinality(String)  "]],
    findings: [
      "sql/31_dimensions.sql:«event_id   L» zakaz.dim_events.event_id: type LowCardinality(String); expected String (UUID for ids of runs and alerts)",
    ],
  },
  {
    what: "LowCardinality of Nullable",
    edits: [
      [
        "sql/31_dimensions.sql",
        "currency   LowCardinality(String) DEFAULT ''",
        "currency   LowCardinality(Nullable(String)) DEFAULT ''",
      ],
    ],
    findings: [
      "sql/31_dimensions.sql:«currency   L» zakaz.dim_events.currency: type " +
        "LowCardinality(Nullable(String)); expected LowCardinality(String) or Nullable(String)",
    ],
  },
  {
    what: "a Nullable key",
    edits: [
      [
        SALES,
        "event_id     String DEFAULT ''                               COMMENT 'event; empty",
        "event_id     Nullable(String)                               COMMENT 'event; empty",
      ],
      [
        SALES,
        "ORDER BY (sales_date, event_id, city)",
        "ORDER BY (sales_date, event_id, city)\nSETTINGS allow_nullable_key = 1",
      ],
    ],
    findings: [
      "sql/32_facts.sql:«event_id     N» zakaz.plan_sales.event_id: type Nullable(String) in the sorting key; expected a key that is never NULL",
    ],
  },
  {
    what: "a column event_date",
    edits: [
      [
        "sql/31_dimensions.sql",
        "    _ver       UInt64        ",
        "    event_date Nullable(Date) DEFAULT NULL COMMENT 'x',\n    _ver       UInt64        ",
      ],
    ],
    findings: [
      "sql/31_dimensions.sql:«event_date N» zakaz.dim_events.event_date: a column of this name; " +
        "expected start_date and end_date; sales_date for the day of a sale",
    ],
  },
  {
    what: "city as String",
    edits: [
      [
        "sql/31_dimensions.sql",
        "city       LowCardinality(String) DEFAULT ''",
        "city       String DEFAULT ''",
      ],
    ],
    findings: [
      "sql/31_dimensions.sql:«city       S» zakaz.dim_events.city: type String; expected LowCardinality(String)",
    ],
  },
  {
    what: "a partition by today",
    edits: [
      [
        SALES,
        "PARTITION BY toYYYYMM(sales_date)\nORDER BY (sales_date, event_id, city)",
        "PARTITION BY (toYYYYMM(sales_date), today())\nORDER BY (sales_date, event_id, city)",
      ],
    ],
    findings: [
      "sql/32_facts.sql:«CREATE TABLE IF NOT EXISTS zakaz.p» zakaz.plan_sales: ClickHouse refuses it: " +
        "code 36, Expression must be deterministic but it contains non-deterministic part `today()`: for " +
        "Partition key; expected a statement that it takes",
    ],
  },
  {
    what: "a partition over a column outside the key",
    edits: [
      [
        SALES,
        "PARTITION BY toYYYYMM(sales_date)\nORDER BY (sales_date, event_id, currency)",
        "PARTITION BY city\nORDER BY (sales_date, event_id, currency)",
      ],
    ],
    findings: [
      "sql/32_facts.sql:«PARTITION BY» zakaz.fact_qtickets_sales_daily: PARTITION BY city: city is not in " +
        "ORDER BY (sales_date, event_id, currency), two versions of a row would never meet; " +
        "expected a partition over key columns only",
    ],
  },
  {
    what: "a TTL over a number",
    edits: [[SALES, "TTL snapshot_ts + toIntervalDay(800)", "TTL _ver + toIntervalDay(800)"]],
    findings: [
      "sql/32_facts.sql:«CREATE TABLE IF NOT EXISTS zakaz.fact_qtickets_i» zakaz.fact_qtickets_inventory: " +
        "ClickHouse refuses it: code 43, Illegal types UInt64 and IntervalDay of arguments of function plus; " +
        "expected a statement that it takes",
    ],
  },
  {
    what: "a TTL over a number made a timestamp",
    edits: [
      [
        SALES,
        "TTL snapshot_ts + toIntervalDay(800)",
        "TTL toDateTime(intDiv(_ver, 1000)) + toIntervalDay(800)",
      ],
    ],
    findings: [
      "sql/32_facts.sql:«TTL toDateTi» zakaz.fact_qtickets_inventory: TTL toDateTime(intDiv(_ver, 1000)) " +
        "+ toIntervalDay(800); expected TTL over one Date or DateTime column",
    ],
  },
  {
    what: "a column without comment",
    edits: [["sql/31_dimensions.sql", "COMMENT 'why the alias exists'", ""]],
    findings: [
      "sql/31_dimensions.sql:«note       S» zakaz.dim_city_alias.note: has no comment; expected an English COMMENT",
    ],
  },
  {
    what: "a view without comment",
    edits: [[VIEWS, "\nCOMMENT 'Newest seat counters per event'", ""]],
    findings: [
      "sql/50_views.sql:«CREATE OR REPLACE VIEW zakaz.v_qtickets_i» zakaz.v_qtickets_inventory: has no comment; expected an English COMMENT",
    ],
  },
];
