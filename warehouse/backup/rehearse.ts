import { isOlder } from "../../clickhouse/version";
import { applyAccess } from "../access/apply";
import { declaration } from "../access/read";
import { DATABASES } from "../catalogue";
import type { Warehouse } from "../client";
import { DATASETS } from "../datalens/datasets";
import { datasetQueries } from "../datalens/queries";
import { Failure, StatementFailure } from "../failure";
import { asAdmin, probe } from "../queries";
import { Journal } from "../schema/journal";
import { describeDifference } from "../schema/difference";
import { readPlan } from "../schema/plan";
import { quoteText } from "../sql/quote";
import type { KeptBackup } from "./backup";
import { fingerprint, tablesOf } from "./fingerprint";
import type { BackupPlace } from "./place";
import { restoreStatement } from "./restore";

/** How a restored table is, against the live one. */
export interface RehearsedTable {
  table: string;
  rows: number;
  /** `equal`: rows and sums are those of the live table. `since`: the live one has been written since the backup, so only its parts are compared. */
  state: "equal" | "since";
}

/** What a backup was worth, tried out on an empty server. */
export interface Rehearsal {
  backup: string;
  /** Version of the server that it was tried on. */
  serverVersion: string;
  tables: RehearsedTable[];
  views: number;
  queries: number;
  /** Age of the backup: what would have been lost just now. */
  rpoSeconds: number;
  /** From an empty machine to a server with users, schema and data. */
  rtoSeconds: number;
  /** What is not as it must be, a sentence each; empty: all is well. */
  problems: string[];
}

export interface RehearsalOptions {
  /** An empty server with its own admin, which reaches the backups. */
  scratch: Warehouse;
  live: Warehouse;
  /** Where backups are kept. */
  place: BackupPlace;
  backup: Pick<KeptBackup, "name" | "startedAt">;
  /** When the empty server began to be made, ms since 1970. */
  beganAt: number;
  /** Gets what is being done, a line each. */
  say: (line: string) => void;
}

/**
 * Restores a backup into an empty server, as after the loss of everything: users by the program, tables, views and data from the
 * backup. Then every part is checked against its checksums, every table against the live one, the schema against `sql/`, and
 * every view and every query of DataLens is run.
 */
export async function rehearse({
  scratch,
  live,
  place,
  backup,
  beganAt,
  say,
}: RehearsalOptions): Promise<Rehearsal> {
  const problems: string[] = [];
  /** Does one thing; that the server refuses it is a problem, and the next thing is done. */
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      problems.push(`${what}: ClickHouse says ${error.code} ${error.type}: ${error.gist}`);
    }
  };
  const [server] = await scratch.rows<{ version: string }>(asAdmin`SELECT version() AS version`);
  await applyAccess(scratch, declaration([]));
  say(`Restoring ${backup.name} into an empty ClickHouse ${server!.version}`);
  const databases = DATABASES.map((database) => `DATABASE ${database}`);
  await attempt(`${backup.name} cannot be restored`, () =>
    scratch.command(restoreStatement(databases, place, backup.name), {}, { secrets: place.secrets }),
  );
  const rtoSeconds = (Date.now() - beganAt) / 1000;
  const tables: RehearsedTable[] = [];
  for (const table of await tablesOf(scratch)) {
    await attempt(`${table} cannot be read`, async () => {
      const checked = await checkTable(scratch, live, table, backup.startedAt);
      if (typeof checked === "string") problems.push(checked);
      else tables.push(checked);
    });
  }
  say(`${tables.length} tables checked`);
  for (const table of await tablesOf(live)) {
    if (tables.some((one) => one.table === table) || problems.some((text) => text.includes(table))) continue;
    problems.push(`${table} is not in the backup`);
  }
  await attempt("the schema cannot be compared with sql/", async () => {
    const plan = await readPlan(scratch, new Journal(scratch));
    problems.push(...plan.differences.map((one) => `not as sql/ says: ${describeDifference(one)}`));
  });
  const views = await scratch.rows<{ name: string }>(
    asAdmin`SELECT concat(database, '.', name) AS name FROM system.tables WHERE database IN (${DATABASES.map(quoteText).join(", ")}) AND engine = 'View'`,
  );
  for (const { name } of views) {
    await attempt(`view ${name} cannot be read`, () =>
      scratch.text(probe`SELECT * FROM ${name} FORMAT Null`),
    );
  }
  const queries = DATASETS.flatMap(datasetQueries);
  for (const { what, sql } of queries) await attempt(what, () => scratch.text(sql));
  say(`${views.length} views and ${queries.length} queries of DataLens run`);
  return {
    backup: backup.name,
    serverVersion: server!.version,
    tables,
    views: views.length,
    queries: queries.length,
    rpoSeconds: (beganAt - backup.startedAt) / 1000,
    rtoSeconds,
    problems,
  };
}

/** A restored table, or what is wrong with it. */
async function checkTable(
  scratch: Warehouse,
  live: Warehouse,
  table: string,
  startedAt: number,
): Promise<RehearsedTable | string> {
  // Every file of every part against the checksums that the live server wrote with it.
  const [check] = await scratch.rows<{ result: number }>(
    `CHECK TABLE ${table} SETTINGS check_query_single_value_result = 1`,
  );
  if (check?.result !== 1) return `${table} has parts that are not as they were written`;
  const restored = await fingerprint(scratch, table);
  const { rows } = restored;
  const now = await fingerprint(live, table).catch((error: unknown) => {
    if (error instanceof StatementFailure) return error.gist;
    throw error;
  });
  if (typeof now === "string")
    return `${table} is in the backup, and the live server says of its own: ${now}`;
  if (now.rows === rows && now.sum === restored.sum) return { table, rows, state: "equal" };
  const [written] = await live.rows<{ since: number }>(
    asAdmin`SELECT toUInt8(max(modification_time) >= toDateTime({startedAt:UInt32})) AS since FROM system.parts WHERE concat(database, '.', table) = {table:String}`,
    { table, startedAt: Math.floor(startedAt / 1000) },
  );
  if (written?.since === 1) return { table, rows, state: "since" };
  return `${table} has ${rows} rows in the backup and ${now.rows} on the live server, which has not been written since`;
}

/** The figures of a drill, in the journal of service levels. */
export async function journalDrill(
  live: Warehouse,
  { rpoSeconds, rtoSeconds, problems }: Rehearsal,
): Promise<void> {
  await live.command(
    asAdmin`INSERT INTO meta.sli_daily (d, table_name, metric_name, metric_value)
SELECT toDate(now('Europe/Moscow')), 'restore_drill', pair.1, pair.2
FROM (SELECT arrayJoin([('rpo_seconds', {rpo:Float64}), ('rto_seconds', {rto:Float64}), ('problems', {problems:Float64})]) AS pair)`,
    { rpo: rpoSeconds, rto: rtoSeconds, problems: problems.length },
  );
}

/**
 * @throws Failure when the new version is older than the one that runs: what it makes of newer data nobody promises
 */
export function refuseDowngrade(from: string, to: string): void {
  if (!isOlder(to, from)) return;
  throw new Failure(
    `ClickHouse ${to} is older than ${from}, which has written the data: an older server need not start on them, nor read them. ` +
      "Stay, or restore a backup that the older one has made",
  );
}
