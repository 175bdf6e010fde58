import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../exit-codes";
import { megabytes, nameOf, type KeptBackup, type Kind } from "../warehouse/backup/backup";
import { readJournal, writeJournal, type BackupRow } from "../warehouse/backup/journal";
import type { BackupPlace } from "../warehouse/backup/place";
import { isFresh, nextBackup, prune, restorable, type Policy, type Pruned } from "../warehouse/backup/policy";
import { DATABASES } from "../warehouse/catalogue";
import type { Warehouse } from "../warehouse/client";
import { Failure, StatementFailure, Unreachable } from "../warehouse/failure";
import { asBackup } from "../warehouse/queries";
import { quoteText } from "../warehouse/sql/quote";
import { FULL } from "./bucket-files";
import { withLock } from "./lock";
import { NotWhole, type Closeness, type Store } from "./store";

export interface BackupContext {
  /** As `backup_user`. */
  warehouse: Warehouse;
  /** Where the server writes them … */
  place: BackupPlace;
  /** … and how this program reaches the same. */
  store: Store;
  /** Folder of the lock, which every process of the container sees. */
  folder: string;
  policy: Policy;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
  /** Gets what is being done, a line each. */
  say: (line: string) => void;
}

export interface Taken {
  name: string;
  kind: Kind;
  /** The full backup it is based on; empty for a full one. */
  base: string;
  startedAt: number;
  finishedAt: number;
  bytes: number;
  files: number;
  /** Every file of it, and of its base, was read and is as ClickHouse and the records say. */
  verified: true;
  pruned: Pruned[];
}

/**
 * Makes a backup, verifies it with its base byte by byte, journals it and deletes what the policy lets go.
 * @param wanted its kind; by default what the policy says is due
 * @throws Failure with one sentence; the journal has it too, and nothing half is left behind
 */
export function takeBackup(context: BackupContext, wanted?: Kind): Promise<Taken> {
  return withLock(context.folder, () => take(context, wanted));
}

async function take(context: BackupContext, wanted: Kind | undefined): Promise<Taken> {
  const { warehouse, place, store, policy, now, say } = context;
  await expectIdle(warehouse);
  const kept = await store.list("sizes");
  await reconcile(context, kept);
  const startedAt = Math.floor(now() / 1000) * 1000;
  const due = nextBackup(kept, startedAt, policy);
  if (wanted === "incr" && due.base === "" && due.kind === "full") {
    const full = nextBackup(kept, startedAt, { fullEveryDays: Infinity });
    if (full.base === "")
      throw new Failure(
        "There is no full backup to base an incremental one on: npx zakaz backup --full",
        EXIT.usage,
      );
    Object.assign(due, full);
  }
  const kind = wanted ?? due.kind;
  const base = kind === "full" ? "" : due.base;
  await expectWholeBase(context, base);
  const name = nameOf(startedAt, kind);
  const row: BackupRow = {
    ...{ name, kind, base, startedAt, status: "running", finishedAt: 0, bytes: 0, files: 0, error: "" },
    target: place.label,
    details: { databases: DATABASES },
  };
  await writeJournal(warehouse, row);
  say(`${kind === "full" ? "Full backup" : `Incremental backup on ${base}`} ${name} to ${place.label}`);
  try {
    const serverVersion = await runBackup(context, name, base);
    const facts = { name, kind, base, startedAt, serverVersion, databases: [...DATABASES] };
    const made = await store.record(facts, now).catch((error: unknown) => notWhole(store, name, error));
    const { bytes, finishedAt } = made;
    const files = Object.keys(made.files).length;
    const details = { databases: DATABASES, serverVersion, verified: true };
    await writeJournal(warehouse, { ...row, status: "ok", finishedAt, bytes, files, details });
    const pruned = await pruneNow(context);
    return { name, kind, base, startedAt, finishedAt, bytes, files, verified: true, pruned };
  } catch (error) {
    // Once the record lies there the backup is whole, whatever failed behind it.
    const isMade = (await store.list("sizes")).some((one) => one.name === name && one.state === "whole");
    if (!isMade) {
      await discard(context, name);
      const reason = error instanceof Error ? error.message : String(error);
      await writeJournal(warehouse, { ...row, status: "error", finishedAt: now(), error: reason }).catch(
        () => undefined,
      );
    }
    throw error;
  }
}

