/** A change of access by hand, and what is seen of it. */
interface HandChange {
  /** Statements given by hand. */
  change: string;
  /** What differs afterwards, in order. */
  seen: string[];
  /** The one version that takes it. */
  only?: "25.8.2";
  /** Statements that take away what `apply` leaves. */
  clean?: string;
}

const undeclared = (noun: string, name: string, spelled = name) =>
  `the ${noun.toLowerCase()} ${name} is not declared: add it to sql/10_access.sql, or remove it with DROP ${noun.toUpperCase()} ${spelled}`;
const policy = (name: string) =>
  `the row policy ${name} is not declared: add it to sql/10_access.sql, or remove it with DROP ROW POLICY ${name}`;
const views = [
  "v_qtickets_sales_dashboard",
  "v_qtickets_sales_latest",
  "v_qtickets_sales_14d",
  "v_qtickets_inventory",
  "v_qtickets_freshness",
  "v_qtickets_sales_utm_daily",
  "v_marketing_costs_daily",
  "v_marketing_daily",
  "v_romi_daily",
  "v_plan_vs_fact",
];

const grants: HandChange[] = [
  {
    change: "REVOKE SELECT, SHOW TABLES ON bi.* FROM role_bi_reader",
    seen: [
      "role_bi_reader lacks SELECT ON bi.v_sales_daily",
      "role_bi_reader lacks SELECT ON bi.v_vk_ads_daily",
      "role_bi_reader lacks SELECT ON bi.v_marketing_roi_daily",
      "role_bi_reader lacks SELECT ON bi.v_ops_freshness",
      "role_bi_reader lacks SHOW TABLES ON bi.*",
    ],
  },
  {
    change: "GRANT SELECT, INSERT ON zakaz.dim_events TO role_bi_reader",
    seen: ["role_bi_reader has SELECT, INSERT ON zakaz.dim_events, which is not declared"],
  },
  {
    // The server forgets the narrower grants, so they have to come back when the wide one goes.
    change: "GRANT SELECT ON zakaz.* TO role_bi_reader",
    seen: [
      "role_bi_reader has SELECT ON zakaz.*, which is not declared",
      ...views.map((view) => `role_bi_reader lacks SELECT ON zakaz.${view}`),
    ],
  },
  {
    change: "GRANT SELECT(city, event_id) ON zakaz.dim_events TO datalens_reader",
    seen: ["datalens_reader has SELECT(city), SELECT(event_id) ON zakaz.dim_events, which is not declared"],
  },
  {
    change: "GRANT SELECT ON bi.v_sales_daily TO role_bi_reader WITH GRANT OPTION",
    seen: ["role_bi_reader may pass on SELECT ON bi.v_sales_daily, which is not declared"],
  },
  {
    change: "REVOKE SHOW TABLES ON zakaz.plan_sales FROM role_bi_reader",
    seen: ["role_bi_reader has the revoke of SHOW TABLES ON zakaz.plan_sales, which is not declared"],
  },
  {
    change: "GRANT KILL QUERY, CREATE TEMPORARY TABLE ON *.* TO etl_writer",
    seen: ["etl_writer has CREATE TEMPORARY TABLE, KILL QUERY ON *.*, which is not declared"],
  },
];

const roles: HandChange[] = [
  {
    change: "GRANT role_etl_writer TO datalens_reader; SET DEFAULT ROLE ALL TO datalens_reader",
    seen: [
      "datalens_reader has the role role_etl_writer, which is not declared",
      "datalens_reader: default roles are role_bi_reader, role_etl_writer, declared role_bi_reader",
    ],
  },
  {
    change: "GRANT role_bi_reader TO datalens_reader WITH ADMIN OPTION",
    seen: ["datalens_reader may pass on the role role_bi_reader, which is not declared"],
  },
  {
    change: "SET DEFAULT ROLE NONE TO datalens_reader",
    seen: ["datalens_reader: default roles are none, declared role_bi_reader"],
  },
  {
    change: "DROP ROLE role_bi_reader",
    seen: [
      "the role role_bi_reader is missing",
      "datalens_reader lacks the role role_bi_reader",
      "datalens_reader: default roles are none, declared role_bi_reader",
      "zakaz_monitor lacks the role role_bi_reader",
      "zakaz_monitor: default roles are role_monitor, declared role_bi_reader, role_monitor",
    ],
  },
  {
    change: "CREATE ROLE other; GRANT SELECT ON *.* TO other; GRANT other TO role_bi_reader",
    seen: ["role_bi_reader has the role other, which is not declared", undeclared("role", "other")],
    clean: "DROP ROLE other",
  },
];

