import type { Clock } from "./clock";
import { ExpectedError } from "./errors";

/** How often and how long a repeatable operation is tried; waits are in milliseconds. */
export interface RetryTable {
  readonly attempts: number;
  readonly firstWait: number;
  readonly factor: number;
  readonly longestWait: number;
  /** Ratio of each wait that is left to chance: 0.5 means between half and all of it. */
  readonly jitter: number;
}

/** HTTP answers that may be different next time. Every other 4xx is final. */
export const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Error codes of the socket and of name resolution that may be different next time. TLS refusals are not among them. */
export const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET",
]);

/** Reading an API: five tries within about half a minute. */
export const API_RETRY: RetryTable = {
  attempts: 5,
  firstWait: 1000,
  factor: 2,
  longestWait: 30_000,
  jitter: 0.5,
};

/** Finding ClickHouse at the start: three tries, so that a server that is down is told within seconds. */
export const CONNECT_RETRY: RetryTable = {
  attempts: 3,
  firstWait: 1000,
  factor: 2,
  longestWait: 5000,
  jitter: 0.2,
};

/** Statements during a run: five tries within about ten seconds, longer than a restart of the server takes. */
export const STATEMENT_RETRY: RetryTable = {
  attempts: 5,
  firstWait: 1000,
  factor: 2,
  longestWait: 5000,
  jitter: 0.2,
};

/** What `retry` should do about a failure: give up, or try again (not before `waitMs`, when the server said so). */
export type Verdict = { again: false } | { again: true; waitMs?: number | undefined };

export interface RetryOptions {
  table: RetryTable;
  clock: Clock;
  /** Timestamp (ms) after which no further try may begin. */
  deadline: number;
  signal?: AbortSignal | undefined;
  classify: (error: unknown) => Verdict;
  /** Told before each wait. */
  onWait?: (error: unknown, attempt: number, waitMs: number) => void;
}

/** Growing wait before the try after `attempt` (1-based), with chance in it. */
export function backoff(table: RetryTable, attempt: number, random: number): number {
  const full = Math.min(table.longestWait, table.firstWait * table.factor ** (attempt - 1));
  return Math.round(full * (1 - table.jitter + table.jitter * random));
}

/**
 * Runs `operation` until it succeeds, its failure is final, the tries are used up, or the wait would pass the deadline.
 * Throws the last failure; in the last case an `ExpectedError` that says how long the server asked to wait.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { table, clock, deadline, signal, classify, onWait } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const verdict = classify(error);
      if (!verdict.again || attempt >= table.attempts) throw error;
      const wait = Math.max(backoff(table, attempt, clock.random()), verdict.waitMs ?? 0);
      if (clock.now() + wait > deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new ExpectedError(
          `The next try would have to wait ${Math.ceil(wait / 1000)} s, which is longer than the run may still take (${reason}).`,
        );
      }
      onWait?.(error, attempt, wait);
      await clock.sleep(wait, signal);
    }
  }
}

/** `Retry-After` as milliseconds from `now`: whole seconds or an HTTP date; undefined when absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
