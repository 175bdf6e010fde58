import type { Warehouse } from "../client";
import { asBackup } from "../queries";
import type { Kind } from "./backup";

/** A row of `meta.backup_runs`, as far as the program needs it. */
export interface BackupRow {
  name: string;
  kind: Kind;
  base: string;
  /** Milliseconds since 1970 UTC, whole seconds. */
  startedAt: number;
  status: "running" | "ok" | "error" | "deleted";
  /** 0 while it is running. */
  finishedAt: number;
  bytes: number;
  files: number;
  target: string;
  details: Record<string, unknown>;
  error: string;
}

/** The newest rows first; a journal keeps what became of backups that are long gone. */
const MOST_ROWS = 2000;

/** What the journal says of each backup. */
export async function readJournal(warehouse: Warehouse): Promise<BackupRow[]> {
  const rows = await warehouse.rows<Omit<BackupRow, "details"> & { details: string }>(
    asBackup`SELECT backup_name AS name, mode AS kind, base_name AS base, toUnixTimestamp(ts) * 1000 AS startedAt, status,
  toUnixTimestamp(coalesce(finished_at, toDateTime(0))) * 1000 AS finishedAt, bytes, files, target, details, error_msg AS error
FROM meta.backup_runs FINAL ORDER BY ts DESC LIMIT ${MOST_ROWS}`,
  );
  return rows.map((row) => ({ ...row, details: parse(row.details) }));
}

/** Writes what is now known of a backup; the newest row of a backup counts. */
export async function writeJournal(warehouse: Warehouse, row: BackupRow): Promise<void> {
  await warehouse.command(
    asBackup`INSERT INTO meta.backup_runs (ts, backup_name, mode, base_name, target, status, finished_at, bytes, files, duration_ms, details, error_msg, _ver)
SELECT toDateTime({ts:UInt32}, 'Europe/Moscow'), {name:String}, {mode:String}, {base:String}, {target:String}, {status:String},
  if({finished:UInt32} = 0, NULL, toDateTime({finished:UInt32}, 'Europe/Moscow')), {bytes:UInt64}, {files:UInt64}, {duration:UInt64}, {details:String}, {error:String},
  greatest(toUnixTimestamp64Milli(now64(3)), newest + 1)
FROM (SELECT max(_ver) AS newest FROM meta.backup_runs WHERE backup_name = {name:String})`,
    {
      ts: Math.floor(row.startedAt / 1000),
      name: row.name,
      mode: row.kind,
      base: row.base,
      target: row.target,
      status: row.status,
      finished: Math.floor(row.finishedAt / 1000),
      bytes: row.bytes,
      files: row.files,
      duration: row.finishedAt === 0 ? 0 : row.finishedAt - row.startedAt,
      details: JSON.stringify(row.details),
      error: row.error.slice(0, 500),
    },
  );
}

function parse(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    // Empty, or written by somebody else.
    return {};
  }
}
