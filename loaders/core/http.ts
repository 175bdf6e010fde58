import { isAscii, isUtf8 } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import PQueue from "p-queue";
import { Agent, request, type Dispatcher } from "undici";
import type { Clock } from "./clock";
import { ExpectedError, StoppedError } from "./errors";
import type { Log } from "./log";
import { startTimeLimit } from "./time-limit";
import { API_RETRY, retry, retryAfterMs, TRANSIENT_CODES, TRANSIENT_STATUSES, type Verdict } from "./retry";

/** Longest answer that is read, in bytes before and after decompression. */
const MAX_BODY = 64 * 1024 * 1024;

/** A failed answer of an API, without its content. `status` is null when there was no answer. */
export class ApiError extends ExpectedError {
  override readonly name = "ApiError";
  constructor(
    message: string,
    readonly status: number | null,
    readonly code: string | null,
    /** Whether the same request may succeed later. */
    readonly transient: boolean,
    readonly retryAfter?: number | undefined,
  ) {
    super(message, { status, code, request_id: null });
  }
}

export interface HttpOptions {
  /** Name of the API in messages. */
  apiName: string;
  /** Without a slash at the end. */
  baseUrl: string;
  /** Sent with every request, written nowhere. */
  token: string;
  /** Patterns of the paths below the base URL that may be read. Everything else stops the run before a connection. */
  allow: readonly RegExp[];
  requestTimeoutMs: number;
  /** Moment (ms) at which the run must be over. */
  deadline: number;
  signal: AbortSignal;
  /** Requests per second, all connections together; 0 means without a limit. */
  ratePerSecond: number;
  /** Requests under way at once (default 1). A request that waits for its next try keeps its place. */
  concurrency?: number;
  clock: Clock;
  log: Log;
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
      return await readAnswer(apiName, path, answer, clock.now());
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

/** The code of a failure of the socket, the name look-up, TLS or decompression, also where several addresses were tried. */
export function errorCode(error: unknown): string | undefined {
  const candidates = [error, (error as { cause?: unknown } | null)?.cause];
  for (const candidate of candidates) {
    const code = (candidate as { code?: unknown } | null | undefined)?.code;
    if (typeof code === "string") return code;
    const several = (candidate as { errors?: unknown } | null | undefined)?.errors;
    if (Array.isArray(several) && several.length > 0) return errorCode(several[0]);
  }
  return undefined;
}

async function readAnswer(
  apiName: string,
  path: string,
  answer: Dispatcher.ResponseData,
  now: number,
): Promise<unknown> {
  const status = answer.statusCode;
  const type = header(answer, "content-type") ?? "no content type";
  const raw = await readBody(apiName, path, answer.body);
  const bytes = decompress(raw, header(answer, "content-encoding"));
  const facts = `HTTP ${status}, ${type.split(";")[0]}, ${bytes.length} bytes`;
  const json = parseJson(bytes);
  const code = errorCodeOf(json);

  if (status === 401 || status === 403) {
    throw new ApiError(
      `${apiName} ${path} refused the token or the permission (${facts}): check the token and its rights in the seller cabinet.`,
      status,
      code,
      false,
    );
  }
  if (status >= 300 && status < 400) {
    throw new ApiError(
      `${apiName} ${path} redirects, which is not followed (${facts}).`,
      status,
      code,
      false,
    );
  }
  if (status !== 200) {
    const transient = TRANSIENT_STATUSES.has(status);
    const suffix = code === null ? "" : `, code ${code}`;
    throw new ApiError(
      `${apiName} ${path} failed (${facts}${suffix}).`,
      status,
      code,
      transient,
      retryAfterMs(header(answer, "retry-after"), now),
    );
  }
  if (bytes.length === 0)
    throw new ApiError(`${apiName} ${path} answered with an empty body.`, status, null, false);
  if (json === undefined) {
    // JSON that does not parse was most likely cut off; anything else (an HTML page) is a wrong answer.
    const cutOff = /json/i.test(type);
    throw new ApiError(
      `${apiName} ${path} answered something that is not JSON (${facts}).`,
      status,
      null,
      cutOff,
    );
  }
  return json.value;
}

async function readBody(apiName: string, path: string, body: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY) {
      throw new ApiError(`${apiName} ${path} answered more than ${MAX_BODY} bytes.`, null, "TOO_LONG", false);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Throws zlib's error (code `Z_…`) for a body that was cut off, `ERR_BUFFER_TOO_LARGE` for one that unpacks to too much. */
function decompress(raw: Buffer, encoding: string | undefined): Buffer {
  const limit = { maxOutputLength: MAX_BODY };
  if (raw.length === 0) return raw;
  switch (encoding?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return gunzipSync(raw, limit);
    case "deflate":
      return inflateSync(raw, limit);
    case "br":
      return brotliDecompressSync(raw, limit);
    default:
      return raw;
  }
}

const BYTE_ORDER_MARK = 0xfeff;

/** The JSON value of the bytes (a byte order mark is allowed, invalid UTF-8 is not), or undefined. */
function parseJson(bytes: Buffer): { value: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
  try {
    return { value: JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text) as unknown };
  } catch {
    return undefined;
  }
}

/** The API's own error code: a short word in capitals; anything else could be content and is not repeated. */
function errorCodeOf(json: { value: unknown } | undefined): string | null {
  const code = (json?.value as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : null;
}

function header(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
