-- Who may do what: the definer of the views, four roles with their users, profiles and quotas.
--
-- Nothing else is granted to anybody. Privileges on objects that a later file creates are given here in advance.
-- Users are created locked (a hash that no password has, no host). The stack sets password hash and hosts of the four
-- login users afterwards; the statements of this file never touch either, so they can be run again at any time.
-- `admin` is not here: it is the only user of the XML configuration.

-- ---------------------------------------------------------------------------------------------------------------------
-- zakaz_definer: every view reads its sources as this user, so a reader needs no grant on tables. It can never log in.
-- The grants are given to the user itself, not through a role.

CREATE USER IF NOT EXISTS zakaz_definer IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;

GRANT SELECT ON zakaz.stg_qtickets_api_orders_raw TO zakaz_definer;
GRANT SELECT ON zakaz.stg_qtickets_api_inventory_raw TO zakaz_definer;
GRANT SELECT ON zakaz.stg_vk_ads_daily TO zakaz_definer;
GRANT SELECT ON zakaz.dim_events TO zakaz_definer;
GRANT SELECT ON zakaz.fact_qtickets_sales_daily TO zakaz_definer;
GRANT SELECT ON zakaz.fact_qtickets_sales_utm_daily TO zakaz_definer;
GRANT SELECT ON zakaz.fact_qtickets_inventory_latest TO zakaz_definer;
GRANT SELECT ON zakaz.fact_vk_ads_daily TO zakaz_definer;
GRANT SELECT ON zakaz.fact_direct_daily TO zakaz_definer;
GRANT SELECT ON zakaz.plan_sales TO zakaz_definer;
GRANT SELECT ON zakaz.meta_job_runs TO zakaz_definer;
GRANT SELECT, INSERT ON zakaz.fact_qtickets_orders TO zakaz_definer;
GRANT SELECT ON meta.sli_daily TO zakaz_definer;

-- Views that other views read.
GRANT SELECT ON zakaz.v_qtickets_sales_latest TO zakaz_definer;
GRANT SELECT ON zakaz.v_qtickets_freshness TO zakaz_definer;
GRANT SELECT ON zakaz.v_marketing_costs_daily TO zakaz_definer;
GRANT SELECT ON zakaz.v_marketing_daily TO zakaz_definer;

-- ---------------------------------------------------------------------------------------------------------------------
-- role_etl_writer: the loaders.

CREATE ROLE IF NOT EXISTS role_etl_writer;

GRANT SELECT, INSERT ON zakaz.stg_qtickets_api_orders_raw TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.stg_qtickets_api_inventory_raw TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.stg_vk_ads_daily TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.dim_events TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_qtickets_orders TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_qtickets_sales_daily TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_qtickets_sales_utm_daily TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_qtickets_inventory TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_qtickets_inventory_latest TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_vk_ads_daily TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.fact_direct_daily TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.plan_sales TO role_etl_writer;
GRANT SELECT, INSERT ON zakaz.meta_job_runs TO role_etl_writer;

-- Optional datasets are written, never read back: codes and barcodes are worth money.
GRANT SHOW COLUMNS, INSERT ON zakaz.stg_qtickets_api_price_shades_raw TO role_etl_writer;
GRANT SHOW COLUMNS, INSERT ON zakaz.stg_qtickets_api_discounts_raw TO role_etl_writer;
GRANT SHOW COLUMNS, INSERT ON zakaz.stg_qtickets_api_promo_codes_raw TO role_etl_writer;
GRANT SHOW COLUMNS, INSERT ON zakaz.stg_qtickets_api_barcodes_raw TO role_etl_writer;

GRANT SELECT ON zakaz.dim_city_alias TO role_etl_writer;
GRANT SELECT, INSERT ON meta.watermarks TO role_etl_writer;
GRANT SELECT, INSERT ON meta.etl_alerts TO role_etl_writer;
GRANT SELECT, INSERT ON meta.sli_daily TO role_etl_writer;
GRANT SELECT ON meta.schema_migrations TO role_etl_writer;
GRANT SELECT ON meta.v_quality_last_day TO role_etl_writer;

