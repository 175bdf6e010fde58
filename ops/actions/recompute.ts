import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import type { TargetFlag } from "../command";
import { runLoader } from "../loader";
import { findSource } from "../source";
import { readLoaderTarget } from "../stack";

export interface RecomputeFlags extends TargetFlag {
  from?: string;
  to?: string;
}

/**
 * Makes cities and facts of some days anew, by the loaders' image and user.
 * @throws Failure with the run's own exit code
 */
export async function recompute({ from, to, target }: RecomputeFlags): Promise<void> {
  if (from === undefined || to === undefined) {
    throw new Failure(
      "A recompute needs its days: npx zakaz recompute --from 2030-01-01 --to 2030-01-31",
      EXIT.usage,
    );
  }
  const source = findSource("recompute", "warehouse");
  const loader = await readLoaderTarget(source, target);
  const run = await runLoader(loader, source.job, ["--from", from, "--to", to], { live: true });
  if (run.code === 0) return;
  throw new Failure(
    `The recompute ended with code ${run.code}; the last line of the loader says why`,
    run.code,
  );
}
