import type { Clock } from "../core/clock";
import type { Database } from "../core/database";
import type { Log } from "../core/log";
import type { Quarantine } from "../core/quarantine";
import type { Stopwatch } from "../core/stopwatch";

/** What a source is given for one run. What it finds it returns; only quarantine and stopwatch are told on the way. */
export interface RunContext {
  /** Name in the journal, the lease and the watermarks. */
  job: string;
  runId: string;
  /** Milliseconds since 1970 UTC; the run clock. */
  startedAt: number;
  /** Time (ms) at which the run must be over. */
  deadline: number;
  /** Aborted with the reason when the run must end. */
  signal: AbortSignal;
  clock: Clock;
  log: Log;
  /** Connected; its statements end when the run is stopped, and write only while the run holds the lease. */
  database: Database;
  quarantine: Quarantine;
  stopwatch: Stopwatch;
}
