import type { Fault } from "./fault";
import { WATERMARKS } from "./watermarks";

const SALES = "sql/32_facts.sql";
const STAGING = "sql/30_staging.sql";
const MV = "sql/40_materialized_view.sql";

/** Names, and what statements sql/ may hold. */
export const statementsFaults: readonly Fault[] = [
  {
    what: "a table is gone",
    edits: [[STAGING, /-- Nobody writes this table yet[^]*?\nCOMMENT 'Tickets sold.*\n/, ""]],
    findings: [
      "warehouse/access/agreements.ts:«import { DATAB» zakaz.stg_qtickets_api_partner_tickets_raw: is named here, and " +
        "no file in sql/ creates it; expected one CREATE statement in sql/",
    ],
  },
  {
    what: "a view of the reader is gone, with its grants",
    edits: [
      ["sql/51_views_bi.sql", /CREATE OR REPLACE VIEW bi\.v_ops_freshness[^]*$/, ""],
      ["sql/10_access.sql", "GRANT SELECT ON bi.v_ops_freshness TO role_bi_reader;\n", ""],
    ],
    findings: [
      "alerts/rules/source-behind.ts:«asMonitor`SELECT» bi.v_ops_freshness: a query names it, and it does not exist; " +
        "expected an object of sql/",
      "sql/10_access.sql:«GRANT SELECT ON zakaz.v_qtickets_freshness TO zakaz_definer» zakaz.v_qtickets_freshness: " +
        "zakaz_definer has SELECT, and nothing uses it; expected no more rights than the code, the views and " +
        "warehouse/access/agreements.ts use",
      "warehouse/datalens/datasets.ts:«/** One dataset» bi.v_ops_freshness: is named here, and no file " +
        "in sql/ creates it; expected one CREATE statement in sql/",
    ],
  },
  {
    what: "a table of a source is gone, with its grants",
    edits: [
      [STAGING, /CREATE TABLE IF NOT EXISTS zakaz\.stg_qtickets_api_price_shades_raw[^]*?';\n/, ""],
      [
        "sql/10_access.sql",
        "GRANT SHOW COLUMNS, INSERT ON zakaz.stg_qtickets_api_price_shades_raw TO role_etl_writer;\n",
        "",
      ],
    ],
    findings: [
      'loaders/qtickets/price-shades.ts:«columns: ["shade_id"» zakaz.stg_qtickets_api_price_shades_raw: names a ' +
        "table that does not exist; expected a table of sql/",
      "loaders/qtickets/source.ts:«import type» zakaz.stg_qtickets_api_price_shades_raw: is named here, and no file " +
        "in sql/ creates it; expected one CREATE statement in sql/",
    ],
  },
  {
    what: "a table too many",
    edits: [
      [
        SALES,
        "",
        "CREATE TABLE IF NOT EXISTS zakaz.fact_extra (id String COMMENT 'id', _ver UInt64 DEFAULT 1 " +
          "COMMENT 'v', _loaded_at DateTime('Europe/Moscow') DEFAULT now() COMMENT 't') ENGINE = " +
          "ReplacingMergeTree(_ver) ORDER BY id COMMENT 'one too many';\n",
      ],
    ],
    findings: [
      "sql/32_facts.sql:«CREATE TABLE IF NOT EXISTS zakaz.fact_e» zakaz.fact_extra: nobody writes it; " +
        "expected a writer, or an entry in KEPT_EMPTY of warehouse/access/agreements.ts",
    ],
  },
  {
    what: "a hidden inner table",
    edits: [
      [MV, "TO zakaz.fact_qtickets_orders", ""],
      [
        MV,
        "DEFINER = zakaz_definer",
        "ENGINE = ReplacingMergeTree(_ver) ORDER BY (order_id, item_id)\nDEFINER = zakaz_definer",
      ],
    ],
    findings: [
      "sql/10_access.sql:«GRANT SELECT,» zakaz.fact_qtickets_orders: zakaz_definer has INSERT, and " +
        "nothing uses it; expected no more rights than the code, the views and warehouse/access/agreements.ts use",
      "sql/40_materialized_view.sql:«CREATE MATER» zakaz..inner…: a hidden table of a materialized view; expected a materialized view with TO",
      "sql/40_materialized_view.sql:«AS» zakaz.mv_qtickets_sales_latest: has no TO; expected TO with a table of sql/",
    ],
  },
  {
    what: "an object created twice",
    edits: [["sql/70_again.sql", "", WATERMARKS]],
    findings: [
      "sql/70_again.sql:«CREATE TABLE» meta.watermarks: is created a second time, first in " +
        "sql/33_journal.sql:«CREATE TABLE IF NOT EXISTS meta.watermarks»; " +
        "expected one CREATE statement in sql/",
    ],
  },
  {
    what: "an object created twice, not alike",
    edits: [["sql/70_again.sql", "", WATERMARKS.replace("wm_value   String", "wm_value   UInt64")]],
    findings: [
      "sql/70_again.sql:«CREATE TABLE» meta.watermarks: is created a second time, first in " +
        "sql/33_journal.sql:«CREATE TABLE IF NOT EXISTS meta.watermarks»; " +
        "expected one CREATE statement in sql/",
      "critical: sql/70_again.sql:«CREATE TABLE» meta.watermarks.wm_value: UInt64 COMMENT 'ISO 8601 " +
        "timestamp with offset, ISO date, or id'; " +
        "expected String COMMENT 'ISO 8601 timestamp with offset, ISO date, or id' as in " +
        "sql/33_journal.sql:«CREATE TABLE IF NOT EXISTS meta.watermarks»",
    ],
  },
  {
    what: "an ALTER before its CREATE",
    edits: [["sql/20_databases.sql", "", "\nALTER TABLE zakaz.plan_sales ADD COLUMN note String;\n"]],
    findings: [
      "sql/20_databases.sql:«ALTER TABLE z» zakaz.plan_sales: ALTER before its CREATE; expected the changed CREATE in sql/, and the ALTER in sql/migrations/",
      "sql/20_databases.sql:«ALTER TABLE z» zakaz.plan_sales: ClickHouse refuses it: code 60, Could not " +
        "find table: plan_sales; expected a statement that it takes",
    ],
  },
  {
    what: "an ALTER after its CREATE",
    edits: [[SALES, "", "\nALTER TABLE zakaz.plan_sales MODIFY COMMENT 'Plan';\n"]],
    findings: [
      "sql/32_facts.sql:«ALTER TABLE z» zakaz.plan_sales: ALTER in sql/; expected the changed CREATE in sql/, and the ALTER in sql/migrations/",
    ],
  },
  {
    what: "a migration of an object that is not there",
    edits: [["sql/migrations/0001_x.sql", "", "ALTER TABLE zakaz.gone ADD COLUMN a String;\n"]],
    findings: [
      "sql/migrations/0001_x.sql:«ALTER TABLE z» zakaz.gone: ALTER of an object that no file in sql/ creates; expected a CREATE statement in sql/",
    ],
  },
  {
    what: "a DROP",
    edits: [["sql/31_dimensions.sql", "", "\nDROP TABLE IF EXISTS zakaz.dim_events;\n"]],
    findings: [
      "sql/31_dimensions.sql:«DROP TABLE I» zakaz.dim_events: DROP in sql/; " +
        "expected nothing that takes data away; a numbered file in sql/migrations/ if it must be",
    ],
  },
  {
    what: "a CREATE that cannot be repeated",
    edits: [
      [
        "sql/31_dimensions.sql",
        "CREATE TABLE IF NOT EXISTS zakaz.dim_events",
        "CREATE TABLE zakaz.dim_events",
      ],
    ],
    findings: [
      "sql/31_dimensions.sql:«CREATE TABLE» zakaz.dim_events: cannot be run twice; expected IF NOT EXISTS",
      "sql/31_dimensions.sql:«CREATE TABLE» zakaz.dim_events: second run: ClickHouse refuses it: code 57, " +
        "Table zakaz.dim_events already exists; expected a statement that it takes",
    ],
  },
  {
    what: "a CREATE that empties the table",
    edits: [
      [
        "sql/31_dimensions.sql",
        "CREATE TABLE IF NOT EXISTS zakaz.dim_events",
        "CREATE OR REPLACE TABLE zakaz.dim_events",
      ],
    ],
    findings: [
      "sql/31_dimensions.sql:«CREATE OR RE» zakaz.dim_events: cannot be run twice; expected IF NOT EXISTS",
      "sql/31_dimensions.sql:«CREATE OR RE» zakaz.dim_events: a second run of sql/ changes it; expected a second run that changes nothing",
    ],
  },
  {
    what: "seeds that pile up",
    edits: [
      [
        "sql/60_city_aliases.sql",
        "",
        "\nINSERT INTO zakaz.dim_city_alias (alias, city) VALUES ('x', 'москва');\n",
      ],
    ],
    findings: [
      "sql/60_city_aliases.sql:«INSERT INTO z» zakaz.dim_city_alias: a second run of sql/ adds rows; expected a second run that changes nothing",
    ],
  },
];