-- ---------------------------------------------------------------------------------------------------------------------
-- role_bi_reader: DataLens. It sees the names of everything in zakaz and bi, and reads the views only.

CREATE ROLE IF NOT EXISTS role_bi_reader;

GRANT SELECT ON zakaz.v_qtickets_sales_dashboard TO role_bi_reader;
GRANT SELECT ON zakaz.v_qtickets_sales_latest TO role_bi_reader;
GRANT SELECT ON zakaz.v_qtickets_sales_14d TO role_bi_reader;
GRANT SELECT ON zakaz.v_qtickets_inventory TO role_bi_reader;
GRANT SELECT ON zakaz.v_qtickets_freshness TO role_bi_reader;
GRANT SELECT ON zakaz.v_qtickets_sales_utm_daily TO role_bi_reader;
GRANT SELECT ON zakaz.v_marketing_costs_daily TO role_bi_reader;
GRANT SELECT ON zakaz.v_marketing_daily TO role_bi_reader;
GRANT SELECT ON zakaz.v_romi_daily TO role_bi_reader;
GRANT SELECT ON zakaz.v_plan_vs_fact TO role_bi_reader;
GRANT SELECT ON bi.v_sales_daily TO role_bi_reader;
GRANT SELECT ON bi.v_vk_ads_daily TO role_bi_reader;
GRANT SELECT ON bi.v_marketing_roi_daily TO role_bi_reader;
GRANT SELECT ON bi.v_ops_freshness TO role_bi_reader;
GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON zakaz.* TO role_bi_reader;
GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON bi.* TO role_bi_reader;

-- role_further_reader gives no right: it marks the readers that the stack's configuration (zakaz:readers) makes and removes.

CREATE ROLE IF NOT EXISTS role_further_reader;

-- ---------------------------------------------------------------------------------------------------------------------
-- role_backup_operator: backups. Recovery is done by admin.

CREATE ROLE IF NOT EXISTS role_backup_operator;

GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, BACKUP ON zakaz.* TO role_backup_operator;
GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, BACKUP ON bi.* TO role_backup_operator;
GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, BACKUP ON meta.* TO role_backup_operator;
GRANT SELECT, INSERT ON meta.backup_runs TO role_backup_operator;
GRANT SELECT ON system.backups TO role_backup_operator;

-- ---------------------------------------------------------------------------------------------------------------------
-- role_monitor: the alerts. Beside this it has what DataLens reads, by role_bi_reader; it writes its own journal and nothing else.

CREATE ROLE IF NOT EXISTS role_monitor;

GRANT SELECT ON zakaz.meta_job_runs TO role_monitor;
GRANT SELECT ON meta.v_quality_last_day TO role_monitor;
GRANT SELECT ON meta.v_sli_latest TO role_monitor;
GRANT SELECT ON meta.backup_runs TO role_monitor;
GRANT SELECT, INSERT ON meta.etl_alerts TO role_monitor;
GRANT SELECT(name, free_space, total_space) ON system.disks TO role_monitor;

-- ---------------------------------------------------------------------------------------------------------------------
-- Profiles. Sizes are for a server with 4 GiB. CONST = the user cannot change it.

CREATE SETTINGS PROFILE IF NOT EXISTS etl_profile;
ALTER SETTINGS PROFILE etl_profile SETTINGS
    readonly = 0,
    final = 1,
    log_queries = 1 CONST,
    async_insert = 0 CONST,
    max_memory_usage = 2147483648 MAX 2147483648,
    max_bytes_before_external_group_by = 536870912,
    max_threads = 2,
    max_execution_time = 600,
    max_concurrent_queries_for_user = 8,
    allow_ddl = 0 CONST,
    allow_introspection_functions = 0 CONST,
    date_time_input_format = 'best_effort',
    input_format_skip_unknown_fields = 0,
    input_format_null_as_default = 0,
    max_partitions_per_insert_block = 1000;

