import { asLoader } from "../../warehouse/queries";
import type { Clock } from "./clock";
import type { Database } from "./database";
import { ExpectedError, LockedError } from "./errors";
import type { Log } from "./log";

export interface LeaseOptions {
  database: Database;
  clock: Clock;
  log: Log;
  job: string;
  runId: string;
  /** How long the lease lives without being renewed. */
  seconds: number;
  /** Called once when the lease is lost while the run is under way. */
  onLost: (reason: ExpectedError) => void;
}

export interface Lease {
  /** Throws when the lease is lost. One that may have run out unnoticed, as the process stood still, is renewed first. */
  ensure(): Promise<void>;
  release(): Promise<void>;
}

/** ClickHouse's code for "a query with this id is running". */
const SAME_ID_IS_RUNNING = "216";

const KEY = "source = {job:String} AND stream = 'lease' AND wm_type = 'ts'";

/**
 * One row of meta.watermarks per job: stream `lease`, value = end of the lease by the server's clock.
 *
 * ClickHouse has no compare-and-set, but it runs at most one query of a given id at a time. So "insert my lease if nobody
 * else has a live one" is one INSERT … SELECT with a fixed query id per job: of two runs that start together one statement
 * is refused by the server, and sees the other's row when it is tried again.
 */
function takeStatement(): string {
  return writeStatement(
    "countIf(run_id != {run_id:UUID} AND parseDateTimeBestEffort(wm_value, 'UTC') > now('UTC')) = 0",
  );
}

/** Renews the lease, also one that ran out, unless another run has taken it since. */
function renewStatement(): string {
  return writeStatement("argMax(run_id, _ver) = {run_id:UUID}");
}

function writeStatement(condition: string): string {
  return asLoader`INSERT INTO meta.watermarks (source, stream, wm_type, wm_value, run_id, _ver)
SELECT {job:String}, 'lease', 'ts',
  formatDateTime(now('UTC') + toIntervalSecond({seconds:Int32}), '%Y-%m-%dT%H:%i:%S+00:00', 'UTC'),
  {run_id:UUID}, greatest(toUnixTimestamp64Milli(now64(3)), newest + 1)
FROM
(
  SELECT
    ${condition} AS allowed,
    max(_ver) AS newest
  FROM meta.watermarks FINAL
  WHERE ${KEY}
)
WHERE allowed`;
}

interface Holder {
  run_id: string;
  until: string;
  since: string;
}

/**
 * Takes the lease of the job, or throws `LockedError` that says who holds it. While held it is renewed at a third of its
 * life; a run that dies leaves it to expire. The sentence names the holder's run id, which its log lines carry too.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { database, clock, log, job, runId, seconds } = options;

  const holder = async (): Promise<Holder | undefined> => {
    const found = await database.rows<Holder>(
      asLoader`SELECT toString(run_id) AS run_id, wm_value AS until, formatDateTime(_loaded_at, '%H:%i:%S') AS since
FROM meta.watermarks FINAL WHERE ${KEY}`,
      { job },
    );
    return found[0];
  };

  const write = async (statement: string, life: number): Promise<Holder | undefined> => {
    const params = { job, run_id: runId, seconds: life };
    for (let tries = 1; ; tries += 1) {
      try {
        await database.run(statement, params, `zakaz-lease-${job}`);
        return await holder();
      } catch (error) {
        const busy = error instanceof ExpectedError && error.details["code"] === SAME_ID_IS_RUNNING;
        if (!busy || tries >= 20) throw error;
        await clock.sleep(50 + 100 * clock.random());
      }
    }
  };

  // Timestamps are kept in whole seconds: one more, or it would last less than promised.
  const life = seconds + 1;
  let heldUntil = clock.now() + seconds * 1000;
  const first = await write(takeStatement(), life);
  if (first?.run_id !== runId) {
    throw new LockedError(
      first === undefined
        ? `The lease of job ${job} could not be taken: run the loader again.`
        : `Job ${job} is already running: run ${first.run_id} holds the lease (last renewed ${first.since} Moscow time, ` +
            `expires ${first.until} unless renewed). Nothing was written; wait for it to end.`,
    );
  }
  log.debug(`Took the lease of job ${job}`, { seconds });

  let lost: ExpectedError | undefined;
  let renewing: Promise<void> | undefined;
  const lose = (why: string): void => {
    lost = new ExpectedError(`The lease of job ${job} was lost: ${why} Run the loader again.`);
    clearInterval(timer);
    options.onLost(lost);
  };
  const renew = async (): Promise<void> => {
    const started = clock.now();
    try {
      const now = await write(renewStatement(), life);
      if (now?.run_id === runId) heldUntil = started + seconds * 1000;
      else lose(now === undefined ? "it is gone." : `run ${now.run_id} has taken it.`);
    } catch (error) {
      const { message } = error as Error;
      if (clock.now() >= heldUntil) lose(message);
      else log.warning("The lease could not be renewed yet", { error: message });
    }
  };
  // A renewal may take longer than the time between two.
  const renewOnce = () => (renewing ??= renew().finally(() => (renewing = undefined)));
  const timer = setInterval(() => void renewOnce(), (seconds * 1000) / 3);
  timer.unref();

  return {
    ensure: async () => {
      if (lost === undefined && clock.now() >= heldUntil) await renewOnce();
      if (lost !== undefined) throw lost;
    },
    release: async () => {
      clearInterval(timer);
      await renewing;
      // A lease that ends now is a free one.
      if (lost === undefined) await write(renewStatement(), 0);
    },
  };
}
