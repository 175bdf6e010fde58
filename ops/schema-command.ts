import { EXIT, Failure } from "./failure";
import { readDrift } from "./read-drift";
import { applySchema } from "./schema/apply";
import { showPlan } from "./schema/show-plan";
import { Journal } from "./schema/journal";
import { driftOf, readPlan } from "./schema/plan";
import { readTarget } from "./target";
import { Warehouse } from "./warehouse";

/** A state is read in every preview: better no answer than a long wait. */
const STATE_TIMEOUT_MS = 5_000;

export interface ApplyFlags {
  target?: string;
  allow?: string[];
  resume?: string;
  force?: boolean;
}

/** Shows how the live warehouse differs from `sql/`, with the statements that would mend it; exit code 1 for any difference. */
export async function schemaDiff(source: string | undefined): Promise<void> {
  const target = await readTarget("warehouseTarget", source);
  await withWarehouse(new Warehouse(target), async (warehouse) => {
    const plan = await readPlan(warehouse, new Journal(warehouse));
    process.stdout.write(showPlan(plan, target.container));
    if (plan.differences.length > 0 || plan.changes.length > 0) process.exitCode = EXIT.error;
  });
}

/** Brings the live warehouse to the state of `sql/`. */
export async function schemaApply(flags: ApplyFlags): Promise<void> {
  const target = await readTarget("warehouseTarget", flags.target);
  await withWarehouse(new Warehouse(target), async (warehouse) => {
    const run = await applySchema(warehouse, {
      resume: flags.resume,
      allow: flags.allow ?? [],
      force: flags.force ?? false,
      say: (line) => process.stdout.write(`${line}\n`),
    });
    const done = run === 0 ? "nothing to do" : `${run} statements run`;
    process.stdout.write(`Schema of ${target.container}: ${done}\n`);
  });
}

/**
 * Prints the state as JSON (see ops/drift.ts). A server that does not answer is a state, no failure.
 * @param flags `wait`: seconds for which a server may stay silent
 */
export async function schemaState(flags: { target?: string; wait?: string }): Promise<void> {
  const target = await readTarget("warehouseTarget", flags.target);
  const seconds = Number(flags.wait ?? 0);
  if (!(seconds >= 0)) throw new Failure("--wait takes a number of seconds", EXIT.usage);
  const state = await withWarehouse(new Warehouse(target, { timeoutMs: STATE_TIMEOUT_MS }), (warehouse) =>
    readDrift(async () => driftOf(await readPlan(warehouse, new Journal(warehouse))), seconds),
  );
  process.stdout.write(`${JSON.stringify(state)}\n`);
}

async function withWarehouse<T>(
  warehouse: Warehouse,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}
