import type { Clock } from "./clock";
import { createDatabase, type Database, type DatabaseSettings } from "./database";
import { EXIT } from "../../exit-codes";
import { describeError, ExpectedError, LockedError, StoppedError } from "./errors";
import { writeJournalRow, type JournalRow } from "./journal";
import { takeLease, type Lease } from "./lease";
import type { Log } from "./log";
import { raiseAlerts, writeServiceLevels, type Alert } from "./metrics";

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
 * The work is given the connected database, whose statements end when the run is stopped; a failure of the work ends in
 * a journal row `error`. Throws `LockedError`, and what keeps it from writing to the journal (no server, wrong password).
 */
export async function runJob(
  options: JobOptions,
  work: (database: Database) => Promise<Outcome>,
): Promise<number> {
  const { job, runId, startedAt, clock, log, stop } = options;
  const deadline = startedAt + options.seconds * 1000;
  const stopWith = (reason: unknown): void => {
    if (!stop.signal.aborted) stop.abort(reason);
  };
  const budget = setTimeout(() => {
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
  try {
    await database.connect();
    const outcome = await (async () => {
      const seconds = options.leaseSeconds;
      lease = await takeLease({ database: control, clock, log, job, runId, seconds, onLost: stopWith });
      return work(database);
    })().catch((error: unknown) => {
      if (error instanceof LockedError) throw error;
      logFailure(log, error, options.verbose);
      return failed(error);
    });
    const row = { job, runId, startedAt, finishedAt: clock.now(), ...outcome };
    if (outcome.status === "error") {
      // The row comes first here: if it cannot be written, nothing can.
      if (await recorded(control, row)) await writeSigns(control, row, log, mayWrite);
      return EXIT.error;
    }
    await writeSigns(control, row, log, mayWrite);
    await writeJournalRow(control, row);
    log.info(
      outcome.status === "ok" ? "Ingestion completed successfully" : "Ingestion completed partly",
      outcome.message,
    );
    return outcome.status === "ok" ? EXIT.ok : EXIT.partial;
  } finally {
    clearTimeout(budget);
    await lease?.release().catch((error: unknown) => {
      log.warning(`The lease was not released and will expire by itself: ${describeError(error).message}`);
    });
    await Promise.allSettled([database.close(), control.close()]);
  }
}

/** What the journal says about a run that failed. */
export function failed(error: unknown): Outcome {
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

/** Journal row of a run that failed, which has said so in the log already; answers whether it was written. */
async function recorded(control: Database, row: JournalRow): Promise<boolean> {
  return writeJournalRow(control, row).then(
    () => true,
    () => false,
  );
}

/** Service levels and alerts: about a run, no part of it, so their failure costs one warning. Without the lease there are none. */
async function writeSigns(
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
