import { EXIT } from "../exit-codes";
import { runJobSchedule } from "./schedule";
import { DEFAULT_JOB, sourceOf, sources } from "./sources";

/**
 * The programs of the image: the first argument names the job; without a name it is that of `DEFAULT_JOB`. `schedule` behind
 * it runs the job by the clock instead of once.
 */
async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  const isNamed = first !== undefined && !first.startsWith("-");
  const source = sourceOf(isNamed ? first : DEFAULT_JOB);
  if (source === undefined) {
    const jobs = sources.map(({ job }) => job).join(", ");
    process.stderr.write(`error: there is no job ${first}: this image has ${jobs}\n`);
    return EXIT.usage;
  }
  const [second, ...flags] = rest;
  if (isNamed && second === "schedule") return runJobSchedule(source.job, flags);
  const program = await source.loadModule();
  return program.main(isNamed ? rest : args);
}

void main(process.argv.slice(2)).then((code) => process.exit(code));
