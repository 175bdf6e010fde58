import { ExpectedError } from "./errors";

/** A limit of time for a part of a run. */
export interface TimeLimit {
  /** Aborted with one sentence when the time is up. */
  signal: AbortSignal;
  /** To be called when the part is over. */
  done(): void;
}

/** Starts a limit of so many milliseconds. `what` names the part in the message. */
export function startTimeLimit(what: string, milliseconds: number): TimeLimit {
  const controller = new AbortController();
  const timer = setTimeout(
    () => {
      const seconds = Math.round(milliseconds / 100) / 10;
      controller.abort(new ExpectedError(`${what} took longer than its share of the run (${seconds} s).`));
    },
    Math.max(0, milliseconds),
  );
  return { signal: controller.signal, done: () => clearTimeout(timer) };
}
