import PQueue from "p-queue";
import { Agent, request, type Dispatcher } from "undici";
import { parseJson, readAnswer } from "./answer";
import { ApiError, errorCode } from "./api-error";
import type { Clock } from "./clock";
import { StoppedError } from "./errors";
import type { Log } from "./log";
import type { Stopwatch } from "./stopwatch";
import { startTimeLimit } from "./time-limit";
import { API_RETRY, retry, TRANSIENT_CODES, type Verdict } from "./retry";

export interface HttpOptions {
  /** Name of the API in messages. */
  apiName: string;
  /** Without a slash at the end. */
  baseUrl: string;
  /** Sent with every request, written nowhere. */
  token: string;
  /** What a person can do about a refused token: one sentence. */
  refusedHint: string;
  /** Patterns of the paths below the base URL that may be read. Everything else stops the run before a connection. */
  allow: readonly RegExp[];
  requestTimeoutMs: number;
  /** Timestamp (ms) at which the run must be over. */
  deadline: number;
  signal: AbortSignal;
  /** Requests per second, all connections together; 0 means without a limit. */
  ratePerSecond: number;
  /** Requests under way at once (default 1). A request that waits for its next try keeps its place. */
  concurrency?: number;
  clock: Clock;
  log: Log;
  /** Told how long the parsing of JSON takes, step `parse`. */
  stopwatch?: Stopwatch;
  dispatcher?: Dispatcher;
}

/** Reads JSON from an API: GET only, allowed paths only, few requests at a time, with retry and deadlines. */
export interface HttpClient {
  /**
   * The parsed answer of GET `path` with `body` as JSON. Throws `ApiError`, an `ExpectedError` when the next
   * try would come too late, or the reason of the run's end or of `limit`.
   */
  get(path: string, body: unknown, limit?: AbortSignal): Promise<unknown>;
  /** Requests sent so far, retries included. */
  readonly requests: number;
  close(): Promise<void>;
}

/** Makes the client. It opens no connection before the first `get`. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const { apiName, baseUrl, clock, log, deadline, concurrency = 1 } = options;
  const dispatcher =
    options.dispatcher ?? new Agent({ connections: concurrency, connect: { timeout: 10_000 } });
  const queue = new PQueue({ concurrency });
  const { stopwatch } = options;
  const parse = (bytes: Buffer) =>
    stopwatch ? stopwatch.time("parse", () => parseJson(bytes)) : parseJson(bytes);
  let requests = 0;
  let nextSlot = 0;

  const takeSlot = async (signal: AbortSignal): Promise<void> => {
    const gap = options.ratePerSecond > 0 ? 1000 / options.ratePerSecond : 0;
    const wait = nextSlot - clock.now();
    nextSlot = Math.max(clock.now(), nextSlot) + gap;
    if (wait > 0) await clock.sleep(wait, signal);
  };
  const once = async (path: string, body: unknown, signal: AbortSignal): Promise<unknown> => {
    await takeSlot(signal);
    const longest = options.requestTimeoutMs;
    const tooSlow = () =>
      new ApiError(`${apiName} ${path} did not answer within ${longest} ms.`, null, "TIMEOUT", true);
    const limit = startTimeLimit(longest, tooSlow, signal);
    requests += 1;
    try {
      const answer = await request(`${baseUrl}${path}`, {
        method: "GET",
        dispatcher,
        // A GET with a body: undici would close the connection after each, a handshake per page.
        reset: false,
        signal: limit.signal,
        headersTimeout: longest,
        bodyTimeout: longest,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: "application/json",
          "accept-encoding": "gzip, deflate",
          "content-type": "application/json",
          "cache-control": "no-cache",
        },
        body: JSON.stringify(body),
      });
      return await readAnswer(apiName, path, answer, parse, clock.now(), options.refusedHint);
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : asApiError(apiName, path, error);
    } finally {
      limit.done();
    }
  };

  return {
    get requests() {
      return requests;
    },
    get: async (path, body, limit) => {
      const signal = limit === undefined ? options.signal : AbortSignal.any([options.signal, limit]);
      if (!options.allow.some((pattern) => pattern.test(path))) {
        throw new Error(`GET ${path} is not on the list of paths that may be read`);
      }
      try {
        return await queue.add(() =>
          retry(() => once(path, body, signal), {
            table: API_RETRY,
            clock,
            deadline,
            signal,
            classify,
            onWait: (error, attempt, waitMs) => {
              // "Slow down" said to one request holds for all.
              const told = error instanceof ApiError && error.retryAfter !== undefined;
              if (told) nextSlot = Math.max(nextSlot, clock.now() + waitMs);
              log.warning(`Transient ${apiName} API error, backing off: ${(error as Error).message}`, {
                attempt,
                wait_ms: waitMs,
              });
            },
          }),
        );
      } catch (error) {
        if (error instanceof ApiError) {
          log.error(`${apiName} API request failed: ${error.message}`, {
            status: error.status,
            code: error.code,
          });
        }
        throw error;
      }
    },
    close: async () => {
      queue.clear();
      await dispatcher.destroy();
    },
  };
}

/** Which failures of a request are worth another try. */
function classify(error: unknown): Verdict {
  if (!(error instanceof ApiError) || !error.transient) return { again: false };
  return { again: true, waitMs: error.retryAfter };
}

function asApiError(apiName: string, path: string, error: unknown): unknown {
  if (error instanceof ApiError || error instanceof StoppedError) return error;
  const code = errorCode(error);
  if (code === undefined) return error;
  const hint = code === "ENOTFOUND" || code === "ECONNREFUSED" ? "; check the base URL and the network" : "";
  return new ApiError(
    `${apiName} ${path} broke off (${code})${hint}.`,
    null,
    code,
    TRANSIENT_CODES.has(code) || code.startsWith("Z_"),
  );
}
