import type { Fault } from "./fault";

const VIEWS = "sql/50_views.sql";
const MV = "sql/40_materialized_view.sql";

/** Views and the materialized view. */
export const viewsFaults: readonly Fault[] = [
  {
    what: "a view without declared columns",
    edits: [["sql/51_views_bi.sql", /(VIEW bi\.v_vk_ads_daily)\n\([^]*?\n\)/, "$1"]],
    findings: [
      "sql/51_views_bi.sql:«CREATE OR REPLACE VIEW bi.v_v» bi.v_vk_ads_daily: declares no columns; expected a list of columns with types and comments",
      "sql/51_views_bi.sql:«c.d AS d,» bi.v_vk_ads_daily.d: has no comment; expected an English COMMENT",
      "sql/51_views_bi.sql:«if(c.city = '» bi.v_vk_ads_daily.city: has no comment; expected an English COMMENT",
      "sql/51_views_bi.sql:«sum(c.impres» bi.v_vk_ads_daily.impressions: has no comment; expected an English COMMENT",
      "sql/51_views_bi.sql:«sum(c.clicks» bi.v_vk_ads_daily.clicks: has no comment; expected an English COMMENT",
      "sql/51_views_bi.sql:«sum(c.spend)» bi.v_vk_ads_daily.spend: has no comment; expected an English COMMENT",
      "sql/51_views_bi.sql:«max(c._loade» bi.v_vk_ads_daily._loaded_at: has no comment; expected an English COMMENT",
    ],
  },
  {
    what: "a view with the rights of the caller",
    edits: [
      [
        "sql/52_views_meta.sql",
        /(VIEW meta\.v_sli_latest[^]*?\n\)\n)DEFINER = zakaz_definer SQL SECURITY DEFINER\n/,
        "$1SQL SECURITY INVOKER\n",
      ],
    ],
    findings: [
      "sql/52_views_meta.sql:«SQL SECURITY I» meta.v_sli_latest: DEFINER = none SQL SECURITY INVOKER; expected DEFINER = zakaz_definer SQL SECURITY DEFINER",
    ],
  },
  {
    what: "a view that answers two ways",
    edits: [
      [
        VIEWS,
        "ifNull(nullIf(e.event_name, ''), f.event_id) AS event_name,\n    f.city AS city,\n    e.start",
        "ifNull(e.event_name, f.event_id) AS event_name,\n    f.city AS city,\n    e.start",
      ],
      [
        VIEWS,
        "f.refunds != 0\nSETTINGS join_use_nulls = 1\nCOMMENT 'Sales per day of sale, event and currency, with event",
        "f.refunds != 0\nCOMMENT 'Sales per day of sale, event and currency, with event",
      ],
    ],
    findings: [
      "sql/50_views.sql:«CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_l» zakaz.v_qtickets_sales_latest: " +
        "the query does not end with its setting; expected SETTINGS join_use_nulls = 1 before COMMENT",
      "sql/50_views.sql:«CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_l» zakaz.v_qtickets_sales_latest: " +
        "rows or types differ between join_use_nulls 0 and 1; expected the same",
    ],
  },
  {
    what: "a view with ORDER BY",
    edits: [
      [
        VIEWS,
        "WHERE f.tickets_sold != 0 OR f.revenue != 0 OR f.refunds != 0\nSETTINGS",
        "WHERE f.tickets_sold != 0 OR f.revenue != 0 OR f.refunds != 0\nORDER BY sales_date\nSETTINGS",
      ],
    ],
    findings: [
      "sql/50_views.sql:«ORDER BY sal» zakaz.v_qtickets_sales_latest: ORDER BY; expected no order: it guarantees nothing and costs",
    ],
  },
  {
    what: "a view with FULL JOIN",
    edits: [[VIEWS, /(VIEW zakaz\.v_qtickets_inventory\n[^]*?)LEFT JOIN/, "$1FULL JOIN"]],
    findings: [
      "sql/50_views.sql:«CREATE OR REPLACE VIEW zakaz.v_qtickets_i» zakaz.v_qtickets_inventory: cannot be " +
        "read with join_use_nulls = 0: code 80, Query from view zakaz.v_qtickets_inventory returned " +
        "Nullable column having not Nullable type in structure. If query from view has JOIN, it may be " +
        "cause by different values of 'join_use_nulls' setting. You may explicitly specify 'join_use_nulls' " +
        "in 'CREATE VIEW' query to avoid this error; expected rows",
      "sql/50_views.sql:«FULL JOIN» zakaz.v_qtickets_inventory: FULL JOIN; expected UNION ALL of both sides, then GROUP BY",
    ],
  },
  {
    what: "a view with a star",
    edits: [
      [
        "sql/52_views_meta.sql",
        /SELECT\n {4}s\.table_name AS table_name,[^]*?FROM meta\.sli_daily AS s FINAL\nGROUP BY s\.table_name, s\.metric_name\n/,
        "SELECT * FROM (SELECT table_name, metric_name, d, metric_value FROM meta.sli_daily FINAL)\n",
      ],
    ],
    findings: ["sql/52_views_meta.sql:«SELECT * FRO» meta.v_sli_latest: *; expected columns by name"],
  },
  {
    what: "a view without FINAL",
    edits: [["sql/52_views_meta.sql", "meta.sli_daily AS s FINAL", "meta.sli_daily AS s"]],
    findings: [
      "sql/52_views_meta.sql:«FROM meta.sl» meta.v_sli_latest: reads meta.sli_daily without FINAL; expected meta.sli_daily FINAL",
    ],
  },
  {
    what: "a column that is not Nullable from one that is",
    edits: [
      [
        VIEWS,
        "ifNull(nullIf(e.event_name, ''), f.event_id) AS event_name,\n    f.city AS city,\n    e.start_date",
        "e.event_name AS event_name,\n    f.city AS city,\n    e.start_date",
      ],
    ],
    findings: [
      "sql/50_views.sql:«CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_l» zakaz.v_qtickets_sales_latest: " +
        "cannot be read with join_use_nulls = 0: code 80, Query from view zakaz.v_qtickets_sales_latest " +
        "returned Nullable column having not Nullable type in structure. If query from view has JOIN, it " +
        "may be cause by different values of 'join_use_nulls' setting. You may explicitly specify " +
        "'join_use_nulls' in 'CREATE VIEW' query to avoid this error; expected rows",
    ],
  },
  {
    what: "a view of a column that is not there",
    edits: [["sql/52_views_meta.sql", "argMax(s.metric_value, s.d)", "argMax(s.metric_val, s.d)"]],
    findings: [
      "sql/52_views_meta.sql:«CREATE OR REPLACE VIEW meta.v_s» meta.v_sli_latest: cannot be read with " +
        "join_use_nulls = 0: code 47, Identifier 's.metric_val' cannot be resolved from table with name s. " +
        "In scope SELECT s.table_name AS table_name, s.metric_name AS metric_name, max(s.d) AS d, " +
        "argMax(s.metric_val, s.d) AS metric_value FROM meta.sli_daily AS s FINAL GROUP BY s.table_name, " +
        "s.metric_name SETTINGS join_use_nulls = 1. Maybe you meant: ['s.metric_value']; expected rows",
    ],
  },
  {
    what: "a materialized view that sums up",
    edits: [
      [MV, "s.tickets_sold AS tickets_sold", "max(s.tickets_sold) AS tickets_sold"],
      [
        MV,
        "FROM zakaz.stg_qtickets_api_orders_raw AS s\n",
        "FROM zakaz.stg_qtickets_api_orders_raw AS s\nGROUP BY ALL\n",
      ],
    ],
    findings: [
      "sql/40_materialized_view.sql:«AS» zakaz.mv_qtickets_sales_latest: sums up rows of one insert only: max; expected a copy row by row",
    ],
  },
  {
    what: "a materialized view with a clock",
    edits: [[MV, "s._loaded_at AS _loaded_at", "now() AS _loaded_at"]],
    findings: [
      "sql/40_materialized_view.sql:«AS» zakaz.mv_qtickets_sales_latest: depends on the time of the insert: now(); expected a function of the row",
    ],
  },
  {
    what: "a materialized view of two sources",
    edits: [
      [
        MV,
        "AS s\nSETTINGS",
        "AS s\nWHERE s.event_id NOT IN (SELECT event_id FROM zakaz.dim_events)\nSETTINGS",
      ],
    ],
    findings: [
      "sql/40_materialized_view.sql:«FROM zakaz.s» zakaz.mv_qtickets_sales_latest: reads " +
        "zakaz.stg_qtickets_api_orders_raw, zakaz.dim_events; expected its source alone",
    ],
  },
  {
    what: "a materialized view with another type",
    edits: [[MV, "tickets_sold  UInt32  ", "tickets_sold  UInt64  "]],
    findings: [
      "sql/40_materialized_view.sql:«AS» zakaz.mv_qtickets_sales_latest: its columns are not those of " +
        "zakaz.fact_qtickets_orders: tickets_sold UInt64; expected the same names, types and order",
    ],
  },
];
