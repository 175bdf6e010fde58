import { isAscii, isUtf8 } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { ApiError } from "./api-error";
import { retryAfterMs, TRANSIENT_STATUSES } from "./retry";

/** Longest answer that is read, in bytes before and after decompression. */
const MAX_BODY = 64 * 1024 * 1024;

/**
 * The JSON of an answer. Throws `ApiError` for any other status than 200, an empty body, and what is no JSON; zlib's error
 * for a body that was cut off. `parse` is `parseJson`, or what measures it; `refusedHint` says what to
 * do about a refused token.
 */
export async function readAnswer(
  apiName: string,
  path: string,
  answer: Dispatcher.ResponseData,
  parse: typeof parseJson,
  now: number,
  refusedHint: string,
): Promise<unknown> {
  const status = answer.statusCode;
  const type = header(answer, "content-type") ?? "no content type";
  const raw = await readBody(apiName, path, answer.body);
  const bytes = decompress(raw, header(answer, "content-encoding"));
  const facts = `HTTP ${status}, ${type.split(";")[0]}, ${bytes.length} bytes`;
  const json = parse(bytes);
  const code = errorCodeOf(json);

  if (status === 401 || status === 403) {
    throw new ApiError(
      `${apiName} ${path} refused the token or the permission (${facts}): ${refusedHint}`,
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
export function parseJson(bytes: Buffer): { value: unknown } | undefined {
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
