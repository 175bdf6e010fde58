import { JOURNAL } from "../../loaders/pipeline/source";
import { DATABASE, users } from "../../warehouse/catalogue";
import type { Warehouse } from "../../warehouse/client";
import { asAdmin } from "../../warehouse/queries";
import { z } from "zod";
import { parseJson } from "../stack";
import { CLOCK_SECONDS, sayClock } from "./present";
import { misfitsOf, objectIn, signsOf } from "./signs";
import { rowsIfThere, runOf, troubleOf, withoutValues, type FailedStatement } from "./statements";
import type { Trouble } from "./trouble";

/** A row of the journal; times in seconds, by the clock of the loader and by that of the server. */
interface Row {
  job: string;
  runId: string;
  status: string;
  message: string;
  at: string;
  finished: number;
  loaded: number;
}

/** A run that has reached the server. */
interface Run {
  job: string;
  /** Greater is later, in microseconds. */
  order: number;
  row?: Row;
  failures: FailedStatement[];
}

/** What the journal says of a run, as far as it is looked at. */
const message = z.object({
  error: z.object({ message: z.string() }).optional(),
  degraded: z.array(z.string()).optional(),
  quarantined: z.record(z.string(), z.number()).optional(),
});

/**
 * What went wrong in the newest run of each job that has ended or failed: a good one after a bad one puts it right.
 * @param given failed statements of runs, and the objects that `sql/` declares
 */
export async function readRuns(
  warehouse: Warehouse,
  given: { minutes: number; failures: readonly FailedStatement[]; objects: readonly string[] },
): Promise<Trouble[]> {
  const runs = await collectRuns(warehouse, given);
  const jobs = [...new Set(runs.map(({ job }) => job))];
  return jobs.flatMap((job) => {
    const newest = runs.filter((run) => run.job === job && (run.row ?? run.failures[0]) !== undefined).at(-1);
    return newest === undefined ? [] : troublesOf(newest, given.objects);
  });
}

/** Every run within the window, in their order. */
async function collectRuns(
  warehouse: Warehouse,
  { minutes, failures }: { minutes: number; failures: readonly FailedStatement[] },
): Promise<Run[]> {
  const [rows, begun] = await Promise.all([
    readJournal(warehouse, minutes),
    readBeginnings(warehouse, minutes),
  ]);
  const runs = new Map<string, Run>();
  for (const { comment, began } of begun) {
    const { job, runId } = runOf(comment);
    const own = failures.filter((failure) => failure.comment === comment);
    runs.set(runId, { job, order: began, failures: own });
  }
  for (const row of rows) {
    const known = runs.get(row.runId) ?? { job: row.job, order: row.loaded * 1_000_000, failures: [] };
    runs.set(row.runId, { ...known, row });
  }
  return [...runs.values()].sort((a, b) => a.order - b.order);
}

function readJournal(warehouse: Warehouse, minutes: number): Promise<Row[]> {
  return rowsIfThere(
    warehouse.rows<Row>(
      asAdmin`SELECT toString(job) AS job, toString(run_id) AS runId, toString(status) AS status, message, toString(_loaded_at) AS at,
  toUnixTimestamp(finished_at) AS finished, toUnixTimestamp(_loaded_at) AS loaded
FROM ${JOURNAL} FINAL WHERE _loaded_at > now() - toIntervalMinute({minutes:UInt32})`,
      { minutes },
    ),
  );
}

/** When each run sent its first statement. */
function readBeginnings(
  warehouse: Warehouse,
  minutes: number,
): Promise<{ comment: string; began: number }[]> {
  return rowsIfThere(
    warehouse.rows(
      asAdmin`SELECT log_comment AS comment, toUnixTimestamp64Micro(min(event_time_microseconds)) AS began
FROM system.query_log
WHERE event_date >= toDate(now() - toIntervalMinute({minutes:UInt32})) AND event_time > now() - toIntervalMinute({minutes:UInt32})
  AND match(log_comment, '^[^ ]+ [0-9a-f-]+$') GROUP BY comment`,
      { minutes },
    ),
  );
}

function troublesOf({ job, row, failures }: Run, objects: readonly string[]): Trouble[] {
  const statements = failures.map((failure) => ofLoader(troubleOf(failure, objects)));
  // What failed first made the rest fail, the journal's row with it.
  if (row === undefined) return statements.slice(0, 1);
  const { error, degraded = [], quarantined = {} } = message.catch({}).parse(parseJson(row.message));
  const said = [...(error === undefined ? [] : [error.message]), ...(row.status === "ok" ? [] : degraded)];
  const aside = Object.entries(quarantined).map(([reason, times]) => `${reason}, ${times} times`);
  const trouble = (signs: string[], text: string): Trouble =>
    ofLoader({ signs, who: job, user: users.loader, said: withoutValues(text), at: row.at });
  return [
    ...said.flatMap((text): Trouble[] => {
      const misfits = misfitsOf(text).map(({ sign, table, column }) => ({
        ...trouble([sign], text),
        object: `${DATABASE}.${table}`,
        ...(column === undefined ? {} : { column }),
      }));
      if (misfits.length > 0) return misfits.map(ofLoader);
      const signs = signsOf(text);
      // The log of the server knows the statement too.
      const statement = statements.find((one) => one.signs.some((sign) => signs.includes(sign)));
      if (statement !== undefined) return [statement];
      const object = objectIn(text, objects);
      return [{ ...trouble(signs, text), ...(object === undefined ? {} : { object }) }];
    }),
    ...(aside.length === 0 ? [] : [trouble(["rows put aside"], aside.join("; "))]),
    ...(Math.abs(row.finished - row.loaded) < CLOCK_SECONDS
      ? []
      : [trouble(["run clock"], sayClock(row.finished - row.loaded))]),
  ];
}

function ofLoader(trouble: Trouble): Trouble {
  return { ...trouble, signs: [...new Set([...trouble.signs, "by a loader"])] };
}
