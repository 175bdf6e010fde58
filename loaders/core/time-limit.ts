import { ExpectedError } from "./errors";

/** A limit of time for a piece of work. */
export interface TimeLimit {
  /** Aborted when the time is up, or when the work around it is stopped. */
  signal: AbortSignal;
  /** To be called when the work is over. */
  done(): void;
}

/**
 * Starts a limit of so many milliseconds; `reason` makes what the signal is aborted with. `outer` stops it with its own
 * reason. (`AbortSignal.any` and `AbortSignal.timeout` do the same, but leave something behind for each of the thousands
 * of requests of a run until the next full garbage collection.)
 */
export function startTimeLimit(milliseconds: number, reason: () => Error, outer?: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) stop();
  outer?.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => controller.abort(reason()), Math.max(0, milliseconds));
  return {
    signal: controller.signal,
    done: () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", stop);
    },
  };
}

/** Starts the limit of a part of a run, which may take so many milliseconds; `what` names it in the message. */
export function startBudget(what: string, milliseconds: number): TimeLimit {
  const seconds = Math.round(milliseconds / 100) / 10;
  const message = `${what} used up its time budget (${seconds} s).`;
  return startTimeLimit(milliseconds, () => new ExpectedError(message));
}
