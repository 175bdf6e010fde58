import { EXIT } from "../../exit-codes";
import type { ProbeAnswer, ProbeReport } from "../../loaders/pipeline/probe";
import { Failure } from "../../warehouse/failure";
import { printAnswer, type JsonFlag, type TargetFlag } from "../command";
import { runLoader } from "../loader";
import { writeOutput } from "../output";
import { findProbed } from "../source";
import { parseJson, readLoaderTarget } from "../stack";

export interface ProbeActionFlags extends JsonFlag, TargetFlag {
  /** File that anonymised answers are written to. */
  fixture?: string;
}

/**
 * Asks the vendor of a source a few questions, by the loader's image, so that the secret stays where it is. The loader says on
 * standard error how many requests it will send. Nothing is written but the fixture.
 * @throws Failure with the loader's own exit code when the vendor is not reached or does not take the token
 */
export async function probe(
  job: string,
  { target: from, fixture: file, ...flags }: ProbeActionFlags,
): Promise<void> {
  const target = await readLoaderTarget(findProbed(job), from);
  const asked = ["--probe", ...(file === undefined ? [] : ["--with-fixture"])];
  const run = await runLoader(target, job, asked, { live: "stderr" });
  const printed = parseJson(run.stdout) as ProbeReport | undefined;
  if (printed !== undefined) {
    const { fixture, ...report } = printed;
    printAnswer(flags, report, describe(report));
    const isAnswered = run.code === EXIT.ok || run.code === EXIT.partial;
    if (file !== undefined && isAnswered)
      writeOutput(file, `${JSON.stringify(fixture, undefined, 2)}\n`, "--fixture");
  }
  if (run.code !== 0)
    throw new Failure(
      `The probe ended with code ${run.code}; the last line of the loader says why`,
      run.code,
    );
}

function describe({ title, requests, parts }: ProbeReport): string {
  const lines = parts.flatMap(({ name, answers }) => [
    ...(parts.length === 1 ? [] : [`${name}:`]),
    ...answers.map(lineOf),
  ]);
  const answers = parts.flatMap((part) => part.answers);
  const count = (answer: ProbeAnswer["answer"]) => answers.filter((one) => one.answer === answer).length;
  const total = `${title}: ${answers.length} questions by ${requests.sent} requests: ${count("yes")} yes, ${count("no")} no, ${count("unknown")} unknown.`;
  return `${[...lines, total].join("\n")}\n`;
}

function lineOf({ id, question, answer, evidence }: ProbeAnswer): string {
  return `${answer.padEnd(7)} ${id.padEnd(19)} ${question} ${evidence}`;
}