CREATE SETTINGS PROFILE IF NOT EXISTS bi_reader_profile;
ALTER SETTINGS PROFILE bi_reader_profile SETTINGS
    readonly = 2,
    join_use_nulls = 1,
    log_queries = 1 CONST,
    max_memory_usage = 1073741824 MIN 1 MAX 1073741824,
    max_bytes_before_external_group_by = 268435456,
    max_threads = 2 MIN 1 MAX 2,
    max_execution_time = 30 MIN 1 MAX 300,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_concurrent_queries_for_user = 20 CONST,
    allow_ddl = 0 CONST,
    allow_introspection_functions = 0 CONST;

CREATE SETTINGS PROFILE IF NOT EXISTS backup_profile;
ALTER SETTINGS PROFILE backup_profile SETTINGS
    readonly = 0,
    log_queries = 1 CONST,
    max_memory_usage = 1073741824 MAX 1073741824,
    max_threads = 2,
    max_execution_time = 7200,
    max_concurrent_queries_for_user = 2,
    allow_ddl = 0 CONST,
    allow_introspection_functions = 0 CONST;

CREATE SETTINGS PROFILE IF NOT EXISTS monitor_profile;
ALTER SETTINGS PROFILE monitor_profile SETTINGS
    readonly = 0,
    join_use_nulls = 1,
    log_queries = 1 CONST,
    async_insert = 0 CONST,
    max_memory_usage = 1073741824 MAX 1073741824,
    max_bytes_before_external_group_by = 268435456,
    max_threads = 2 MIN 1 MAX 2,
    max_execution_time = 60 MIN 1 MAX 60,
    max_concurrent_queries_for_user = 8,
    allow_ddl = 0 CONST,
    allow_introspection_functions = 0 CONST;

-- ---------------------------------------------------------------------------------------------------------------------
-- Login users.

CREATE USER IF NOT EXISTS etl_writer IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;
GRANT role_etl_writer TO etl_writer;
ALTER USER etl_writer SETTINGS PROFILE 'etl_profile';
SET DEFAULT ROLE role_etl_writer TO etl_writer;

CREATE USER IF NOT EXISTS datalens_reader IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;
GRANT role_bi_reader TO datalens_reader;
ALTER USER datalens_reader SETTINGS PROFILE 'bi_reader_profile';
SET DEFAULT ROLE role_bi_reader TO datalens_reader;

CREATE USER IF NOT EXISTS backup_user IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;
GRANT role_backup_operator TO backup_user;
ALTER USER backup_user SETTINGS PROFILE 'backup_profile';
SET DEFAULT ROLE role_backup_operator TO backup_user;

CREATE USER IF NOT EXISTS zakaz_monitor IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;
GRANT role_monitor, role_bi_reader TO zakaz_monitor;
ALTER USER zakaz_monitor SETTINGS PROFILE 'monitor_profile';
SET DEFAULT ROLE role_monitor, role_bi_reader TO zakaz_monitor;

-- ---------------------------------------------------------------------------------------------------------------------
-- Quotas: wide enough never to lock out a dashboard with many charts or a loader that retries.

CREATE QUOTA IF NOT EXISTS bi_reader_quota KEYED BY user_name;
ALTER QUOTA bi_reader_quota KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000, errors = 5000, execution_time = 14400 TO datalens_reader;

CREATE QUOTA IF NOT EXISTS etl_writer_quota KEYED BY user_name;
ALTER QUOTA etl_writer_quota KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000, errors = 2000 TO etl_writer;

CREATE QUOTA IF NOT EXISTS backup_quota KEYED BY user_name;
ALTER QUOTA backup_quota KEYED BY user_name FOR INTERVAL 1 day MAX queries = 1000 TO backup_user;

CREATE QUOTA IF NOT EXISTS monitor_quota KEYED BY user_name;
ALTER QUOTA monitor_quota KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 20000, errors = 5000 TO zakaz_monitor;
