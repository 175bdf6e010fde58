import { ApiError } from "../core/api-error";
import { ExpectedError } from "../core/errors";
import type { Fault } from "../core/answer";
import type { HttpClient } from "../core/http";

/** The only paths below the base URL that the loader may read; ids are digits. Buyers and write routes are not here. */
export const READ_ONLY_PATHS: readonly RegExp[] = [
  /^\/orders$/,
  /^\/orders\/\d+$/,
  /^\/events$/,
  /^\/events\/\d+$/,
  /^\/shows\/\d+\/seats$/,
  /^\/shows\/\d+\/barcodes$/,
  /^\/discounts$/,
  /^\/promo-codes$/,
  /^\/color-themes$/,
];

/** One condition of a listing; all conditions must hold. */
export interface Condition {
  column: string;
  operator?: "=" | ">" | ">=" | "<";
  value: string | number;
}

/** What a listing is asked for. */
export interface ListQuery {
  select?: readonly string[];
  where?: readonly Condition[];
  pageSize: number;
}

/** The answer of a listing broke the rules of paging; the run must not take it for data. */
export class ProtocolError extends ExpectedError {
  override readonly name = "ProtocolError";
}

/** A page, as `read` has left it. */
export interface Page<T> {
  content: T;
  /** Rows of the page. */
  size: number;
  /** Size of the listing as far as it is known. */
  total: number;
  /** On the last page of a listing of which some rows may not have been seen: why. */
  incomplete?: string;
}

/** The API, as far as listings need it. */
export interface ListClient {
  /** The parsed answer of GET `path` with `body` as JSON; throws as `HttpClient.send` does. */
  get(path: string, body: unknown, limit?: AbortSignal): Promise<unknown>;
}

/** The API over HTTP: it takes filters and paging as the JSON body of a GET. */
export function listClient(http: Pick<HttpClient, "send">): ListClient {
  return {
    get: (path, body, limit) =>
      http.send({ path, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }, limit),
  };
}

/** The API's own error: a short word in capitals beside a status that is none of success. */
export function readFault(body: unknown, status: number): Fault | undefined {
  const code = (body as { code?: unknown } | null)?.code;
  return status !== 200 && typeof code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)
    ? { code }
    : undefined;
}

/** What the API answers to one request of a listing. */
export interface Envelope {
  data: unknown[];
  /** Greatest number of rows of a page; it need not be the one asked for. */
  perPage: number;
  /** Rows of the filtered set now. */
  total: number;
}

export interface PageRequest {
  /** From 1. */
  page?: number;
  order?: "asc" | "desc";
}

/** Body of one page. The order is always given: what the API does without one is its own affair. */
export function pageBody(query: ListQuery, { page = 1, order = "asc" }: PageRequest = {}): object {
  return {
    ...(query.select ? { select: query.select } : {}),
    where: query.where ?? [],
    orderBy: { id: order },
    page,
    perPage: query.pageSize,
  };
}

/** Asks for one page. Throws `ProtocolError` when the answer is none. */
export async function askPage(
  client: ListClient,
  path: string,
  query: ListQuery,
  request: PageRequest = {},
): Promise<Envelope> {
  return readEnvelope(path, await client.get(path, pageBody(query, request)), request.page ?? 1);
}

/** The id of a row as a number of any size; undefined when it is none. */
export function keyOf(row: unknown): bigint | undefined {
  const id = (row as { id?: unknown } | null)?.id;
  if (typeof id === "number") return Number.isSafeInteger(id) && id >= 0 ? BigInt(id) : undefined;
  return typeof id === "string" && /^\d{1,20}$/.test(id) ? BigInt(id) : undefined;
}

/** Rows of the pages that are under way or wait to be taken. */
const ROWS_AHEAD = 5000;

/** Pages that may be under way or wait to be taken; large ones are read one by one. */
export function pagesAhead(concurrency: number, perPage: number): number {
  if (concurrency === 1) return 1;
  return Math.max(1, Math.min(2 * concurrency, Math.floor(ROWS_AHEAD / perPage)));
}

/** Size of the filtered set, asked with one small page. */
export async function countRows(
  client: ListClient,
  path: string,
  where: readonly Condition[],
): Promise<number> {
  return (await askPage(client, path, { where, pageSize: 1, select: ["id"] })).total;
}

/** Whether the API refused a condition or an order: it answers 503 UNKNOWN_ERROR, or a 4xx that speaks of the request. */
export function isRefusedQuery(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.code === "UNKNOWN_ERROR" || [400, 422].includes(error.status ?? 0))
  );
}

function readEnvelope(path: string, answer: unknown, page: number): Envelope {
  const { data, paging, status } = (answer ?? {}) as { data?: unknown; paging?: unknown; status?: unknown };
  if (status === "error") throw new ProtocolError(`${path} answered 200 with an error object.`);
  if (!Array.isArray(data)) throw new ProtocolError(`${path} answered without a list in "data".`);
  const { perPage, currentPage, total } = (paging ?? {}) as Record<string, unknown>;
  if (!isCount(perPage, 1) || !isCount(currentPage, 1) || !isCount(total, 0)) {
    throw new ProtocolError(`${path} answered without "paging".`);
  }
  if (currentPage !== page) {
    throw new ProtocolError(`${path} answered page ${currentPage} when page ${page} was asked for.`);
  }
  return { data, perPage, total };
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}
