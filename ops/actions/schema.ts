import { EXIT } from "../../exit-codes";
import { applySchema } from "../../warehouse/schema/apply";
import { printAnswer, type JsonFlag, type TargetFlag } from "../command";
import { inOrder, stopIfInterrupted } from "../interruption";
import { planAnswer, showPlan } from "../show-plan";
import { Journal } from "../../warehouse/schema/journal";
import { readPlan } from "../../warehouse/schema/plan";
import { readTarget } from "../stack";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import type { WarehouseTarget } from "../../warehouse/target";

export interface ApplyFlags extends TargetFlag {
  allow?: string[];
  resume?: string;
  force?: boolean;
}

/** Shows how the live warehouse differs from `sql/`, with the statements that would fix it; exit code 1 for any difference. */
export async function schemaDiff(flags: JsonFlag & TargetFlag): Promise<void> {
  const target = await readTarget("warehouseTarget", flags.target);
  await withWarehouse(new Warehouse(target), async (warehouse) => {
    const server = nameOf(target);
    const plan = await readPlan(warehouse, new Journal(warehouse));
    printAnswer(flags, planAnswer(plan, server), showPlan(plan, server));
    if (plan.differences.length > 0 || plan.changes.length > 0) process.exitCode = EXIT.error;
  });
}

/** Brings the live warehouse to the state of `sql/`. When it is interrupted, the statement under way is the last one. */
export async function schemaApply(flags: ApplyFlags): Promise<void> {
  const target = await readTarget("warehouseTarget", flags.target);
  await withWarehouse(new Warehouse(target), async (warehouse) => {
    const options = {
      resume: flags.resume,
      allow: flags.allow ?? [],
      force: flags.force ?? false,
      say: (line: string) => {
        stopIfInterrupted();
        process.stdout.write(`${line}\n`);
      },
    };
    const run = await inOrder(() => applySchema(warehouse, options));
    const done = run === 0 ? "nothing to do" : `${run} statements run`;
    process.stdout.write(`Schema of ${nameOf(target)}: ${done}\n`);
  });
}

function nameOf({ container, url }: WarehouseTarget): string {
  return container ?? url;
}
