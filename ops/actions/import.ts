import { readFile } from "node:fs/promises";
import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import type { TargetFlag } from "../command";
import { runLoader } from "../loader";
import { findSource } from "../source";
import { readLoaderTarget } from "../stack";

export interface ImportFlags extends TargetFlag {
  /** Leave wrong lines out instead of refusing the file. */
  skipBad?: boolean;
  /** Check the file, write nothing. */
  dryRun?: boolean;
}

/**
 * Imports a file, by the loader's image and user.
 * @throws Failure with the import's own exit code
 */
export async function importFile(job: string, path: string, options: ImportFlags): Promise<void> {
  const source = findSource(job, "file");
  const file = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Failure(`${path} cannot be read (${cause.code}): give the path of a CSV file`, EXIT.usage, {
      cause,
    });
  });
  const target = await readLoaderTarget(source, options.target);
  const flags = [...(options.skipBad ? ["--skip-bad"] : []), ...(options.dryRun ? ["--dry-run"] : [])];
  const run = await runLoader(target, job, flags, { live: true, file });
  if (run.code === EXIT.partial)
    throw new Failure("The file was imported without the lines named above", run.code);
  if (run.code !== 0) {
    throw new Failure(
      `The import ended with code ${run.code}; the lines of the loader above say why`,
      run.code,
    );
  }
}
