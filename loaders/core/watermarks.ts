import { asLoader } from "../../warehouse/queries";
import type { Database } from "./database";

/** How far one stream of a job has been read. */
export interface Watermark {
  stream: string;
  type: "ts" | "date";
  /** ISO 8601 timestamp with offset, or ISO date. */
  value: string;
}

/** All watermarks of a job by stream name; the lease is not among them. */
export async function readWatermarks(database: Database, job: string): Promise<Map<string, string>> {
  const found = await database.rows<{ stream: string; wm_value: string }>(
    asLoader`SELECT stream, wm_value FROM meta.watermarks FINAL WHERE source = {job:String} AND stream != 'lease'`,
    { job },
  );
  return new Map(found.map((row) => [row.stream, row.wm_value]));
}

/** Writes watermarks in one insert. To be called after their rows and facts are acknowledged, each time with a greater version. */
export async function writeWatermarks(
  database: Database,
  job: string,
  runId: string,
  version: number,
  watermarks: readonly Watermark[],
): Promise<void> {
  await database.insert(
    "meta.watermarks",
    ["source", "stream", "wm_type", "wm_value", "run_id", "_ver"],
    watermarks.map((one) => ({
      source: job,
      stream: one.stream,
      wm_type: one.type,
      wm_value: one.value,
      run_id: runId,
      _ver: version,
    })),
    `watermarks:${runId}:${version}`,
  );
}