const profiles: HandChange[] = [
  {
    change:
      "ALTER SETTINGS PROFILE backup_profile SETTINGS readonly = 0, log_queries = 1, max_memory_usage = 1073741824, " +
      "max_threads = 9 MAX 9, max_execution_time = 7200, allow_ddl = 0 CONST, allow_introspection_functions = 0 CONST, final = 1",
    seen: [
      "backup_profile: log_queries is 1, declared 1 CONST",
      "backup_profile: max_memory_usage is 1073741824, declared 1073741824 MAX 1073741824",
      "backup_profile: max_threads is 9 MAX 9, declared 2",
      "backup_profile: max_concurrent_queries_for_user is not set, declared 2",
      "backup_profile: final is 1, which is not declared",
    ],
  },
  {
    change: "ALTER USER datalens_reader SETTINGS max_threads = 8",
    seen: [
      "datalens_reader: max_threads is 8, which is not declared",
      "datalens_reader: profile is none, declared bi_reader_profile",
    ],
  },
  {
    change: "ALTER ROLE role_bi_reader SETTINGS max_threads = 8",
    seen: ["role_bi_reader: max_threads is 8, which is not declared"],
  },
  {
    change: "ALTER SETTINGS PROFILE etl_profile TO datalens_reader",
    seen: ["the settings profile etl_profile is given to datalens_reader, declared nobody"],
  },
  {
    change: "CREATE SETTINGS PROFILE wide SETTINGS max_threads = 9 TO role_bi_reader",
    seen: [
      "the settings profile wide, which is not declared, is given to role_bi_reader",
      undeclared("settings profile", "wide"),
    ],
    clean: "DROP SETTINGS PROFILE wide",
  },
  {
    change: "CREATE ROLE other; CREATE SETTINGS PROFILE wide SETTINGS max_threads = 9 TO ALL EXCEPT other",
    seen: [
      "the settings profile wide, which is not declared, is given to everybody",
      undeclared("role", "other"),
      undeclared("settings profile", "wide"),
    ],
    clean: "DROP SETTINGS PROFILE wide; DROP ROLE other",
  },
];

const users: HandChange[] = [
  {
    change: "ALTER USER datalens_reader HOST ANY",
    seen: ["datalens_reader may come from ANY, declared 172.16.0.0/12, LOCAL"],
  },
  {
    change: "ALTER USER datalens_reader HOST NAME 'a.example', REGEXP 'b.*'",
    seen: ["datalens_reader may come from NAME a.example, REGEXP b.*, declared 172.16.0.0/12, LOCAL"],
  },
  {
    change: "ALTER USER datalens_reader HOST LIKE '%.c.example'",
    seen: ["datalens_reader may come from LIKE %.c.example, declared 172.16.0.0/12, LOCAL"],
  },
  {
    change: "ALTER USER datalens_reader VALID UNTIL '2031-01-01'",
    seen: ["datalens_reader is valid until 2031-01-01 00:00:00, declared without end"],
  },
  {
    change: "ALTER USER etl_writer GRANTEES ANY EXCEPT admin; ALTER USER backup_user GRANTEES NONE",
    seen: [
      "etl_writer: grantees are ANY EXCEPT admin, declared ANY",
      "backup_user: grantees are NONE, declared ANY",
    ],
  },
  {
    change: "ALTER USER etl_writer DEFAULT DATABASE system",
    seen: ["etl_writer: default database is system, declared NONE"],
  },
  {
    change: "ALTER USER backup_user IDENTIFIED WITH ssl_certificate CN 'backup.example'",
    seen: ["backup_user is identified with ssl_certificate, declared sha256_password"],
  },
  {
    change: "ALTER USER backup_user NOT IDENTIFIED",
    seen: ["backup_user is identified with no_password, declared sha256_password"],
  },
  {
    only: "25.8.2",
    change:
      "ALTER USER etl_writer ADD IDENTIFIED WITH sha256_password BY 'By-hand-2' VALID UNTIL '2031-01-01'",
    seen: [
      "etl_writer is identified with sha256_password, sha256_password, declared sha256_password",
      "etl_writer is valid until 2031-01-01 00:00:00, declared without end",
    ],
  },
  {
    only: "25.8.2",
    change: "ALTER USER zakaz_definer ADD IDENTIFIED WITH plaintext_password BY 'By-hand-3'",
    seen: ["zakaz_definer is identified with sha256_password, plaintext_password, declared sha256_password"],
  },
  {
    change: "ALTER USER backup_user RENAME TO renamed",
    seen: [
      "the user backup_user is missing",
      "the quota backup_quota is given to renamed, declared backup_user",
      undeclared("user", "renamed"),
    ],
    clean: "DROP USER renamed",
  },
  {
    change: "CREATE USER `a stranger` IDENTIFIED BY 'Strange-2' VALID UNTIL '2031-01-01'",
    seen: [undeclared("user", "a stranger", "`a stranger`")],
    clean: "DROP USER `a stranger`",
  },
  {
    change: "ALTER USER zakaz_definer IDENTIFIED BY 'By-hand-1' HOST LOCAL SETTINGS PROFILE 'etl_profile'",
    seen: [
      "zakaz_definer may come from LOCAL, declared nowhere",
      "zakaz_definer: profile is etl_profile, declared none",
    ],
  },
  {
    change: "DROP USER backup_user",
    seen: [
      "the user backup_user is missing",
      "the quota backup_quota is given to nobody, declared backup_user",
    ],
  },
  {
    change: "CREATE USER stranger IDENTIFIED BY 'Strange-1'; GRANT SELECT ON zakaz.* TO stranger",
    seen: [undeclared("user", "stranger")],
    clean: "DROP USER stranger",
  },
];

