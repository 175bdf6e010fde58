import type { Clock } from "../core/clock";
import { createHttpClient, type HttpClient } from "../core/http";
import { runJob } from "../core/job";
import type { Log } from "../core/log";
import type { Progress } from "../core/progress";
import { Quarantine } from "../core/quarantine";
import { databaseSettings } from "../core/settings";
import { Stopwatch } from "../core/stopwatch";
import { READ_ONLY_PATHS } from "./api";
import { load } from "./load";
import { apiReader, fixtureReader, type Reader } from "./reader";
import { loaded } from "./report";
import type { Settings } from "./settings";
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
  /** Ended by the caller. */
  progress: Progress;
  runId: string;
  /** Milliseconds since 1970 UTC. */
  startedAt: number;
  clock: Clock;
  /** Aborted with the reason when the run must end. */
  stop: AbortController;
}

/** One real run of the loader. Answers the exit code; throws where there is no journal row. */
export async function realRun(run: RealRun): Promise<number> {
  const { settings, log, runId, startedAt, clock, stop, verbose } = run;
  const job = settings.JOB_NAME;
  const deadline = startedAt + settings.QTICKETS_RUN_SECONDS * 1000;
  const stopwatch = new Stopwatch();
  let client: HttpClient | undefined;
  // Files that are missing are a mistake of the call: told before anything is connected.
  const reader = openReader(run, deadline, stopwatch, (opened) => (client = opened));
  try {
    return await runJob(
      {
        job,
        runId,
        startedAt,
        seconds: settings.QTICKETS_RUN_SECONDS,
        secondsSetting: "QTICKETS_RUN_SECONDS",
        leaseSeconds: settings.LEASE_SECONDS,
        database: databaseSettings(settings),
        clock,
        log,
        verbose,
        stop,
      },
      async (database) => {
        const quarantine = new Quarantine({ directory: settings.QUARANTINE_DIR, job, runId, log });
        const { asked } = run;
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
          stopwatch,
          progress: run.progress,
          asked,
        });
        return loaded(done, (clock.now() - startedAt) / 1000, client?.requests ?? 0);
      },
    );
  } finally {
    await client?.close();
  }
}

function openReader(
  { settings, fixtures, clock, log, stop }: RealRun,
  deadline: number,
  stopwatch: Stopwatch,
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
    concurrency: settings.QTICKETS_CONCURRENCY,
    deadline,
    signal: stop.signal,
    clock,
    log,
    stopwatch,
  });
  opened(client);
  return apiReader(client, settings.QTICKETS_CONCURRENCY);
}
