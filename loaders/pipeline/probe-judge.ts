import { BadValue } from "../core/values";
import { Unknown, type ProbeQuestion, type Seen, type Verdict } from "./probe";

/** How questions of every vendor are judged. */

/** Whether anything answers to the first request. */
export function isReached<Name extends string>(seen: Seen<Name>, first: Name): Verdict {
  const failed = seen.failure(first);
  if (failed === undefined) return { answer: "yes", evidence: "HTTP 200" };
  return { answer: failed.status === null ? "no" : "yes", evidence: failed.facts };
}

/** Whether the token is taken. A failure that says nothing of it leaves the question open. */
export function isTokenTaken<Name extends string>(
  seen: Seen<Name>,
  first: Name,
  isRefusal: (failed: { status: number | null; code: string | null }) => boolean,
): Verdict {
  const failed = seen.failure(first);
  if (failed === undefined) return { answer: "yes", evidence: "HTTP 200" };
  if (isRefusal(failed)) return { answer: "no", evidence: failed.facts };
  throw new Unknown(failed.facts);
}

/** So many answers without a refusal say something of a limit; fewer may be one request that failed again and again. */
const ENOUGH = 6;

/** Questions about limits: every request of the probe is their evidence. */
export function limitQuestions<Name extends string>(): ProbeQuestion<Name>[] {
  return [
    {
      id: "limit.headers",
      question: "Do answers carry headers about a limit?",
      by: [],
      judge: ({ answers, limitHeaders }) => {
        if (limitHeaders.size > 0) return { answer: "yes", evidence: [...limitHeaders].sort().join(", ") };
        if (answers < ENOUGH) throw new Unknown(`none in ${answers} answers, which are too few`);
        return { answer: "no", evidence: `none in ${answers} answers` };
      },
    },
    {
      id: "limit.pace",
      question: "Is the loader's pace taken without a 429?",
      by: [],
      judge: ({ answers, refusedByLimit }) => {
        if (answers < ENOUGH && refusedByLimit === 0)
          throw new Unknown(`none of ${answers} answers, which are too few`);
        const evidence = `${refusedByLimit} of ${answers} answers were 429`;
        return { answer: refusedByLimit === 0 ? "yes" : "no", evidence };
      },
    },
  ];
}

/** A question that the probe does not ask, and why. */
export function notAsked<Name extends string>(
  id: string,
  question: string,
  why: string,
): ProbeQuestion<Name> {
  const judge = (): never => {
    throw new Unknown(`not asked: ${why}`);
  };
  return { id, question, by: [], judge };
}

/** What holds of all: yes with their number, no as soon as one is otherwise. Throws `Unknown` where there are none. */
export function holdsOfAll<T>(
  found: readonly T[],
  what: string,
  holds: (one: T) => boolean,
  among: string,
): Verdict {
  if (found.length === 0) throw new Unknown(`no ${what} among ${among}`);
  const right = found.filter(holds).length;
  return { answer: right === found.length ? "yes" : "no", evidence: `${right} of ${found.length} ${what}` };
}

/** What can be: yes where it was seen. That it was not seen tells nothing, and throws `Unknown`. */
export function wasSeen(count: number, what: string, among: string): Verdict {
  if (count === 0) throw new Unknown(`none among ${among}`);
  return { answer: "yes", evidence: `${count} ${what} among ${among}` };
}

/** A reader that answers undefined for what cannot be read. */
export const tolerant =
  <T>(read: (value: unknown) => T) =>
  (value: unknown): T | undefined => {
    try {
      return read(value);
    } catch (error) {
      if (error instanceof BadValue) return undefined;
      throw error;
    }
  };
