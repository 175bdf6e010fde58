-- Dimensions.

-- show_ids keeps past and deleted shows, so that an old order still finds its event.
CREATE TABLE IF NOT EXISTS zakaz.dim_events
(
    event_id   String                                  COMMENT 'event',
    event_name String DEFAULT ''                       COMMENT 'name',
    city       LowCardinality(String) DEFAULT ''       COMMENT 'canonical city, empty = unknown',
    start_date Nullable(Date) DEFAULT NULL             COMMENT 'first day of its shows; NULL = no shows',
    end_date   Nullable(Date) DEFAULT NULL             COMMENT 'last day of its shows; NULL = no shows',
    is_active  UInt8 DEFAULT 1                         COMMENT '1 = active at the source',
    is_deleted UInt8 DEFAULT 0                         COMMENT '1 = deleted at the source',
    currency   LowCardinality(String) DEFAULT ''       COMMENT 'currency of the event, empty = unknown',
    show_ids   Array(String) DEFAULT []                COMMENT 'all show ids of the event, also past and deleted ones',
    _ver       UInt64                                  COMMENT 'row version: time of the last change of the event and its shows, ms',
    _loaded_at DateTime('Europe/Moscow') DEFAULT now() COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (event_id)
COMMENT 'Events: one row per event';

-- Filled by 60_city_aliases.sql; applied by the loaders when they load, never in a view.
CREATE TABLE IF NOT EXISTS zakaz.dim_city_alias
(
    alias      String                                          COMMENT 'look-up key of a spelling',
    city       LowCardinality(String)                          COMMENT 'canonical city in normal form',
    is_active  UInt8 DEFAULT 1                                 COMMENT '0 = withdrawn',
    note       String DEFAULT ''                               COMMENT 'why the alias exists',
    _ver       UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (alias)
COMMENT 'Spelling of a city to canonical city';