/** @throws Failure (exit code 4) when the server is making a backup that nobody waits for */
async function expectIdle(warehouse: Warehouse): Promise<void> {
  const [busy] = await warehouse.rows<{ name: string }>(
    asBackup`SELECT name FROM system.backups WHERE status = 'CREATING_BACKUP' LIMIT 1`,
  );
  if (busy !== undefined)
    throw new Failure(`The server is still writing ${busy.name}: wait for its end`, EXIT.locked);
}

/** An incremental backup on a damaged base is worth nothing: that is said before it is made. */
async function expectWholeBase({ store }: BackupContext, base: string): Promise<void> {
  if (base === "") return;
  const found = await store.look(base, "bytes");
  if (found.state !== "whole") {
    throw new Failure(
      `Backup ${base} is damaged (${found.why}), so nothing can be based on it: npx zakaz backup --full makes a new one`,
    );
  }
}

/** Times between two questions, in ms: short at first; a quota counts them. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 10_000;
/** How long the server may be silent while it works. */
const PATIENCE = 60_000;

interface ServerBackup {
  status: string;
  error: string;
  files: number;
  bytes: number;
}

/** Has the server make the backup and waits for its end; answers the server's version. */
async function runBackup(
  { warehouse, place, store, policy, now, say }: BackupContext,
  name: string,
  base: string,
): Promise<string> {
  const databases = DATABASES.map((database) => `DATABASE ${database}`).join(", ");
  const onBase = base === "" ? [] : [`base_backup = ${place.ofBase(base)}`, ...place.settings];
  const settings = [`id = ${quoteText(name)}`, ...onBase].join(", ");
  const began = now();
  try {
    const statement = `BACKUP ${databases} TO ${place.of(name)} SETTINGS ${settings} ASYNC`;
    await warehouse.command(statement, {}, { secrets: place.secrets });
  } catch (error) {
    if (error instanceof StatementFailure) throw await explain(store, name, error.message);
    throw error;
  }
  let heardAt = now();
  let saidAt = now();
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 1.5, LONGEST_WAIT)) {
    await sleep(wait);
    let state: ServerBackup | undefined;
    try {
      [state] = await warehouse.rows<ServerBackup>(
        asBackup`SELECT status, error, num_files AS files, total_size AS bytes FROM system.backups WHERE id = {id:String}`,
        { id: name },
      );
      heardAt = now();
    } catch (error) {
      if (!(error instanceof Unreachable) || now() - heardAt > PATIENCE) throw error;
      continue;
    }
    if (state === undefined)
      throw new Failure(
        `Backup ${name} ended with the server, which was restarted: run npx zakaz backup again`,
      );
    if (state.status === "BACKUP_CREATED") break;
    if (state.status !== "CREATING_BACKUP") throw await explain(store, name, state.error || state.status);
    if (now() - began > policy.limitMinutes * 60_000) {
      throw new Failure(
        `Backup ${name} takes longer than ${policy.limitMinutes} minutes (limitMinutes of zakaz:backup): it counts as failed`,
      );
    }
    if (now() - saidAt > 5_000) {
      saidAt = now();
      say(
        `${name}: ${state.files} files, ${megabytes(state.bytes)} to look at, ${Math.round((now() - began) / 1000)} s`,
      );
    }
  }
  const [server] = await warehouse.rows<{ version: string }>(asBackup`SELECT version() AS version`);
  return server?.version ?? "";
}

/** What little is left on a full disk. */
const NO_ROOM = 1 << 20;

async function notWhole(store: Store, name: string, error: unknown): Promise<never> {
  if (error instanceof NotWhole && ((await store.freeBytes()) ?? Infinity) < NO_ROOM) {
    throw await noRoom(store, name);
  }
  throw error;
}

