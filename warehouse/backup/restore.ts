import { EXIT } from "../../exit-codes";
import { DATABASES } from "../catalogue";
import type { Warehouse } from "../client";
import { Failure, StatementFailure } from "../failure";
import { asAdmin } from "../queries";
import { quoteText } from "../sql/quote";
import { megabytes } from "./backup";
import { databasesWith, fingerprint, inCopy, tablesOf, type Fingerprint } from "./fingerprint";
import type { BackupPlace } from "./place";

/** The journal of schema changes says what has been done to the tables as they are: it is `up` that writes it, not a restore. */
const OF_THE_SCHEMA = "meta.schema_migrations";

/** Suffix of the databases into which a restore is unpacked before anything is touched. */
const STAGE = "restoring";

/** Brings a backup into databases of other names, views and materialized view rewritten to them. */
export async function restoreAs(
  warehouse: Warehouse,
  backup: BackupToRestore,
  suffix: string,
): Promise<Fingerprint[]> {
  const copies = databasesWith(suffix);
  const [taken] = await warehouse.rows<{ name: string }>(
    asAdmin`SELECT name FROM system.databases WHERE name IN (${copies.map(quoteText).join(", ")}) LIMIT 1`,
  );
  if (taken !== undefined) {
    throw new Failure(
      `There is a database ${taken.name} already: choose another name behind --as, or drop it first`,
      EXIT.usage,
    );
  }
  await unpack(warehouse, backup, suffix);
  return fingerprints(warehouse, await tablesOf(warehouse, suffix), suffix);
}

export interface BackupToRestore {
  /** Where backups are kept. */
  place: BackupPlace;
  name: string;
  /** Size of it and of what it is based on. */
  bytes: number;
}

export interface RestoreRequest extends BackupToRestore {
  /** `database.table` of those that are wanted; empty: all. */
  tables: readonly string[];
  /** Databases and tables whose present rows may be lost. */
  over: readonly string[];
  /** Gets what is being done, a line each. */
  say: (line: string) => void;
}

/**
 * Makes tables hold what they held in a backup. The tables themselves, views and users are not touched: `up` makes them. The
 * backup is first unpacked into databases beside, so that what cannot be read costs nothing; then each table takes over its
 * partitions, one statement each. After a failure or a kill the same call begins anew.
 * @returns what the tables hold now, compared with the backup
 * @throws Failure before anything is touched when a table has rows that `over` does not name, is missing, or is being loaded
 */
export async function restoreTables(warehouse: Warehouse, request: RestoreRequest): Promise<Fingerprint[]> {
  const live = (await tablesOf(warehouse)).filter((table) => table !== OF_THE_SCHEMA);
  const wanted = request.tables.length === 0 ? live : request.tables;
  if (live.length === 0) {
    throw new Failure(
      "The server has no tables of the warehouse: pulumi up --refresh makes them, then restore again",
      EXIT.usage,
    );
  }
  const missing = wanted.filter((table) => !live.includes(table));
  if (missing.length > 0)
    throw new Failure(missing.map((table) => whyMissing(table, live)).join("; "), EXIT.usage);
  await expectConsent(warehouse, wanted, request.over);
  await expectNoLoad(warehouse);

  await drop(warehouse, STAGE);
  request.say(`Unpacking ${request.name} beside the warehouse`);
  await unpack(warehouse, request, STAGE);
  const unpacked = await tablesOf(warehouse, STAGE);
  const tables = wanted.filter((table) => unpacked.includes(table));
  const absent = request.tables.filter((table) => !unpacked.includes(table));
  if (absent.length > 0) {
    await drop(warehouse, STAGE);
    throw new Failure(
      `Backup ${request.name} has no table ${absent.join(", ")}: nothing was changed`,
      EXIT.usage,
    );
  }
  const restored: Fingerprint[] = [];
  for (const table of tables) {
    const isSame = await takeOver(warehouse, table);
    const now = await fingerprint(warehouse, table);
    const was = await fingerprint(warehouse, table, STAGE);
    if (isSame ? now.sum !== was.sum || now.rows !== was.rows : now.rows !== was.rows) {
      throw new Failure(
        `${table} has ${now.rows} rows after the restore and ${was.rows} in the backup: somebody has written meanwhile; restore again`,
      );
    }
    request.say(
      `${table}: ${now.rows} rows${isSame ? "" : ", in the columns that it has in common with the backup"}`,
    );
    restored.push(now);
  }
  await drop(warehouse, STAGE);
  return restored;
}

function whyMissing(table: string, live: readonly string[]): string {
  const meant = live.find((name) => name.endsWith(`.${table}`));
  return meant === undefined
    ? `${table} is no table of the server: npx zakaz schema diff says whether it should be, and pulumi up makes it, then restore again`
    : `A table is named with its database: --table ${meant}`;
}

/** The statement that restores databases, each as RESTORE names it. It may hold a secret. */
export function restoreStatement(databases: readonly string[], place: BackupPlace, name: string): string {
  const settings = place.settings.length === 0 ? "" : ` SETTINGS ${place.settings.join(", ")}`;
  return `RESTORE ${databases.join(", ")} FROM ${place.of(name)}${settings}`;
}

