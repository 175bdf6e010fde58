import type { Warehouse } from "../../warehouse/client";
import { StatementFailure } from "../../warehouse/failure";
import { PROBE } from "../../warehouse/login";
import { asAdmin } from "../../warehouse/queries";
import { columnIn, objectIn, signsOfRefusal } from "./signs";
import type { Trouble } from "./trouble";

/** A statement that the server refused or gave up. */
export interface FailedStatement {
  user: string;
  /** Of a loader: job and run. */
  comment: string;
  code: number;
  name: string;
  exception: string;
  /** Without its values. */
  statement: string;
  /** In Moscow time. */
  at: string;
}

/** ClickHouse's codes for a table or database that does not exist. */
const NOT_THERE = [60, 81];
const RUN = /^(\S+) ([0-9a-f-]{36})$/;
/** A longer statement is cut: its beginning names the table. */
const SHAPE_LENGTH = 300;

/** True for a statement of a run of a loader. */
export function isOfRun({ comment }: FailedStatement): boolean {
  return RUN.test(comment);
}

/** Job and run of a statement of a loader. */
export function runOf(comment: string): { job: string; runId: string } {
  const [, job = "", runId = ""] = RUN.exec(comment) ?? [];
  return { job, runId };
}

/**
 * Statements of these users that failed, and have not been done since by the same user in the same shape, in their order.
 * Those that were sent to be refused are left out.
 */
export function readFailures(
  warehouse: Warehouse,
  window: { minutes: number; users: readonly string[] },
): Promise<FailedStatement[]> {
  return rowsIfThere(
    warehouse.rows(
      asAdmin`SELECT failed.user AS user, failed.log_comment AS comment, failed.exception_code AS code,
  errorCodeToName(failed.exception_code) AS name, failed.exception AS exception, normalizeQuery(failed.query) AS statement,
  toString(failed.event_time) AS at
FROM system.query_log AS failed
LEFT JOIN
(
  SELECT user, normalized_query_hash AS shape, max(event_time_microseconds) AS at
  FROM system.query_log
  WHERE type = 'QueryFinish' AND event_date >= toDate(now() - toIntervalMinute({minutes:UInt32})) AND user IN {users:Array(String)}
  GROUP BY user, shape
) AS done ON done.user = failed.user AND done.shape = failed.normalized_query_hash
WHERE failed.type IN ('ExceptionBeforeStart', 'ExceptionWhileProcessing')
  AND failed.event_date >= toDate(now() - toIntervalMinute({minutes:UInt32}))
  AND failed.event_time > now() - toIntervalMinute({minutes:UInt32})
  AND failed.user IN {users:Array(String)} AND NOT startsWith(failed.query_id, {probe:String})
  AND done.at < failed.event_time_microseconds
ORDER BY failed.event_time_microseconds`,
      { ...window, probe: PROBE },
    ),
  );
}

/** Rows of a log or of the journal; none where it is not there, as a log before its first flush. */
export async function rowsIfThere<T>(reading: Promise<T[]>): Promise<T[]> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StatementFailure && NOT_THERE.includes(error.code)) return [];
    throw error;
  }
}

/** A failed statement as a trouble; its signs are the caller's to complete. */
export function troubleOf(failed: FailedStatement, objects: readonly string[]): Trouble {
  const { user, code, name, exception, statement, at } = failed;
  const { job } = runOf(failed.comment);
  const reason = exception.replace(/^Code: \d+\. DB::Exception: /, "");
  const said = new StatementFailure(code, name, reason).gist;
  const object = objectIn(said, objects) ?? objectIn(statement, objects);
  const column = columnIn(said);
  return {
    signs: signsOfRefusal(code, exception),
    who: job || user,
    user,
    ...(object === undefined ? {} : { object }),
    ...(column === undefined ? {} : { column }),
    statement: statement.replace(/\s+/g, " ").slice(0, SHAPE_LENGTH),
    said: withoutValues(`code ${code} ${name}: ${said}`),
    at,
  };
}

/** A text without what stands in quotes: there the server puts values of rows. */
export function withoutValues(said: string): string {
  return said.replaceAll(/'(?:[^'\\]|\\.)*'/g, "'…'");
}
