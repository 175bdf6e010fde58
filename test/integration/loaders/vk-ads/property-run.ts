import { randomUUID } from "node:crypto";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Clock } from "../../../../loaders/core/clock";
import { createDatabase, type Database } from "../../../../loaders/core/database";
import { ExpectedError } from "../../../../loaders/core/errors";
import { writeJournalRow } from "../../../../loaders/core/journal";
import { Quarantine } from "../../../../loaders/core/quarantine";
import { databaseSettings, type CommonSettings } from "../../../../loaders/core/settings";
import { Stopwatch } from "../../../../loaders/core/stopwatch";
import { failureOutcome, type Outcome } from "../../../../loaders/pipeline/job";
import { plainProgress } from "../../../../loaders/pipeline/progress";
import { loadSource, type PreparedRun } from "../../../../loaders/pipeline/run";
import type { Crash } from "../simulated-run";

/** A row as it went to the server, by column. */
export type WrittenRow = Record<string, string>;

/** What a simulated run did. */
export interface Simulated {
  runId: string;
  /** `dead`: the process was killed. */
  outcome: "ok" | "partial" | "error" | "dead";
  /** What the journal says, if the run came that far. */
  journal?: Outcome;
  /** Blocks that the server has, by table. */
  inserted: { table: string; rows: WrittenRow[] }[];
  /** Statements that the server carried out. */
  statements: string[];
  /** Whether the statement that was to go wrong was reached. */
  struck: boolean;
}

class Died extends Error {}

/**
 * One run at a time of the test's choosing: everything that a real run does but the lease, which goes by ClickHouse's clock.
 * Waits take no time.
 */
export async function simulate(
  prepared: PreparedRun,
  settings: CommonSettings,
  { clock, crash }: { clock: Clock; crash: Crash | null },
): Promise<Simulated> {
  const nothing = () => undefined;
  const log = { error: nothing, warning: nothing, info: nothing, debug: nothing };
  const startedAt = clock.now();
  const deadline = startedAt + prepared.seconds * 1000;
  const runId = randomUUID();
  const { job } = prepared;
  const real = createDatabase({ ...databaseSettings(settings), job, runId, clock, log, deadline });
  const run: Simulated = { runId, outcome: "dead", inserted: [], statements: [], struck: false };
  const database = watched(real, crash, run);
  const signal = new AbortController().signal;
  const quarantine = new Quarantine({ directory: settings.QUARANTINE_DIR, job, runId, log });
  const stopwatch = new Stopwatch();
  const context = { job, runId, startedAt, deadline, signal, clock, log, database, quarantine, stopwatch };
  try {
    const outcome = await loadSource(prepared, context, plainProgress(process.stderr)).catch(
      (error: unknown) => {
        if (error instanceof Died || !(error instanceof ExpectedError)) throw error;
        return failureOutcome(error);
      },
    );
    run.journal = outcome;
    await writeJournalRow(database, { job, runId, startedAt, finishedAt: clock.now(), ...outcome });
    run.outcome = outcome.status;
  } catch (error) {
    if (error instanceof Died) return run;
    // The journal row itself may be what failed: then there is none.
    if (!(error instanceof ExpectedError)) throw error;
    run.outcome = "error";
  } finally {
    await real.close();
  }
  return run;
}

/** A database that notes what it has carried out, and strikes at the chosen statement. */
function watched(real: Database, crash: Crash | null, run: Simulated): Database {
  let statements = 0;
  let dead = false;
  const around = async <T>(operation: () => Promise<T>, note: () => void): Promise<T> => {
    if (dead) throw new Died();
    const strikes = statements++ === crash?.statement;
    const fail = (): never => {
      run.struck = true;
      dead = crash?.then === "death";
      throw dead ? new Died() : new ExpectedError("ClickHouse broke off");
    };
    if (strikes && crash.when === "before") return fail();
    const result = await operation();
    note();
    return strikes ? fail() : result;
  };
  return {
    name: real.name,
    connect: () => real.connect(),
    close: () => real.close(),
    rows: <T>(...args: Parameters<Database["rows"]>) =>
      around(
        () => real.rows<T>(...args),
        () => undefined,
      ),
    run: (...args) =>
      around(
        () => real.run(...args),
        () => void run.statements.push(args[0]),
      ),
    insert: (...args) =>
      around(
        () => real.insert(...args),
        () => undefined,
      ),
    insertBlock: (...args) =>
      around(
        () => real.insertBlock(...args),
        () => {
          const [table, columns, { encoding, chunks }] = args;
          const packed = Buffer.concat(chunks);
          const text = (encoding === "zstd" ? zstdDecompressSync(packed) : gunzipSync(packed)).toString();
          run.inserted.push({ table, rows: readTsv(columns, text) });
        },
      ),
  };
}

/** Rows of TabSeparated; the test's values need no escapes. */
function readTsv(columns: readonly string[], text: string): WrittenRow[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => {
    const values = line.split("\t");
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? ""]));
  });
}
