import { readFile } from "node:fs/promises";
import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import { runLoader } from "../loader";
import { readTarget } from "../stack";

/**
 * Imports a plan of sales from a CSV file into plan_sales, by the loader's image and user.
 * @param flags flags of the import: --skip-bad, --dry-run
 * @throws Failure with the import's own exit code
 */
export async function plan(file: string, source: string | undefined, flags: string[]): Promise<void> {
  const csv = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new Failure(`${file} cannot be read (${cause.code}): give the path of a CSV file`, EXIT.usage, {
      cause,
    });
  });
  const target = await readTarget("loaderTarget", source);
  const run = await runLoader(target, flags, true, csv);
  if (run.code === EXIT.partial)
    throw new Failure("The plan was imported without the lines named above", run.code);
  if (run.code !== 0) {
    throw new Failure(
      `The import ended with code ${run.code}; the lines of the loader above say why`,
      run.code,
    );
  }
}
