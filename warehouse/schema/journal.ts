import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../../exit-codes";
import { Failure, StatementFailure } from "../failure";
import type { Warehouse } from "../client";
import { asAdmin } from "../queries";
import { JournalTable, TABLE, type Entry, type Kind } from "./journal-table";

export { checksum } from "./journal-table";

/** What is journaled apart: tables, views and seeds on one side, users and grants on the other. */
export type Subject = "schema" | "access";

/** State of a subject: how many changes it has had (0: none yet) and the name of the newest. */
export interface Revision {
  number: number;
  name: string;
  /** Newest version of any row: another one says that somebody has changed something since. */
  stamp: number;
}

/** A change to be recorded. */
export interface Change extends Omit<Entry, "version"> {
  /** Number of a migration's file; otherwise the subject's next number is taken. */
  version?: number;
  /** Statements that an earlier run of it, which failed, has done. */
  done?: number;
  /** `stamp` of the revision for which the change was planned; without it the change is made whatever happened since. */
  plannedAt?: number;
}

/** A migration as the journal knows it. */
export interface MigrationRow {
  version: number;
  name: string;
  checksum: string;
  status: "started" | "ok" | "failed";
  /** Statements done. */
  statements: number;
  message: string;
}

/**
 * Says that statement `number` (from 1) comes next, and in an error, how many there are (if not those of the change) and
 * which it is.
 */
export type Step = (number: number, about?: { total?: number; title?: string }) => Promise<void>;

/** Failed after some of its statements may have run; the message names the one that failed. */
export class ApplyFailure extends Failure {}

/** Somebody else has journaled a change since this one was planned: it has to be planned again. */
export class OutdatedPlan extends Failure {
  constructor() {
    super("Another change has ended since this one was planned: run the command again", EXIT.locked);
  }
}

const KINDS: Record<Subject, Kind[]> = { schema: ["baseline", "views", "seed"], access: ["access"] };
const RENEW_MS = 5 * 60_000;
/** Times that a lock is asked for while changes of others end. */
const MOST_TRIES = 5;
/** Another query of the same id is running. */
const SAME_ID_IS_RUNNING = 216;

/**
 * `meta.schema_migrations`: one row per change, `started` before, `ok` or `failed` after. A `started` row is also the lock:
 * one process changes the warehouse at a time. While started, `message` names that process.
 */
export class Journal {
  private readonly host = hostname();
  private readonly holder = `${this.host} ${process.pid} ${randomBytes(4).toString("hex")}`;
  private readonly table: JournalTable;

  /** @param force true: another process's lock is taken over */
  constructor(
    warehouse: Warehouse,
    private readonly force = false,
  ) {
    this.table = new JournalTable(warehouse, this.holder);
  }

  /** Newest state of a subject; number 0 where nothing was journaled. Reads only. */
  async revision(subject: Subject): Promise<Revision> {
    const [row] = await this.table.read<Revision>(
      asAdmin`SELECT
  countIf(status = 'ok' AND kind IN {kinds:Array(String)}) AS number,
  argMaxIf(name, version, status = 'ok' AND kind IN {kinds:Array(String)}) AS name,
  max(_ver) AS stamp
FROM ${TABLE} FINAL`,
      { kinds: KINDS[subject] },
    );
    return row ?? { number: 0, name: "", stamp: 0 };
  }

  /** Files of `sql/migrations/` that were applied, begun or included, by number. Reads only. */
  migrations(): Promise<MigrationRow[]> {
    return this.table.read(
      asAdmin`SELECT version, name, checksum, status, statements, message FROM ${TABLE} FINAL
WHERE kind = 'migration' ORDER BY version, name`,
    );
  }

  /**
   * Records a change: `started`, then the work, then `ok`, or `failed` with the number of the statement and the error.
   * Makes the journal's table where it is not there yet. Changes of one process may be nested.
   * @param work runs the statements; calls `step` before each
   * @throws Failure with exit code 4 while another process holds the lock; OutdatedPlan; ApplyFailure when the work fails
   */
  async record(subject: Subject, change: Change, work: (step: Step) => Promise<void>): Promise<void> {
    await this.table.ensure();
    const version = change.version ?? (await this.revision(subject)).number;
    const entry: Entry = { ...change, version };
    const first = change.done ?? 0;
    await this.lock(entry, first, change.plannedAt);
    let current = first + 1;
    let total = change.statements.length;
    let title: string | undefined;
    const renewal = setInterval(
      () => void this.table.write(entry, "started", current - 1, this.holder).catch(() => undefined),
      RENEW_MS,
    );
    try {
      await work(async (number, about = {}) => {
        // What is done survives a crash. A comparison needs no note of it: it finds what is done.
        if (change.kind === "migration" && number > current)
          await this.table.write(entry, "started", number - 1, this.holder);
        current = number;
        total = about.total ?? total;
        title = about.title;
      });
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      const which = `Statement ${current} of ${total}${title === undefined ? "" : ` (${title})`}`;
      const message = cause instanceof ApplyFailure ? what : `${which} failed: ${what}`;
      // The failure itself is what people must see, not that it could not be journaled.
      await this.table.write(entry, "failed", current - 1, message.slice(0, 1000)).catch(() => undefined);
      if (!(cause instanceof Failure)) throw cause;
      throw new ApplyFailure(message, cause.exitCode, { cause });
    } finally {
      clearInterval(renewal);
    }
    await this.table.write(entry, "ok", total, "");
  }

  /** Notes migrations that a new installation contains already. To be called within `record`. */
  async include(migrations: Pick<Entry, "name" | "statements" | "version">[]): Promise<void> {
    for (const migration of migrations) {
      const entry: Entry = { ...migration, kind: "migration" };
      await this.table.write(entry, "ok", 0, "included in the installation");
    }
  }

  private async lock(entry: Entry, done: number, plannedAt?: number): Promise<void> {
    // A change that ends just now may keep our row out without being seen afterwards.
    for (let tries = 1; !(await this.startRow(entry, done, plannedAt)); tries++) {
      if (plannedAt !== undefined || tries >= MOST_TRIES) throw new OutdatedPlan();
    }
    await this.table.abandon();
  }

  /** Writes the row that is the lock; answers whether it is there. Throws while another process holds the lock. */
  private async startRow(entry: Entry, done: number, plannedAt?: number): Promise<boolean> {
    const over = (await this.table.holders())
      .map(({ message }) => message)
      .filter((holder) => this.force || this.isDead(holder));
    for (let tries = 1; ; tries++) {
      try {
        await this.table.start(entry, done, over, plannedAt);
        break;
      } catch (error) {
        const busy = error instanceof StatementFailure && error.code === SAME_ID_IS_RUNNING;
        if (!busy || tries >= 50) throw error;
        await sleep(20 + 30 * Math.random());
      }
    }
    const other = (await this.table.holders()).find(({ message }) => !over.includes(message));
    if (other !== undefined) {
      const [host, pid] = other.message.split(" ");
      throw new Failure(
        `Another change is under way (${other.name}; process ${pid} on ${host}, since ${other.since} Moscow time): ` +
          "wait until it ends, or take over with npx zakaz schema apply --force",
        EXIT.locked,
      );
    }
    return this.table.hasStarted();
  }

  /** True for a process of this machine that has ended. */
  private isDead(holder: string): boolean {
    const [host, pid] = holder.split(" ");
    if (host !== this.host) return false;
    try {
      process.kill(Number(pid), 0);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ESRCH";
    }
  }
}
