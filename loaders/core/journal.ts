import type { Database } from "./database";

export type RunStatus = "ok" | "partial" | "error";

/** The one row of a real run in `meta_job_runs`. Timestamps are milliseconds since 1970 UTC. */
export interface JournalRow {
  job: string;
  runId: string;
  startedAt: number;
  finishedAt: number;
  status: RunStatus;
  rowsProcessed: number;
  /** Counters, or the error. No personal data. */
  message: Record<string, unknown>;
  /** Counters, durations, pages, window. */
  metrics: Record<string, unknown>;
}

/** Columns of a journal row, in order. */
export const JOURNAL_COLUMNS = [
  "job",
  "run_id",
  "started_at",
  "finished_at",
  "status",
  "rows_processed",
  "message",
  "metrics",
  "_ver",
] as const;

/** Writes the journal row of a run. The version is the start of the run, so that a repeated write is the same row. */
export async function writeJournalRow(database: Database, row: JournalRow): Promise<void> {
  const started = Math.floor(row.startedAt / 1000);
  await database.insert(
    `${database.name}.meta_job_runs`,
    JOURNAL_COLUMNS,
    [
      {
        job: row.job,
        run_id: row.runId,
        started_at: started,
        finished_at: Math.max(started, Math.floor(row.finishedAt / 1000)),
        status: row.status,
        rows_processed: row.rowsProcessed,
        message: JSON.stringify(row.message),
        metrics: JSON.stringify(row.metrics),
        _ver: row.startedAt,
      },
    ],
    `journal:${row.runId}`,
  );
}