async function noRoom(store: Store, name: string): Promise<Failure> {
  const kept = (await store.list("sizes")).filter((one) => one.state === "whole");
  const bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
  const free = await store.freeBytes();
  return new Failure(
    `Backup ${name} was not made: there is no room left where backups are kept (` +
      `${free === undefined ? "" : `${megabytes(free)} free, `}${kept.length} backups take ${megabytes(bytes)}); give it room, or keep fewer: pulumi config set zakaz:backup`,
  );
}

/** What the server says of a failed backup, as one sentence with what to do. */
async function explain(store: Store, name: string, said: string): Promise<Failure> {
  if (/NOT_ENOUGH_SPACE|No space left|errno: 28|Not enough space/i.test(said) || FULL.test(said)) {
    return noRoom(store, name);
  }
  if (/CONCURRENT_ACCESS_NOT_SUPPORTED|Concurrent backups/i.test(said)) {
    return new Failure("Another backup is at work on this server: wait for its end", EXIT.locked);
  }
  if (/ACCESS_DENIED/.test(said)) {
    return new Failure(
      `backup_user may not make a backup: npx zakaz access diff shows what is missing, pulumi up fixes it`,
    );
  }
  const gist = new StatementFailure(0, "", said).gist.replace(/^Code: /, "");
  return new Failure(`Backup ${name} was not made; ClickHouse says: ${gist}`);
}

/** Deletes what is left of a failed backup, unless the server may still be writing it. */
async function discard({ warehouse, store }: BackupContext, name: string): Promise<void> {
  const isIdle = await expectIdle(warehouse).then(
    () => true,
    () => false,
  );
  if (isIdle) await store.delete(name);
}

/** Deletes what the policy lets go, and journals each with its reason. */
export async function pruneNow(context: BackupContext): Promise<Pruned[]> {
  const { warehouse, store, policy, now, say } = context;
  const gone = prune(await store.list("sizes"), now(), policy);
  if (gone.length === 0) return gone;
  const rows = new Map((await readJournal(warehouse)).map((row) => [row.name, row]));
  for (const { name, why } of gone) {
    say(`Deleting ${name}: ${why}`);
    await store.delete(name);
    const row = rows.get(name);
    if (row !== undefined) await writeJournal(warehouse, { ...row, status: "deleted", error: why });
  }
  return gone;
}

/**
 * Makes the journal say what there is: a backup that its run did not live to finish has failed; one that vanished is gone; one
 * that the journal does not know, since the journal is newer or was itself brought back, is told from its record.
 */
async function reconcile(
  { warehouse, place, now }: BackupContext,
  kept: readonly KeptBackup[],
): Promise<void> {
  const rows = await readJournal(warehouse);
  const known = new Map(rows.map((row) => [row.name, row]));
  const there = new Map(kept.map((one) => [one.name, one]));
  for (const row of rows) {
    const state = there.get(row.name)?.state;
    if (row.status === "running" && (state === undefined || state === "unfinished")) {
      await writeJournal(warehouse, { ...row, status: "error", finishedAt: now(), error: "interrupted" });
    } else if (row.status === "ok" && state === undefined) {
      await writeJournal(warehouse, {
        ...row,
        status: "deleted",
        error: "vanished: it was not deleted by the policy",
      });
    }
  }
  for (const { state, why: _, ...one } of kept) {
    if (state === "unfinished" || ["ok", "deleted"].includes(known.get(one.name)?.status ?? "")) continue;
    const details = { serverVersion: one.serverVersion, verified: state === "whole" };
    await writeJournal(warehouse, { ...one, status: "ok", target: place.label, details, error: "" });
  }
}

/** What there is, and what it is worth. */
export interface BackupList {
  backups: KeptBackup[];
  /** Name of the newest one that can be restored; empty: there is none. */
  newest: string;
  /** True: it is no older than the policy promises. */
  fresh: boolean;
  target: string;
}

/** Looks at every backup; reads the journal for nothing, since it may be lost with the server. */
export async function listBackups(
  { place, store, policy, now }: Pick<BackupContext, "place" | "store" | "policy" | "now">,
  closeness: Closeness,
): Promise<BackupList> {
  const backups = await store.list(closeness);
  return {
    backups,
    newest: restorable(backups)[0]?.name ?? "",
    fresh: isFresh(backups, now(), policy),
    target: place.label,
  };
}
