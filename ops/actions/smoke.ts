import { Failure } from "../../warehouse/failure";
import { lastLines, queryAsLoader, runLoader } from "../loader";
import type { LoaderTarget } from "../../warehouse/target";
import { readTarget } from "../stack";

/** Dry run of the loader's image: it must end well and leave the journal as it was. */
export async function smoke(source: string | undefined): Promise<void> {
  const target = await readTarget("loaderTarget", source);
  const before = await journalRows(target);
  const run = await runLoader(target, ["--dry-run"], false);
  if (run.code !== 0)
    throw new Failure(`The loader's dry run ended with code ${run.code}:\n${lastLines(run.stderr)}`);
  const after = await journalRows(target);
  if (after !== before)
    throw new Failure(`The loader's dry run changed meta_job_runs from ${before} to ${after} rows`);
  process.stdout.write(
    `${lastLines(run.stdout, 40)}\nmeta_job_runs: ${before} rows before and after. Smoke passed.\n`,
  );
}

async function journalRows(target: LoaderTarget): Promise<number> {
  return Number(await queryAsLoader(target, "SELECT count() FROM zakaz.meta_job_runs"));
}
