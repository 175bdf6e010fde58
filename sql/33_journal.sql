-- Journals: loader runs, schema changes, watermarks, alerts, service levels, backups. Read with FINAL.

-- Exactly one row per real run, written last; none for a dry run.
CREATE TABLE IF NOT EXISTS zakaz.meta_job_runs
(
    job            LowCardinality(String)                          COMMENT 'job name, e.g. qtickets_api, vk_ads',
    run_id         UUID DEFAULT generateUUIDv4()                   COMMENT 'set by the run, also in its log lines',
    started_at     DateTime('Europe/Moscow')                       COMMENT 'start of the run',
    finished_at    DateTime('Europe/Moscow')                       COMMENT 'end of the run',
    status         LowCardinality(String)                          COMMENT 'ok, partial or error',
    rows_processed UInt64 DEFAULT 0                                COMMENT 'rows written by the run, all datasets except events',
    message        String DEFAULT ''                               COMMENT 'JSON: counters, skipped datasets or the error; no personal data',
    metrics        String DEFAULT ''                               COMMENT 'JSON: durations, pages, window',
    _ver           UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at     DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written',
    CONSTRAINT chk_status CHECK status IN ('running', 'ok', 'partial', 'error')
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(started_at)
ORDER BY (job, started_at, run_id)
TTL started_at + toIntervalDay(400)
COMMENT 'Journal of loader runs: one row per finished run';

-- `started` first, then `ok` or `failed` on the same key.
CREATE TABLE IF NOT EXISTS meta.schema_migrations
(
    version        UInt32                                           COMMENT 'number of the change, 0 = baseline',
    name           String                                           COMMENT 'short name',
    kind           LowCardinality(String)                           COMMENT 'baseline, migration, views, access or seed',
    checksum       String                                           COMMENT 'hex SHA-256 of the normalised statements',
    status         LowCardinality(String)                           COMMENT 'started, ok or failed',
    started_at     DateTime('Europe/Moscow')                        COMMENT 'start',
    finished_at    Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'end, NULL while started',
    statements     UInt32 DEFAULT 0                                 COMMENT 'statements run',
    applied_by     LowCardinality(String) DEFAULT ''                COMMENT 'database user',
    tool_version   LowCardinality(String) DEFAULT ''                COMMENT 'version of this project',
    server_version LowCardinality(String) DEFAULT ''                COMMENT 'server version',
    message        String DEFAULT ''                                COMMENT 'error text, shortened',
    _ver           UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))  COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at     DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written',
    CONSTRAINT chk_status CHECK status IN ('started', 'ok', 'failed')
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (version, name)
COMMENT 'Journal of schema changes';

-- Written last but one, before meta_job_runs: a crash before it means a harmless replay.
CREATE TABLE IF NOT EXISTS meta.watermarks
(
    source     LowCardinality(String)                                      COMMENT 'job name',
    stream     LowCardinality(String)                                      COMMENT 'orders, events, ads_daily:<account> ...',
    wm_type    LowCardinality(String)                                      COMMENT 'ts, date or id',
    wm_value   String                                                      COMMENT 'ISO 8601 timestamp with offset, ISO date, or id',
    run_id     UUID DEFAULT toUUID('00000000-0000-0000-0000-000000000000') COMMENT 'run that set it',
    _ver       UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))             COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at DateTime('Europe/Moscow') DEFAULT now()                     COMMENT 'when this row was written',
    CONSTRAINT chk_type CHECK wm_type IN ('ts', 'date', 'id')
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (source, stream, wm_type)
COMMENT 'How far a stream has been read';

-- Loaders: one alert per job and code in 6 hours, the writer looks before it inserts. The alerts (alerts/journal.ts): two rows per
-- incident under one alert_id, that of its end with severity info; `context_json` has `incident`.
CREATE TABLE IF NOT EXISTS meta.etl_alerts
(
    ts           DateTime('Europe/Moscow')                       COMMENT 'time of the alert',
    alert_id     UUID DEFAULT generateUUIDv4()                   COMMENT 'identity',
    severity     LowCardinality(String)                          COMMENT 'info, warning or error',
    job          LowCardinality(String)                          COMMENT 'job or check that raised it',
    code         LowCardinality(String)                          COMMENT 'stable short code',
    message      String DEFAULT ''                               COMMENT 'text; no personal data',
    context_json String DEFAULT ''                               COMMENT 'JSON details; no personal data',
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written',
    CONSTRAINT chk_severity CHECK severity IN ('info', 'warning', 'error')
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(ts)
ORDER BY (ts, alert_id)
TTL ts + toIntervalDay(400)
COMMENT 'Alerts raised by loaders and checks';

-- Metric names carry their unit.
CREATE TABLE IF NOT EXISTS meta.sli_daily
(
    d            Date                                            COMMENT 'day',
    table_name   LowCardinality(String)                          COMMENT 'table or job',
    metric_name  LowCardinality(String)                          COMMENT 'freshness_hours, rows_loaded, run_seconds, ...',
    metric_value Float64                                         COMMENT 'value',
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(d)
ORDER BY (d, table_name, metric_name)
TTL d + toIntervalDay(800)
COMMENT 'Daily service level figures';

-- `running` first, then `ok` or `error` on the same key; pruning writes `deleted`.
CREATE TABLE IF NOT EXISTS meta.backup_runs
(
    ts          DateTime('Europe/Moscow')                        COMMENT 'start of the backup',
    backup_name String                                           COMMENT 'name, unique',
    mode        LowCardinality(String) DEFAULT 'full'            COMMENT 'full or incr',
    base_name   String DEFAULT ''                                COMMENT 'full backup it builds on, empty for full',
    target      String DEFAULT ''                                COMMENT 'disk and path; never credentials',
    status      LowCardinality(String) DEFAULT 'running'         COMMENT 'running, ok, error or deleted',
    finished_at Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'end, NULL while running',
    bytes       UInt64 DEFAULT 0                                 COMMENT 'size',
    files       UInt64 DEFAULT 0                                 COMMENT 'number of files',
    duration_ms UInt64 DEFAULT 0                                 COMMENT 'duration',
    details     String DEFAULT ''                                COMMENT 'JSON: databases, server version',
    error_msg   String DEFAULT ''                                COMMENT 'error text, shortened',
    _ver        UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))  COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at  DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written',
    CONSTRAINT chk_mode CHECK mode IN ('full', 'incr'),
    CONSTRAINT chk_status CHECK status IN ('running', 'ok', 'error', 'deleted')
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(ts)
ORDER BY (ts, backup_name)
TTL ts + toIntervalDay(800)
COMMENT 'Journal of backups';