/** @throws Failure when the server says that the backup cannot be restored */
async function unpack(
  warehouse: Warehouse,
  { place, name, bytes }: BackupToRestore,
  suffix: string,
): Promise<void> {
  await expectRoom(warehouse, name, bytes);
  const copies = databasesWith(suffix);
  const databases = DATABASES.map((database, index) => `DATABASE ${database} AS ${copies[index]}`);
  try {
    await warehouse.command(restoreStatement(databases, place, name), {}, { secrets: place.secrets });
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    await drop(warehouse, suffix).catch(() => undefined);
    const why = /No space left|NOT_ENOUGH_SPACE|errno: 28/i.test(error.reason)
      ? "the server's disk became full meanwhile"
      : `ClickHouse says: ${error.gist}`;
    throw new Failure(`Backup ${name} was not restored, and no table was changed: ${why}`, undefined, {
      cause: error,
    });
  }
}

/** A server that runs out of disk while it makes tables may leave empty files of their definitions, which it then cannot read. */
async function expectRoom(warehouse: Warehouse, name: string, bytes: number): Promise<void> {
  const [disk] = await warehouse.rows<{ free: number }>(
    asAdmin`SELECT free_space AS free FROM system.disks WHERE name = 'default'`,
  );
  if (disk === undefined || disk.free >= bytes) return;
  throw new Failure(
    `Backup ${name} was not restored, and no table was changed: it takes ${megabytes(bytes)} beside the data that are there, and ` +
      `the server's disk has ${megabytes(disk.free)} left; make room (docker system df shows what takes it)`,
  );
}

async function expectConsent(
  warehouse: Warehouse,
  tables: readonly string[],
  over: readonly string[],
): Promise<void> {
  const consented = (table: string) => over.includes(table) || over.includes(table.split(".")[0]!);
  const full: string[] = [];
  for (const table of tables.filter((one) => !consented(one))) {
    const [row] = await warehouse.rows(asAdmin`SELECT 1 AS one FROM ${table} LIMIT 1`);
    if (row !== undefined) full.push(table);
  }
  if (full.length === 0) return;
  const some =
    full.length > 5 ? `${full.slice(0, 5).join(", ")} and ${full.length - 5} more` : full.join(", ");
  const databases = [...new Set(full.map((table) => table.split(".")[0]!))];
  const names = full.length > 5 ? databases : full;
  throw new Failure(
    `There are rows in ${some}, which a restore would replace: consent by name, --over ${names.join(" ")}, or restore beside them, --as NAME`,
    EXIT.usage,
  );
}

/** A load that runs meanwhile would mix its rows with those of the backup. */
async function expectNoLoad(warehouse: Warehouse): Promise<void> {
  const [lease] = await warehouse.rows<{ job: string }>(
    asAdmin`SELECT source AS job FROM meta.watermarks FINAL
WHERE stream = 'lease' AND wm_type = 'ts' AND parseDateTimeBestEffort(wm_value, 'UTC') > now('UTC') LIMIT 1`,
  );
  if (lease !== undefined)
    throw new Failure(
      `Job ${lease.job} is loading: wait for its end (npx zakaz status shows it), then restore`,
      EXIT.locked,
    );
}

/** The table gets the rows of its copy; answers whether all columns are the same. */
async function takeOver(warehouse: Warehouse, table: string): Promise<boolean> {
  const copy = inCopy(table, STAGE);
  const [live, kept] = [await columnsOf(warehouse, table), await columnsOf(warehouse, copy)];
  if (JSON.stringify(live) !== JSON.stringify(kept)) {
    // The table has changed since: what both have is copied.
    const names = new Set(kept.map(({ name }) => name));
    const common = live
      .filter(({ name }) => names.has(name))
      .map(({ name }) => `\`${name}\``)
      .join(", ");
    await warehouse.command(`TRUNCATE TABLE ${table}`);
    await warehouse.command(asAdmin`INSERT INTO ${table} (${common}) SELECT ${common} FROM ${copy}`);
    return false;
  }
  const partitions = await partitionsOf(warehouse, copy);
  for (const id of partitions) {
    await warehouse.command(`ALTER TABLE ${table} REPLACE PARTITION ID ${quoteText(id)} FROM ${copy}`);
  }
  for (const id of await partitionsOf(warehouse, table)) {
    if (partitions.includes(id)) continue;
    await warehouse.command(`ALTER TABLE ${table} DROP PARTITION ID ${quoteText(id)}`);
  }
  return true;
}

async function columnsOf(warehouse: Warehouse, table: string): Promise<{ name: string; type: string }[]> {
  return warehouse.rows(
    asAdmin`SELECT name, type FROM system.columns WHERE concat(database, '.', table) = {table:String} ORDER BY position`,
    { table },
  );
}

async function partitionsOf(warehouse: Warehouse, table: string): Promise<string[]> {
  const rows = await warehouse.rows<{ id: string }>(
    asAdmin`SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND concat(database, '.', table) = {table:String} ORDER BY id`,
    { table },
  );
  return rows.map(({ id }) => id);
}

/** Drops the copy of the warehouse with a suffix, views first as they stand on tables. */
export async function drop(warehouse: Warehouse, suffix: string): Promise<void> {
  for (const database of databasesWith(suffix))
    await warehouse.command(`DROP DATABASE IF EXISTS ${database} SYNC`);
}

async function fingerprints(
  warehouse: Warehouse,
  tables: readonly string[],
  suffix: string,
): Promise<Fingerprint[]> {
  const found: Fingerprint[] = [];
  for (const table of tables) found.push(await fingerprint(warehouse, table, suffix));
  return found;
}
