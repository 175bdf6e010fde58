import type { Clock } from "../core/clock";
import { createDatabase, type Database, type DatabaseSettings } from "../core/database";
import { EXIT } from "../../exit-codes";
import { describeError, ExpectedError, LockedError, StoppedError } from "../core/errors";
import { writeJournalRow, type JournalRow } from "../core/journal";
import { takeLease, type Lease } from "../core/lease";
import { Quarantine } from "../core/quarantine";
import { Stopwatch } from "../core/stopwatch";
import type { Log } from "../core/log";
import type { RunContext } from "./context";
import { raiseAlerts, writeServiceLevels, type Alert } from "./service-levels";

/** Aborted by SIGTERM, SIGINT, and by an error that nobody waits for. */
export function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () =>
      stop.abort(new StoppedError(`The run was stopped by ${name}; the facts are as they were.`)),
    );
  }
  process.on("uncaughtException", (error) => stop.abort(error));
  return stop;
}

/** How long the journal row and the release of the lease may take after the run itself is over, in ms. */
const CLOSING_TIME = 30_000;

export interface JobOptions {
  /** Name in the journal, the lease and the watermarks. */
  job: string;
  runId: string;
  /** Milliseconds since 1970 UTC; the run clock. */
  startedAt: number;
  /** How long the whole run may take. */
  seconds: number;
  /** How a person gives it more time, for the message: the name of the setting. */
  secondsSetting: string;
  leaseSeconds: number;
  /** Folder of the list of rows that are put aside. */
  quarantineDirectory: string;
  database: DatabaseSettings;
  clock: Clock;
  log: Log;
  /** Stack traces go into the log. */
  verbose: boolean;
  /** Aborted with the reason when the run must end. */
  stop: AbortController;
}

/** What the journal says about a run. */
export type Outcome = Pick<JournalRow, "status" | "rowsProcessed" | "message" | "metrics"> & {
  /** What a person should look at. */
  alerts?: readonly Alert[];
};

/**
 * One real run of a job: connect, take the lease, work, write the one journal row, release. Answers the exit code.
 * A failure of the work ends in a journal row `error`. Throws `LockedError`, and what keeps it from writing to the journal
 * (no server, wrong password).
 */
export async function runJob(
  options: JobOptions,
  work: (context: RunContext) => Promise<Outcome>,
): Promise<number> {
  const { job, runId, startedAt, clock, log, stop } = options;
  const deadline = startedAt + options.seconds * 1000;
  const stopWith = (reason: unknown): void => {
    if (!stop.signal.aborted) stop.abort(reason);
  };
  const timeout = setTimeout(() => {
    stopWith(
      new StoppedError(
        `The run used up its ${options.seconds} s and was stopped; the next run starts from the last watermark (${options.secondsSetting}).`,
      ),
    );
  }, deadline - clock.now());
  const shared = { ...options.database, job, runId, clock, log };
  // Lease and journal keep working when the run itself is stopped.
  const control = createDatabase({ ...shared, deadline: deadline + CLOSING_TIME });
  let lease: Lease | undefined;
  const mayWrite = async () => lease?.ensure();
  const database = createDatabase({ ...shared, deadline, signal: stop.signal, mayWrite });

  const workUnderLease = async (): Promise<Outcome> => {
    const seconds = options.leaseSeconds;
    lease = await takeLease({ database: control, clock, log, job, runId, seconds, onLost: stopWith });
    const quarantine = new Quarantine({ directory: options.quarantineDirectory, job, runId, log });
    const { signal } = stop;
    return work({
      job,
      runId,
      startedAt,
      deadline,
      signal,
      clock,
      log,
      database,
      quarantine,
      stopwatch: new Stopwatch(),
    });
  };

  try {
    await database.connect();
    const outcome = await workUnderLease().catch((error: unknown) => {
      if (error instanceof LockedError) throw error;
      logFailure(log, error, options.verbose);
      return failureOutcome(error);
    });
    const row = { job, runId, startedAt, finishedAt: clock.now(), ...outcome };
    if (outcome.status === "error") {
      // The row comes first here: if it cannot be written, nothing can. The log has said what failed.
      await writeJournalRow(control, row).then(
        () => writeServiceLevelsAndAlerts(control, row, log, mayWrite),
        () => undefined,
      );
      return EXIT.error;
    }
    await writeServiceLevelsAndAlerts(control, row, log, mayWrite);
    await writeJournalRow(control, row);
    log.info(
      outcome.status === "ok" ? "Ingestion completed successfully" : "Ingestion completed partly",
      outcome.message,
    );
    return outcome.status === "ok" ? EXIT.ok : EXIT.partial;
  } finally {
    clearTimeout(timeout);
    await lease?.release().catch((error: unknown) => {
      log.warning(`The lease was not released and will expire by itself: ${describeError(error).message}`);
    });
    await Promise.allSettled([database.close(), control.close()]);
  }
}

/** What the journal says about a run that failed. */
export function failureOutcome(error: unknown): Outcome {
  const { error_type: type, message } = describeError(error);
  const details =
    error instanceof ExpectedError && "status" in error.details
      ? { message, ...error.details }
      : { error_type: type, message };
  return {
    status: "error",
    rowsProcessed: 0,
    message: { status: "error", error: details },
    metrics: { error: message, error_details: details },
    alerts: [{ severity: "error", code: "run_failed", message }],
  };
}

/** Service levels and alerts: about a run, no part of it, so their failure costs one warning. Without the lease there are none. */
async function writeServiceLevelsAndAlerts(
  control: Database,
  row: JournalRow & Outcome,
  log: Log,
  mayWrite: () => Promise<void>,
): Promise<void> {
  try {
    await mayWrite();
    await writeServiceLevels(control, row);
    await raiseAlerts(control, row, row.alerts ?? []);
  } catch (error) {
    log.warning(`Service levels or alerts were not written: ${describeError(error).message}`);
  }
}

/** Says why a run failed: expected mistakes in one sentence, others with their class, and their stack when asked for. */
export function logFailure(log: Log, error: unknown, verbose: boolean): void {
  const { error_type: type, message } = describeError(error);
  const fields = verbose && error instanceof Error ? { stack: error.stack } : {};
  if (error instanceof LockedError) log.warning(error.message);
  else if (error instanceof ExpectedError) log.error(`Configuration or API error: ${error.message}`, fields);
  else log.error(`Unexpected error ${type}: ${message}`, fields);
}
