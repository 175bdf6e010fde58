import { asLoader } from "../warehouse/queries";
import type { LoaderTarget } from "../warehouse/target";
import { queryAsLoader } from "./loader";

/** A run as the journal or a lease names it. */
export interface Run {
  job: string;
  runId: string;
}

/** What the journal of runs holds at a time. */
export interface JournalState {
  /** Rows of the job. */
  total: number;
  /** Runs of all jobs whose rows were written in the last day. */
  recent: Run[];
  /** Runs that hold a lease, or held the last one of their job. */
  leased: Run[];
}

const EMPTY: JournalState = { total: 0, recent: [], leased: [] };

/** Reads the journal as the loader's user. In a new stack its tables may not be there yet: it is empty then. */
export async function readJournal(target: LoaderTarget, job: string): Promise<JournalState> {
  const tables = await queryAsLoader(
    target,
    asLoader`SELECT uniqExact(database, table) FROM system.columns
WHERE (database = 'zakaz' AND table = 'meta_job_runs') OR (database = 'meta' AND table = 'watermarks')`,
  );
  if (tables !== "2") return EMPTY;
  const total = await queryAsLoader(
    target,
    asLoader`SELECT count() FROM zakaz.meta_job_runs WHERE job = '${job}'`,
  );
  const recent = await queryAsLoader(
    target,
    asLoader`SELECT DISTINCT toString(job), toString(run_id) FROM zakaz.meta_job_runs WHERE _loaded_at > now() - INTERVAL 1 DAY`,
  );
  return { total: Number(total), recent: runsOf(recent), leased: await readLeased(target) };
}

/** Every run has held the lease of its job before its row is written; the table keeps the last holder of each job. */
export async function readLeased(target: LoaderTarget): Promise<Run[]> {
  const rows = await queryAsLoader(
    target,
    asLoader`SELECT DISTINCT toString(source), toString(run_id) FROM meta.watermarks WHERE stream = 'lease'`,
  );
  return runsOf(rows);
}

function runsOf(rows: string): Run[] {
  return rows
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [job = "", runId = ""] = line.split("\t");
      return { job, runId };
    });
}

/** What became of the journal while a dry run was under way. */
export interface Verdict {
  /** Runs that have written a row meanwhile, as they may. */
  others: Run[];
  /** Why the dry run has not passed, as a sentence. */
  fault?: string;
}

/**
 * Judges a dry run by the journal before and after it: it has no row, and each new row is of a run that held its job's lease.
 * @param dry the dry run
 * @param seen runs that were seen to hold a lease between the two
 */
export function judgeJournal(
  dry: Run,
  before: JournalState,
  after: JournalState,
  seen: readonly Run[],
): Verdict {
  const fresh = after.recent.filter((run) => !before.recent.some((old) => isSame(old, run)));
  if (fresh.some(({ runId }) => runId === dry.runId)) {
    return { others: [], fault: `The dry run ${dry.runId} wrote a row into meta_job_runs: it was none` };
  }
  const known = [...before.leased, ...seen, ...after.leased];
  const stranger = fresh.find((run) => !known.some((one) => isSame(one, run)));
  if (stranger === undefined) return { others: fresh };
  return {
    others: [],
    fault: `meta_job_runs has got a row of job ${stranger.job}, run ${stranger.runId}, which no run accounts for: no lease names it`,
  };
}

function isSame(one: Run, other: Run): boolean {
  return one.job === other.job && one.runId === other.runId;
}
