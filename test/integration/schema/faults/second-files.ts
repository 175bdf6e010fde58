import type { Fault } from "./fault";
import { WATERMARKS } from "./watermarks";

const CANON = "sql/33_journal.sql:«CREATE TABLE IF NOT EXISTS meta.watermarks»";

/** meta.watermarks once more, in another file, with one difference. */
function second(what: string, found: string, put: string, finding: string): Fault {
  return {
    what: `a second file with ${what}`,
    edits: [["other.sql", "", `-- Of another project.\n${WATERMARKS.replace(found, put)}`]],
    sql: ["other.sql"],
    findings: [`critical: other.sql:«CREATE» meta.watermarks${finding} as in ${CANON}`],
  };
}

/** A second file that defines an object of sql/. */
export const secondFilesFaults: readonly Fault[] = [
  second(
    "other columns",
    "    wm_value   String",
    "    note String COMMENT 'x',\n    wm_value   String",
    ": columns source, stream, wm_type, note, wm_value, run_id, _ver, _loaded_at; expected source, stream, wm_type, wm_value, run_id, _ver, _loaded_at",
  ),
  second(
    "another type",
    "wm_value   String",
    "wm_value   UInt64",
    ".wm_value: UInt64 COMMENT 'ISO 8601 timestamp with offset, ISO date, or id'; expected String COMMENT 'ISO 8601 timestamp with offset, ISO date, or id'",
  ),
  second(
    "another order",
    "ORDER BY (source, stream, wm_type)",
    "ORDER BY (source, stream)",
    ": ORDER BY (source, stream); expected ORDER BY (source, stream, wm_type)",
  ),
  second(
    "another default",
    "DEFAULT toUnixTimestamp64Milli(now64(3)) ",
    "DEFAULT 0",
    "._ver: UInt64 DEFAULT 0 COMMENT 'row version: run clock, ms; the greatest wins'; " +
      "expected UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the " +
      "greatest wins'",
  ),
  second(
    "another engine",
    "ReplacingMergeTree(_ver)",
    "MergeTree",
    ": ENGINE MergeTree; expected ENGINE ReplacingMergeTree(_ver)",
  ),
  second(
    "a partition",
    "ORDER BY (source",
    "PARTITION BY source\nORDER BY (source",
    ": PARTITION BY source; expected PARTITION BY none",
  ),
  second(
    "a TTL",
    "COMMENT 'How far",
    "TTL _loaded_at + toIntervalDay(1)\nCOMMENT 'How far",
    ": TTL _loaded_at + toIntervalDay(1); expected TTL none",
  ),
  second(
    "a setting",
    "COMMENT 'How far",
    "SETTINGS index_granularity = 1024\nCOMMENT 'How far",
    ": SETTINGS index_granularity = 1024; expected SETTINGS none",
  ),
];
