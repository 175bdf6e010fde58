import { DEFAULT_JOB, sourceOf, sources } from "./sources";

/** The programs of the image: the first argument names the job; without a name it is that of `DEFAULT_JOB`. */
const [first, ...rest] = process.argv.slice(2);
const named = sources.some(({ job }) => job === first);
const [job, argv] = named ? [first, rest] : [DEFAULT_JOB, process.argv.slice(2)];

async function main(): Promise<void> {
  const program = await sourceOf(job ?? DEFAULT_JOB)?.program();
  process.exit(await program?.main(argv));
}

void main();
