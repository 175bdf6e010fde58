import type { Fault } from "./fault";

const ACCESS = "sql/10_access.sql";

/** Grants. */
export const accessFaults: readonly Fault[] = [
  {
    what: "a grant on what is not there",
    edits: [
      [
        ACCESS,
        "GRANT SELECT ON zakaz.plan_sales TO zakaz_definer;",
        "GRANT SELECT ON zakaz.plan_sale TO zakaz_definer;",
      ],
    ],
    findings: [
      "sql/10_access.sql:«GRANT SELECT ON zakaz.p» zakaz.plan_sale: a grant of SELECT to zakaz_definer " +
        "names it, and it does not exist; expected an object of sql/",
      "sql/50_views.sql:«FROM zakaz.p» zakaz.plan_sales: zakaz_definer lacks SELECT, needed by " +
        "zakaz.v_qtickets_freshness; expected GRANT SELECT ON zakaz.plan_sales in sql/10_access.sql",
    ],
  },
  {
    what: "a grant that nobody uses",
    edits: [
      [
        ACCESS,
        "GRANT SELECT ON zakaz.dim_city_alias TO role_etl_writer;",
        "GRANT SELECT ON zakaz.dim_city_alias TO role_etl_writer;\nGRANT SELECT ON zakaz.stg_qtickets_api_clients_raw TO role_etl_writer;",
      ],
    ],
    findings: [
      "sql/10_access.sql:«GRANT SELECT ON zakaz.stg_qtickets_api_c» zakaz.stg_qtickets_api_clients_raw: " +
        "role_etl_writer has SELECT, and nothing uses it; " +
        "expected no more rights than the code, the views and warehouse/access/agreements.ts use",
    ],
  },
  {
    what: "a right that a loader lacks",
    edits: [
      [
        ACCESS,
        "GRANT SELECT, INSERT ON meta.watermarks TO role_etl_writer;",
        "GRANT SELECT ON meta.watermarks TO role_etl_writer;",
      ],
    ],
    findings: [
      "loaders/core/lease.ts:«return asLoader`INSE» meta.watermarks: etl_writer lacks INSERT, needed by a " +
        "query here; expected GRANT INSERT ON meta.watermarks in sql/10_access.sql",
    ],
  },
  {
    what: "a query of a user who lacks the right",
    edits: [
      ["loaders/core/cities.ts", "import { asLoader }", "import { asBackup }"],
      ["loaders/core/cities.ts", "asLoader`SELECT", "asBackup`SELECT"],
      // The other query that reads the aliases.
      [
        "ops/actions/cities.ts",
        "SELECT toString(city) FROM zakaz.dim_city_alias FINAL WHERE is_active = 1",
        "''",
      ],
    ],
    findings: [
      "loaders/core/cities.ts:«asBackup`SELECT» zakaz.dim_city_alias: backup_user lacks SELECT, needed by " +
        "a query here; expected GRANT SELECT ON zakaz.dim_city_alias in sql/10_access.sql",
      "sql/10_access.sql:«GRANT SELECT ON zakaz.dim_c» zakaz.dim_city_alias: role_etl_writer has SELECT, " +
        "and nothing uses it; expected no more rights than the code, the views and warehouse/access/agreements.ts use",
    ],
  },
  {
    what: "a right that the definer lacks",
    edits: [[ACCESS, "GRANT SELECT ON meta.sli_daily TO zakaz_definer;\n", ""]],
    findings: [
      "sql/52_views_meta.sql:«FROM meta.sl» meta.sli_daily: zakaz_definer lacks SELECT, needed by " +
        "meta.v_sli_latest; expected GRANT SELECT ON meta.sli_daily in sql/10_access.sql",
    ],
  },
  {
    what: "a view that the reader may not read",
    edits: [[ACCESS, "GRANT SELECT ON bi.v_ops_freshness TO role_bi_reader;\n", ""]],
    findings: [
      "alerts/rules/source-behind.ts:«asMonitor`SELECT» bi.v_ops_freshness: zakaz_monitor lacks SELECT, needed by " +
        "a query here; expected GRANT SELECT ON bi.v_ops_freshness in sql/10_access.sql",
      "sql/51_views_bi.sql:«CREATE OR REPLACE VIEW bi.v_o» bi.v_ops_freshness: cannot be read by " +
        "datalens_reader: code 497, datalens_reader: Not enough privileges. To execute this query, it's " +
        "necessary to have the grant SELECT(d, source, loaded_at, freshness_hours, total_rows, last_run_at, " +
        "last_run_status, last_ok_at, hours_since_ok, state) ON bi.v_ops_freshness; expected rows",
      "warehouse/access/agreements.ts:«import { DATAB» bi.v_ops_freshness: datalens_reader lacks SELECT, needed by " +
        "datasets of DataLens; expected GRANT SELECT ON bi.v_ops_freshness in sql/10_access.sql",
    ],
  },
  {
    what: "a grant to nobody",
    edits: [
      [
        ACCESS,
        "GRANT SELECT ON zakaz.dim_city_alias TO role_etl_writer;",
        "GRANT SELECT ON zakaz.dim_city_alias TO role_etl_reader;",
      ],
    ],
    findings: [
      "sql/10_access.sql:«GRANT SELECT ON zakaz.dim_c» access: ClickHouse refuses it: code 511, There is " +
        "no role `role_etl_reader` in `user directories`; expected a statement that it takes",
    ],
  },
];
