import { printAnswer, type JsonFlag } from "../command";
import { NoStack, type askOutputs } from "../pulumi";
import { readStack, type StackOutputs } from "../stack";
import { nextSteps } from "../status/next";
import { absentStatus, readStatus } from "../status/read";
import { showStatus } from "../status/show";

/**
 * How the selected stack is, on one screen: what runs, what the data are worth, what to type next. Whatever the state, it is an
 * answer and no failure, also that there is no stack.
 * @param asked what Pulumi was asked
 * @throws Failure when the stack cannot be read, as with a wrong passphrase
 */
export async function status(flags: JsonFlag, asked: ReturnType<typeof askOutputs>): Promise<void> {
  const stack = await readStack(asked).catch(whyAbsent);
  const answer = typeof stack === "string" ? absentStatus(stack) : await readStatus(stack);
  const next = nextSteps(answer);
  const reader = typeof stack === "string" ? "" : stack.readerTarget.user;
  printAnswer(flags, { ...answer, next }, showStatus(answer, next, reader));
}

function whyAbsent(error: unknown): string | StackOutputs {
  if (error instanceof NoStack) return error.message;
  throw error;
}
