import { asLoader } from "../warehouse/queries";
import type { LoaderTarget } from "../warehouse/target";
import { queryAsLoader } from "./loader";

/** A run as the journal or a lease names it. */
export interface Run {
  job: string;
  runId: string;
}

/** A row of the journal. */
export interface JournalRow extends Run {
  /** A run that fails has its row even where it failed for want of a lease, so nothing can be told by leases. */
  hasFailed: boolean;
}

/** What the journal of runs holds at a time. */
export interface JournalState {
  /** Rows of the job. */
  total: number;
  /** Rows of all jobs that were written in the last day. */
  recent: JournalRow[];
  /** The last holder of each job's lease. */
  leased: Run[];
}

const EMPTY: JournalState = { total: 0, recent: [], leased: [] };

/**
 * Reads the journal as the loader's user, before or after a dry run. In a new stack its tables may not be there yet: it is empty
 * then. Leases are read first before and last after: whoever takes one and writes a row between the two readings of rows does so
 * between those of leases too.
 */
export async function readJournal(
  target: LoaderTarget,
  job: string,
  when: "before" | "after",
): Promise<JournalState> {
  const tables = await queryAsLoader(
    target,
    asLoader`SELECT uniqExact(database, table) FROM system.columns
WHERE (database = 'zakaz' AND table = 'meta_job_runs') OR (database = 'meta' AND table = 'watermarks')`,
  );
  if (tables !== "2") return EMPTY;
  if (when === "before") {
    const leased = await readLeased(target);
    return { leased, ...(await readRows(target, job)) };
  }
  return { ...(await readRows(target, job)), leased: await readLeased(target) };
}

async function readRows(target: LoaderTarget, job: string): Promise<Omit<JournalState, "leased">> {
  const total = await queryAsLoader(
    target,
    asLoader`SELECT count() FROM zakaz.meta_job_runs WHERE job = '${job}'`,
  );
  const recent = await queryAsLoader(
    target,
    asLoader`SELECT DISTINCT toString(job), toString(run_id), toString(status) FROM zakaz.meta_job_runs WHERE _loaded_at > now() - INTERVAL 1 DAY`,
  );
  return {
    total: Number(total),
    recent: cellsOf(recent).map(([job = "", runId = "", status]) => ({
      ...{ job, runId },
      hasFailed: status === "error",
    })),
  };
}

async function readLeased(target: LoaderTarget): Promise<Run[]> {
  const rows = await queryAsLoader(
    target,
    asLoader`SELECT toString(source), toString(run_id) FROM meta.watermarks FINAL WHERE stream = 'lease'`,
  );
  return cellsOf(rows).map(([job = "", runId = ""]) => ({ job, runId }));
}

function cellsOf(rows: string): string[][] {
  const lines = rows.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split("\t"));
}

/** What became of the journal while a dry run was under way. */
export interface Verdict {
  /** Runs that have written a row meanwhile, as they may. */
  others: Run[];
  /** Why the dry run has not passed, as a sentence. */
  fault?: string;
}

/**
 * Judges a dry run by the journal before and after it: it has no row, and each new row of a run that has not failed is of one that
 * held its job's lease before, or of a job whose lease was taken meanwhile. Who took it is not asked: the table forgets all
 * holders but the last, however often somebody looks.
 */
export function judgeJournal(dry: Run, before: JournalState, after: JournalState): Verdict {
  const fresh = after.recent.filter((run) => !before.recent.some((old) => isSame(old, run)));
  if (fresh.some(({ runId }) => runId === dry.runId)) {
    return { others: [], fault: `The dry run ${dry.runId} wrote a row into meta_job_runs: it was none` };
  }
  const taken = after.leased.filter((run) => !before.leased.some((old) => isSame(old, run)));
  const stranger = fresh.find(
    (run) =>
      !run.hasFailed &&
      !before.leased.some((one) => isSame(one, run)) &&
      !taken.some(({ job }) => job === run.job),
  );
  const others = fresh.map(({ job, runId }) => ({ job, runId }));
  if (stranger === undefined) return { others };
  return {
    others: [],
    fault: `meta_job_runs has got a row of job ${stranger.job}, run ${stranger.runId}, which no run accounts for: the lease of ${stranger.job} has had no new holder`,
  };
}

function isSame(one: Run, other: Run): boolean {
  return one.job === other.job && one.runId === other.runId;
}
