import type { Clock } from "../core/clock";
import { createDatabase, type Database } from "../core/database";
import { EXIT, ExpectedError, LockedError, StoppedError, describeError } from "../core/errors";
import { createHttpClient, type HttpClient } from "../core/http";
import { writeJournalRow, type JournalRow } from "../core/journal";
import { takeLease, type Lease } from "../core/lease";
import type { Log } from "../core/log";
import { Quarantine } from "../core/quarantine";
import { READ_ONLY_PATHS } from "./api";
import { load } from "./load";
import { apiReader, fixtureReader, type Reader } from "./reader";
import { failed, loaded } from "./report";
import { clickHousePort, type Settings } from "./settings";
import type { WindowArguments } from "./windows";

/** What one real run is given. */
export interface RealRun {
  settings: Settings;
  asked: WindowArguments;
  /** Folder to read instead of the API. */
  fixtures?: string | undefined;
  /** Stack traces go into the log. */
  verbose: boolean;
  log: Log;
  runId: string;
  /** Milliseconds since 1970 UTC. */
  startedAt: number;
  clock: Clock;
  /** Aborted with the reason when the run must end. */
  stop: AbortController;
}

/** How long the journal row and the release of the lease may take after the run itself is over. */
const CLOSING_TIME = 30_000;

/** One real run: connect, lease, load, journal row, release. Answers the exit code; throws where there is no journal row. */
export async function realRun(run: RealRun): Promise<number> {
  const { settings, log, runId, startedAt, clock, stop } = run;
  const deadline = startedAt + settings.QTICKETS_RUN_SECONDS * 1000;
  const stopWith = (reason: unknown): void => {
    if (!stop.signal.aborted) stop.abort(reason);
  };
  const budget = setTimeout(() => {
    stopWith(
      new StoppedError(
        `The run used up its ${settings.QTICKETS_RUN_SECONDS} s and was stopped; the next run starts where it began (QTICKETS_RUN_SECONDS).`,
      ),
    );
  }, deadline - clock.now());

  const shared = {
    host: settings.CLICKHOUSE_HOST,
    port: clickHousePort(settings),
    secure: settings.CLICKHOUSE_SECURE,
    verifyTls: settings.CLICKHOUSE_VERIFY_SSL,
    database: settings.CLICKHOUSE_DB,
    user: settings.CLICKHOUSE_USER,
    password: settings.CLICKHOUSE_PASSWORD,
    job: settings.JOB_NAME,
    runId,
    clock,
    log,
  };
  // Lease and journal keep working when the run itself is stopped.
  const control = createDatabase({ ...shared, deadline: deadline + CLOSING_TIME });
  const database = createDatabase({ ...shared, deadline, signal: stop.signal });
  let client: HttpClient | undefined;
  let lease: Lease | undefined;
  try {
    const reader = openReader(run, deadline, (opened) => (client = opened));
    await database.connect();
    const outcome = await (async () => {
      lease = await takeLease({
        database: control,
        clock,
        log,
        job: settings.JOB_NAME,
        runId,
        seconds: settings.LEASE_SECONDS,
        onLost: stopWith,
      });
      const quarantine = new Quarantine({
        directory: settings.QUARANTINE_DIR,
        job: settings.JOB_NAME,
        runId,
        log,
      });
      const done = await load({
        settings,
        runId,
        startedAt,
        deadline,
        clock,
        log,
        database,
        reader,
        quarantine,
        asked: run.asked,
      });
      return loaded(done, (clock.now() - startedAt) / 1000, client?.requests ?? 0);
    })().catch((error: unknown) => {
      if (error instanceof LockedError) throw error;
      logFailure(log, error, run.verbose);
      return failed(error);
    });
    await record(control, { job: settings.JOB_NAME, runId, startedAt, finishedAt: clock.now(), ...outcome });
    if (outcome.status === "error") return EXIT.error;
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
    await Promise.allSettled([client?.close(), database.close(), control.close()]);
  }
}

function openReader(
  { settings, fixtures, clock, log, stop }: RealRun,
  deadline: number,
  opened: (client: HttpClient) => void,
): Reader {
  if (fixtures !== undefined) return fixtureReader(fixtures);
  const client = createHttpClient({
    apiName: "QTickets",
    baseUrl: settings.QTICKETS_BASE_URL,
    token: settings.QTICKETS_TOKEN,
    allow: READ_ONLY_PATHS,
    requestTimeoutMs: settings.QTICKETS_REQUEST_SECONDS * 1000,
    ratePerSecond: settings.QTICKETS_RATE_PER_SECOND,
    deadline,
    signal: stop.signal,
    clock,
    log,
  });
  opened(client);
  return apiReader(client);
}

async function record(control: Database, row: JournalRow): Promise<void> {
  try {
    await writeJournalRow(control, row);
  } catch (error) {
    // A run that failed anyway has said so in the log; a loaded one must not pass for journalled.
    if (row.status !== "error") throw error;
  }
}

/** Says why a run failed: one sentence for what is expected, class and text for the rest. */
export function logFailure(log: Log, error: unknown, verbose: boolean): void {
  const { error_type: type, message } = describeError(error);
  const fields = verbose && error instanceof Error ? { stack: error.stack } : {};
  if (error instanceof LockedError) log.warning(error.message);
  else if (error instanceof ExpectedError) log.error(`Configuration or API error: ${error.message}`, fields);
  else log.error(`Unexpected error ${type}: ${message}`, fields);
}
