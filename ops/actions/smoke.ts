import { Failure } from "../../warehouse/failure";
import { asLoader } from "../../warehouse/queries";
import type { LoaderTarget } from "../../warehouse/target";
import type { TargetFlag } from "../command";
import { lastLines, queryAsLoader, runLoader } from "../loader";
import { findSource } from "../source";
import { readLoaderTarget } from "../stack";

/** Dry run of the loader's image: it must end well and leave the journal of the job as it was. */
export async function smoke(job: string, { target: from }: TargetFlag): Promise<void> {
  const target = await readLoaderTarget(findSource(job, "api"), from);
  const before = await journalRows(target, job);
  const run = await runLoader(target, job, ["--dry-run"], { live: false });
  if (run.code !== 0)
    throw new Failure(`The loader's dry run ended with code ${run.code}:\n${lastLines(run.stderr)}`);
  const after = await journalRows(target, job);
  if (after !== before)
    throw new Failure(`The loader's dry run changed meta_job_runs from ${before} to ${after} rows`);
  process.stdout.write(
    `${lastLines(run.stdout, 40)}\nmeta_job_runs: ${before} rows before and after. Smoke passed.\n`,
  );
}

/** Rows of one job: another one may well run meanwhile. In a new stack the smoke may come before the schema. */
async function journalRows(target: LoaderTarget, job: string): Promise<number> {
  const columns = await queryAsLoader(
    target,
    asLoader`SELECT count() FROM system.columns WHERE database = 'zakaz' AND table = 'meta_job_runs'`,
  );
  if (columns === "0") return 0;
  return Number(
    await queryAsLoader(target, asLoader`SELECT count() FROM zakaz.meta_job_runs WHERE job = '${job}'`),
  );
}
