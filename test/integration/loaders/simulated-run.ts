import { randomUUID } from "node:crypto";
import type { Clock } from "../../../loaders/core/clock";
import { createDatabase, type Database } from "../../../loaders/core/database";
import { ExpectedError } from "../../../loaders/core/errors";
import type { RunContext } from "../../../loaders/pipeline/context";
import { failureOutcome } from "../../../loaders/pipeline/job";
import { loadSource } from "../../../loaders/pipeline/run";
import { prepare } from "../../../loaders/qtickets/main";
import { writeJournalRow } from "../../../loaders/core/journal";
import { plainProgress } from "../../../loaders/pipeline/progress";
import { Quarantine } from "../../../loaders/core/quarantine";
import { databaseSettings } from "../../../loaders/core/settings";
import { Stopwatch } from "../../../loaders/core/stopwatch";
import { readSettings } from "../../../loaders/qtickets/settings";
import type { AskedWindow } from "../../../loaders/qtickets/windows";

/** Something that goes wrong at the n-th statement to ClickHouse (from 0): before it is sent, or after it was carried out. */
export interface Crash {
  statement: number;
  when: "before" | "after";
  /** The process dies: nothing more is sent, not even the journal row. Or only this statement is said to have failed. */
  then: "death" | "error";
}

export interface SimulatedRun {
  settings: Record<string, string>;
  asked: AskedWindow;
  crash?: Crash | undefined;
}

class Died extends Error {}

/**
 * One run of the loader at a time of the test's choosing: everything that a real run does but the lease, which goes by
 * ClickHouse's clock. Waits take no time.
 */
export async function simulateRun(
  run: SimulatedRun,
  clock: Clock,
): Promise<"ok" | "partial" | "error" | "dead"> {
  const settings = readSettings(run.settings);
  const nothing = () => undefined;
  const log = { error: nothing, warning: nothing, info: nothing, debug: nothing };
  const startedAt = clock.now();
  const deadline = startedAt + settings.QTICKETS_RUN_SECONDS * 1000;
  const runId = randomUUID();
  const job = settings.JOB_NAME;
  const real = createDatabase({
    ...databaseSettings(settings),
    job,
    runId,
    clock,
    log,
    deadline,
  });
  const database = crashing(real, run.crash);
  const context: RunContext = {
    job,
    runId,
    startedAt,
    deadline,
    signal: new AbortController().signal,
    clock,
    log,
    database,
    quarantine: new Quarantine({ directory: settings.QUARANTINE_DIR, job, runId, log }),
    stopwatch: new Stopwatch(),
  };
  try {
    const outcome = await loadSource(
      prepare(settings, run.asked),
      context,
      plainProgress(process.stderr),
    ).catch((error: unknown) => {
      if (error instanceof Died || !(error instanceof ExpectedError)) throw error;
      return failureOutcome(error);
    });
    await writeJournalRow(database, { job, runId, startedAt, finishedAt: clock.now(), ...outcome });
    return outcome.status;
  } catch (error) {
    if (error instanceof Died) return "dead";
    // The journal row itself may be what failed: then there is none.
    if (error instanceof ExpectedError) return "error";
    throw error;
  } finally {
    await real.close();
  }
}

function crashing(real: Database, crash: Crash | undefined): Database {
  if (crash === undefined) return real;
  let statements = 0;
  let dead = false;
  const around = async <T>(operation: () => Promise<T>): Promise<T> => {
    const strikes = statements++ === crash.statement;
    const fail = (): never => {
      dead = crash.then === "death";
      throw dead ? new Died() : new ExpectedError("ClickHouse broke off");
    };
    if (dead) throw new Died();
    if (strikes && crash.when === "before") return fail();
    const result = await operation();
    return strikes ? fail() : result;
  };
  return {
    name: real.name,
    connect: () => real.connect(),
    close: () => real.close(),
    rows: <T>(...args: Parameters<Database["rows"]>) => around(() => real.rows<T>(...args)),
    run: (...args) => around(() => real.run(...args)),
    insert: (...args) => around(() => real.insert(...args)),
    insertBlock: (...args) => around(() => real.insertBlock(...args)),
  };
}
