import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import { printAnswer, type JsonFlag } from "../command";
import { DEFAULT_MINUTES, MOST_MINUTES } from "../diagnosis/window";
import { inspectContainer } from "../container";
import { diagnoseStack } from "../diagnosis/diagnose";
import { showDiagnosis } from "../diagnosis/show";
import { readStack } from "../stack";

export interface DiagnoseFlags extends JsonFlag {
  minutes?: string;
}

/**
 * What went wrong with the selected stack and was not put right since; exit code 1 when there is something.
 * @throws Failure when there is no stack, and for a number of minutes that is none
 */
export async function diagnose({
  minutes: given = String(DEFAULT_MINUTES),
  ...flags
}: DiagnoseFlags): Promise<void> {
  const minutes = Number(given);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES) {
    throw new Failure(
      `--minutes must be a whole number from 1 to ${MOST_MINUTES}, as in npx zakaz diagnose --minutes 10`,
      EXIT.usage,
    );
  }
  const stack = await readStack();
  const { sandboxContainer } = stack;
  const [container, sandbox] = await Promise.all([
    inspectContainer(stack.container),
    sandboxContainer === undefined ? undefined : inspectContainer(sandboxContainer),
  ]);
  const { findings, normal } = await diagnoseStack({ stack, container, sandbox, minutes });
  const answer = { minutes, findings, noFault: normal.map(({ who, said, at }) => ({ who, said, at })) };
  printAnswer(flags, answer, showDiagnosis(minutes, findings, normal));
  if (findings.length > 0) process.exitCode = EXIT.error;
}
