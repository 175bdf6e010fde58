import { isAscii, isUtf8 } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { ApiError } from "./api-error";
import { retryAfterMs, TRANSIENT_STATUSES } from "./retry";

/** Longest answer that is read, in bytes before and after decompression. */
const MAX_BODY = 64 * 1024 * 1024;

/** What an API says of its own failure in the body of an answer, whatever the status. */
export interface Fault {
  /** The API's own code: a word or a number that cannot be content. */
  code: string;
  /** Whether the same request may succeed later; left out: as the status says. */
  transient?: boolean;
  /** Least wait before the next try, in ms. */
  waitMs?: number;
  /** The token or its rights are refused, although the status does not say so. */
  refused?: boolean;
}

export interface AnswerReader {
  apiName: string;
  /** Finds the API's own error in a parsed body; undefined when there is none. */
  readFault: (body: unknown, status: number) => Fault | undefined;
  /** What a person can do about a refused token: one sentence. */
  refusedHint: string;
  /** `parseJson`, or what measures it. */
  parse: typeof parseJson;
}

/** Done, and there is nothing to say. */
const NO_CONTENT = 204;

/**
 * The JSON of an answer; undefined for 204. Throws `ApiError` for any other status than 200, a fault that the API names in the body, an empty
 * body, and what is no JSON; zlib's error for a body that was cut off.
 */
export async function readAnswer(
  { apiName, readFault, refusedHint, parse }: AnswerReader,
  path: string,
  answer: Dispatcher.ResponseData,
  now: number,
): Promise<unknown> {
  const status = answer.statusCode;
  const type = header(answer, "content-type") ?? "no content type";
  const raw = await readBody(apiName, path, answer.body);
  const bytes = decompress(raw, header(answer, "content-encoding"));
  const facts = `HTTP ${status}, ${type.split(";")[0]}, ${bytes.length} bytes`;
  if (status === NO_CONTENT) return undefined;
  const json = parse(bytes);
  const fault = json === undefined ? undefined : readFault(json.value, status);
  const code = fault?.code ?? null;
  const suffix = code === null ? "" : `, code ${code}`;

  if (status === 401 || status === 403 || fault?.refused === true) {
    throw new ApiError(
      `${apiName} ${path} refused the token or the permission (${facts}${suffix}): ${refusedHint}`,
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
  if (status !== 200 || fault !== undefined) {
    throw new ApiError(
      `${apiName} ${path} failed (${facts}${suffix}).`,
      status,
      code,
      fault?.transient ?? TRANSIENT_STATUSES.has(status),
      retryAfterMs(header(answer, "retry-after"), now) ?? fault?.waitMs,
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
export function parseJson(bytes: Buffer): { value: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
  try {
    return { value: JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text) as unknown };
  } catch {
    return undefined;
  }
}

function header(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
