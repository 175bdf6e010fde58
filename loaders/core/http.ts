import type { IncomingHttpHeaders } from "node:http";
import PQueue from "p-queue";
import { Agent, request, type Dispatcher } from "undici";
import { parseJson, readAnswer, type AnswerReader } from "./answer";
import { ApiError, errorCode } from "./api-error";
import type { Clock } from "./clock";
import { StoppedError } from "./errors";
import type { Log } from "./log";
import type { Stopwatch } from "./stopwatch";
import { startTimeLimit } from "./time-limit";
import { API_RETRY, retry, TRANSIENT_CODES, type RetryTable, type Verdict } from "./retry";

export interface HttpOptions extends Pick<AnswerReader, "apiName" | "readFault" | "refusedHint"> {
  /** Without a slash at the end. */
  baseUrl: string;
  /** Headers of every request, e.g. with the token; written nowhere. */
  headers?: Readonly<Record<string, string>>;
  /** Patterns of the paths below the base URL that may be asked for. Everything else stops the run before a connection. */
  allow: readonly RegExp[];
  /** How often and how long a request is tried (default `API_RETRY`). */
  retryTable?: RetryTable;
  /** Told the headers and the status of every answer; says how long all requests must now wait, in ms (0: not at all). */
  onAnswer?: (headers: IncomingHttpHeaders, status: number) => number;
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

/** A request below the base URL. Its query, headers and body are in no message. */
export interface HttpRequest {
  /** GET where nothing is said. */
  method?: "GET" | "POST";
  path: string;
  query?: URLSearchParams;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Failures that the caller mends: they are no error in the log. */
  isMended?: (error: ApiError) => boolean;
  /** Which of the failures that may pass are worth another try (default: all). */
  isRepeatable?: (error: ApiError) => boolean;
}

/** Reads JSON from an API: allowed paths only, few requests at a time, with retry and deadlines. */
export interface HttpClient {
  /**
   * The parsed answer. Throws `ApiError`, an `ExpectedError` when the next try would come too late, or the reason of the
   * run's end or of `limit`.
   */
  send(request: HttpRequest, limit?: AbortSignal): Promise<unknown>;
  /** Requests sent so far, retries included. */
  readonly requests: number;
  close(): Promise<void>;
}

/** Makes the client. It opens no connection before the first `get`. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const { apiName, baseUrl, clock, log, deadline, concurrency = 1, onAnswer } = options;
  const dispatcher =
    options.dispatcher ?? new Agent({ connections: concurrency, connect: { timeout: 10_000 } });
  const queue = new PQueue({ concurrency });
  const { stopwatch } = options;
  const reader: AnswerReader = {
    ...options,
    parse: (bytes) => (stopwatch ? stopwatch.time("parse", () => parseJson(bytes)) : parseJson(bytes)),
  };
  let requests = 0;
  let nextSlot = 0;

  const takeSlot = async (signal: AbortSignal): Promise<void> => {
    const gap = options.ratePerSecond > 0 ? 1000 / options.ratePerSecond : 0;
    const wait = nextSlot - clock.now();
    nextSlot = Math.max(clock.now(), nextSlot) + gap;
    if (wait > 0) await clock.sleep(wait, signal);
  };
  /** "Slow down" said to one request holds for all. */
  const slowDown = (waitMs: number): void => {
    if (waitMs > 0) nextSlot = Math.max(nextSlot, clock.now() + waitMs);
  };
  const once = async (
    { method = "GET", path, query, headers, body }: HttpRequest,
    signal: AbortSignal,
  ): Promise<unknown> => {
    await takeSlot(signal);
    const longest = options.requestTimeoutMs;
    const tooSlow = () =>
      new ApiError(`${apiName} ${path} did not answer within ${longest} ms.`, null, "TIMEOUT", true);
    const limit = startTimeLimit(longest, tooSlow, signal);
    requests += 1;
    try {
      const answer = await request(`${baseUrl}${path}${query === undefined ? "" : `?${query.toString()}`}`, {
        method,
        dispatcher,
        // A GET with a body: undici would close the connection after each, a handshake per page.
        reset: false,
        signal: limit.signal,
        headersTimeout: longest,
        bodyTimeout: longest,
        headers: {
          accept: "application/json",
          "accept-encoding": "gzip, deflate",
          "cache-control": "no-cache",
          ...options.headers,
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      if (onAnswer !== undefined) slowDown(onAnswer(answer.headers, answer.statusCode));
      return await readAnswer(reader, path, answer, clock.now());
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
    send: async (request, limit) => {
      const signal = limit === undefined ? options.signal : AbortSignal.any([options.signal, limit]);
      if (!options.allow.some((pattern) => pattern.test(request.path))) {
        throw new Error(
          `${request.method ?? "GET"} ${request.path} is not on the list of paths that may be asked for`,
        );
      }
      try {
        return await queue.add(() =>
          retry(() => once(request, signal), {
            table: options.retryTable ?? API_RETRY,
            clock,
            deadline,
            signal,
            classify: (error) => classify(error, request),
            onWait: (error, attempt, waitMs) => {
              if (error instanceof ApiError && error.retryAfter !== undefined) slowDown(waitMs);
              log.warning(`Transient ${apiName} API error, backing off: ${(error as Error).message}`, {
                attempt,
                wait_ms: waitMs,
              });
            },
          }),
        );
      } catch (error) {
        if (error instanceof ApiError && request.isMended?.(error) !== true) {
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
function classify(error: unknown, { isRepeatable }: HttpRequest): Verdict {
  if (!(error instanceof ApiError) || !error.transient) return { again: false };
  if (isRepeatable?.(error) === false) return { again: false };
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
