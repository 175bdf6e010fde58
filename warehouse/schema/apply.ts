import { Failure } from "../failure";
import type { Warehouse } from "../client";
import { refusal, describeDifference } from "./difference";
import { ApplyFailure, Journal, OutdatedPlan } from "./journal";
import type { PendingMigration } from "./migrations";
import {
  journalEntryOf,
  planStatements,
  readPlan,
  unpermittedMigrations,
  type Plan,
  type PlanOptions,
} from "./plan";

export interface ApplyOptions extends PlanOptions {
  /** Objects that pending migrations may drop or rewrite. */
  allow: string[];
  /** True: the lock of another apply is taken over. */
  force: boolean;
  /** Receives what is being done, a line each. */
  say: (line: string) => void;
}

/**
 * Brings the live warehouse to the state of `sql/`: pending migrations, then whatever differs. Each statement is journaled;
 * after a failure in the middle the next run goes on from what it finds.
 * @returns number of statements run; 0: nothing was to be done, and nothing was journaled
 * @throws Failure when something would be lost (before anything is touched), when a statement fails, when another apply
 *   is under way (exit code 4)
 */
export async function applySchema(warehouse: Warehouse, options: ApplyOptions): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await applyPlan(warehouse, options);
    } catch (error) {
      // Another apply has ended between our plan and our turn, and may have done all of it.
      if (!(error instanceof OutdatedPlan) || tries >= MOST_PLANS) throw error;
    }
  }
}

/** Times that an apply plans anew because others were quicker. */
const MOST_PLANS = 5;

/** @throws OutdatedPlan, before anything is touched */
async function applyPlan(warehouse: Warehouse, options: ApplyOptions): Promise<number> {
  const { say } = options;
  const journal = new Journal(warehouse, options.force);
  const plan = await readPlan(warehouse, journal, options);
  refuse(plan);
  const [unpermitted] = unpermittedMigrations(plan, options.allow);
  if (unpermitted !== undefined) throw new Failure(unpermitted);
  if (plan.changes.length === 0) return 0;

  let run = 0;
  const statements = planStatements(plan);
  const change = { ...journalEntryOf(plan), statements, plannedAt: plan.revision.stamp };
  await journal.record("schema", change, async (step) => {
    await journal.include(plan.included.map((file) => ({ ...file, statements: texts(file.statements) })));
    for (const migration of plan.pending) run += await migrate(warehouse, journal, migration, say);
    const now = plan.pending.length === 0 ? plan : await readPlan(warehouse, journal, options);
    refuse(now);
    const todo = planStatements(now);
    for (const [i, statement] of todo.entries()) {
      const title = shorten(statement);
      await step(i + 1, { total: todo.length, title });
      say(`${i + 1}/${todo.length}  ${title}`);
      await warehouse.command(statement);
      run += 1;
    }
    await verify(warehouse, journal, options);
  });
  return run;
}

function refuse({ refused }: Plan): void {
  if (refused.length > 0) throw new Failure(refused.map(refusal).join("\n"));
}

async function migrate(
  warehouse: Warehouse,
  journal: Journal,
  migration: PendingMigration,
  say: (line: string) => void,
): Promise<number> {
  const { version, name, done } = migration;
  const statements = texts(migration.statements);
  try {
    await journal.record("schema", { kind: "migration", version, name, statements, done }, async (step) => {
      for (const [i, statement] of statements.entries()) {
        if (i < done) continue;
        const title = shorten(statement);
        await step(i + 1, { total: statements.length, title });
        say(`${name} ${i + 1}/${statements.length}  ${title}`);
        await warehouse.command(statement);
      }
    });
  } catch (error) {
    if (!(error instanceof ApplyFailure)) throw error;
    throw new ApplyFailure(`${migration.file}: ${error.message}`, error.exitCode, { cause: error });
  }
  return statements.length - done;
}

/** Fails when the statements have not brought what they should: the next apply would try the same for ever. */
async function verify(warehouse: Warehouse, journal: Journal, options: PlanOptions): Promise<void> {
  const { differences } = await readPlan(warehouse, journal, options);
  const left = differences.filter(({ fix }) => fix !== "left alone");
  if (left.length === 0) return;
  throw new ApplyFailure(
    `All statements have run, and the server still differs from sql/: ${left.map(describeDifference).join("; ")}; see npx zakaz schema diff`,
  );
}

function texts(statements: readonly { text: string }[]): string[] {
  return statements.map(({ text }) => text);
}

/** A statement on one line, for people. */
function shorten(statement: string): string {
  const line = statement.replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
