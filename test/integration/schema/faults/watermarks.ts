/** meta.watermarks as sql/33_journal.sql creates it, for a second definition. */
export const WATERMARKS = `CREATE TABLE IF NOT EXISTS meta.watermarks
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
`;