const quotas: HandChange[] = [
  {
    change: "ALTER QUOTA backup_quota NOT KEYED",
    seen: [
      "the quota backup_quota is NOT KEYED FOR INTERVAL 86400 SECOND MAX queries = 1000, " +
        "declared KEYED BY user_name FOR INTERVAL 86400 SECOND MAX queries = 1000",
    ],
  },
  {
    change: "CREATE QUOTA all_users FOR INTERVAL 1 month MAX queries = 1000000 TO ALL",
    seen: [
      "the quota all_users, which is not declared, is given to everybody",
      undeclared("quota", "all_users"),
    ],
    clean: "DROP QUOTA all_users",
  },
  {
    change:
      "ALTER QUOTA backup_quota FOR INTERVAL 1 hour MAX queries = 1, FOR INTERVAL 1 day MAX queries = 9",
    seen: [
      "the quota backup_quota is KEYED BY user_name FOR INTERVAL 3600 SECOND MAX queries = 1, " +
        "FOR INTERVAL 86400 SECOND MAX queries = 9, declared KEYED BY user_name FOR INTERVAL 86400 SECOND MAX queries = 1000",
    ],
  },
  {
    change:
      "ALTER QUOTA bi_reader_quota TO NONE; CREATE QUOTA tight KEYED BY user_name FOR INTERVAL 1 day MAX queries = 1 TO datalens_reader",
    seen: [
      "the quota tight, which is not declared, is given to datalens_reader",
      "the quota bi_reader_quota is given to nobody, declared datalens_reader",
      undeclared("quota", "tight"),
    ],
    clean: "DROP QUOTA tight",
  },
];

const rowPolicies: HandChange[] = [
  {
    change: "CREATE ROW POLICY hidden ON zakaz.dim_events USING city = 'x' TO role_etl_writer, zakaz_definer",
    seen: [
      "the row policy hidden ON zakaz.dim_events, which is not declared, is given to zakaz_definer, role_etl_writer",
      policy("hidden ON zakaz.dim_events"),
    ],
    clean: "DROP ROW POLICY hidden ON zakaz.dim_events",
  },
  {
    change: "CREATE ROW POLICY `no rows` ON zakaz.* USING 0 TO ALL",
    seen: [
      "the row policy `no rows` ON zakaz.*, which is not declared, is given to everybody",
      policy("`no rows` ON zakaz.*"),
    ],
    clean: "DROP ROW POLICY `no rows` ON zakaz.*",
  },
  {
    change: "CREATE ROW POLICY half ON zakaz.plan_sales USING 0 TO admin",
    seen: [
      "the row policy half ON zakaz.plan_sales, which is not declared, is given to admin",
      policy("half ON zakaz.plan_sales"),
    ],
    clean: "DROP ROW POLICY half ON zakaz.plan_sales",
  },
  {
    change: "CREATE USER guest IDENTIFIED BY 'x'; CREATE ROW POLICY own ON zakaz.plan_sales USING 0 TO guest",
    seen: [undeclared("user", "guest"), policy("own ON zakaz.plan_sales")],
    clean: "DROP ROW POLICY own ON zakaz.plan_sales; DROP USER guest",
  },
];

/** Changes of everything that statements can change about access. */
export const HAND_CHANGES = [grants, roles, profiles, users, quotas, rowPolicies].flat();
