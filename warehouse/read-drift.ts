import { setTimeout as sleep } from "node:timers/promises";
import { UNANSWERED, type Drift } from "./drift";
import { Failure, Unreachable } from "./failure";

const RETRY_MS = 200;

/** Longest time for one statement when drift is read: better no answer than a preview that waits. */
export const STATEMENT_TIMEOUT_MS = 5_000;

/**
 * The live state for the program, which reads it in every preview: no expected failure may end in a stack trace there.
 * A server that stays silent is a state of its own; any other failure is one that stops an apply as well, so it is refused.
 * @param seconds how long a server may stay silent, for one that is just starting
 */
export async function readDrift(read: () => Promise<Drift>, seconds: number): Promise<Drift> {
  const giveUpAt = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!(error instanceof Unreachable)) return { ...UNANSWERED, answered: true, refused: [error.message] };
      if (Date.now() >= giveUpAt) return UNANSWERED;
      await sleep(RETRY_MS);
    }
  }
}
