import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import { runLoader } from "../loader";
import { findSource, loadCommand } from "../source";
import { readLoaderTarget } from "../stack";

/** How long a step of the stack waits for another run of the job: longer than a dead run's lease lives, in ms. */
const LOCK_PATIENCE = 60_000;

/**
 * Runs the loader's image against the stack. A step of the stack (its target comes `from` standard input) waits for another
 * run of the job to end, because a killed `up` can leave one; a person gets the answer at once.
 * @param flags flags of the loader, handed on as they are
 * @throws Failure with the loader's own exit code
 */
export async function load(job: string, flags: string[], from: string | undefined): Promise<void> {
  const source = findSource(job, "api");
  const target = await readLoaderTarget(source, from);
  const deadline = Date.now() + (from === undefined ? 0 : LOCK_PATIENCE);
  let run = await runLoader(target, job, flags, { live: true });
  while (run.code === EXIT.locked && Date.now() < deadline) {
    await sleep(2_000);
    run = await runLoader(target, job, flags, { live: true });
  }
  if (run.code === EXIT.partial)
    throw new Failure(
      `The load is partial: what could be read is loaded, the last lines of the loader say what is missing; \`${loadCommand(source)}\` or \`pulumi up\` tries again`,
      run.code,
    );
  if (run.code !== 0)
    throw new Failure(`The load ended with code ${run.code}; the last line of the loader says why`, run.code);
}
