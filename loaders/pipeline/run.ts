import type { Clock } from "../core/clock";
import { databaseSettings, type CommonSettings } from "../core/settings";
import type { Log } from "../core/log";
import type { RunContext } from "./context";
import { DataSets } from "./data-sets";
import type { DryRun } from "./dry-run";
import { runJob, type Outcome } from "./job";
import type { Progress } from "./progress";
import { reportOf } from "./report";
import { checkTables, type TableUse } from "./table-check";

/** One run of a source whose arguments and settings are right; nothing has been sent yet. */
export interface PreparedRun {
  /** Name in the journal, the lease and the watermarks. */
  job: string;
  /** How long the whole run may take. */
  seconds: number;
  /** Setting that says so, for the message. */
  secondsSetting: string;
  /** Tables that the run writes: they are checked before anything is read. */
  tables: TableUse;
  /** Counters that the journal always has. */
  counters: readonly string[];
  /** What a dry run tells; `reason` says why it is one. Sends nothing, opens no connection. Throws for input that is refused. */
  rehearse: (log: Log, reason: string) => DryRun;
  /** Reads the source and writes the warehouse; answers what the journal's metrics get besides. Throws when the run failed. */
  load: (context: RunContext, dataSets: DataSets) => Promise<Record<string, unknown>>;
}

export interface RunOptions {
  settings: CommonSettings;
  runId: string;
  /** Milliseconds since 1970 UTC; the run clock. */
  startedAt: number;
  clock: Clock;
  log: Log;
  /** Ended by the caller. */
  progress: Progress;
  /** Stack traces go into the log. */
  verbose: boolean;
  /** Aborted with the reason when the run must end. */
  stop: AbortController;
}

/** One real run. Answers the exit code; throws where there is no journal row (no server, lease held by another run). */
export async function runSource(run: PreparedRun, options: RunOptions): Promise<number> {
  const { settings, progress, ...rest } = options;
  return runJob(
    {
      ...rest,
      job: run.job,
      seconds: run.seconds,
      secondsSetting: run.secondsSetting,
      leaseSeconds: settings.LEASE_SECONDS,
      quarantineDirectory: settings.QUARANTINE_DIR,
      database: databaseSettings(settings),
    },
    (context) => loadSource(run, context, progress),
  );
}

/** The work of a run between lease and journal row. */
export async function loadSource(
  run: PreparedRun,
  context: RunContext,
  progress: Progress,
): Promise<Outcome> {
  await checkTables(context.database, run.tables);
  const dataSets = new DataSets(context, progress);
  const metrics = await run.load(context, dataSets);
  return reportOf(dataSets.total, {
    counters: run.counters,
    quarantined: context.quarantine.reasons,
    stopwatch: context.stopwatch,
    seconds: (context.clock.now() - context.startedAt) / 1000,
    metrics,
  });
}
