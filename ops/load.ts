import { Failure } from "./failure";
import { lastLines, runLoader } from "./loader";
import { readTarget } from "./target";

/**
 * Runs the loader's image against the stack.
 * @param flags flags of the loader, handed on as they are
 * @throws Failure with the loader's own exit code
 */
export async function load(source: string | undefined, flags: string[]): Promise<void> {
  const target = await readTarget("loaderTarget", source);
  const run = await runLoader(target, flags, true);
  if (run.code !== 0)
    throw new Failure(`The load ended with code ${run.code}: ${lastLines(run.stderr, 1)}`, run.code);
}
