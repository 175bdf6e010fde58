import { setImmediate } from "node:timers/promises";
import { ExpectedError, StoppedError } from "../core/errors";
import type { HttpClient } from "../core/http";
import { IdSet } from "../core/id-set";

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
  operator?: "=" | ">=" | "<";
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
  /** Size of the filtered set as the server sees it now. */
  total: number;
}

interface Envelope {
  data: unknown[];
  perPage: number;
  currentPage: number;
  total: number;
}

/** Passes over a listing that are made when rows came or went while it was read. */
const MAX_PASSES = 3;

/** Body of one page. The order is fixed, so that pages do not move while they are read. */
export function pageBody(query: ListQuery, page: number): Record<string, unknown> {
  return {
    ...(query.select ? { select: query.select } : {}),
    where: query.where ?? [],
    orderBy: { id: "asc" },
    page,
    perPage: query.pageSize,
  };
}

/** Rows of the pages that are under way or wait to be taken; larger pages are read one by one. */
const ROWS_AHEAD = 5000;

/**
 * Reads a listing page by page, several pages at once, and gives them in the order of their numbers. Stops at the total
 * the server gives or at an empty page; checks that each page is the one asked for, is new, and that in the end as many
 * different rows were seen as the total says. If rows came or went meanwhile, the listing is read again; rows may then be
 * seen twice. Throws `ProtocolError`.
 *
 * `read` is given the rows of a page as soon as it is there, so that what waits for its turn is small. It must do nothing
 * else: the page may be one that is not given.
 */
export async function* listPages<T>(
  client: Pick<HttpClient, "get">,
  path: string,
  query: ListQuery,
  read: (rows: unknown[]) => T,
  concurrency = 1,
): AsyncGenerator<Page<T>> {
  for (let pass = 1; ; pass += 1) {
    const { whole, seen, total } = yield* readOnce(client, path, query, read, concurrency);
    if (whole) return;
    if (pass >= MAX_PASSES) {
      throw new ProtocolError(
        `${path} says it has ${total} rows and gave ${seen}, ${MAX_PASSES} times over.`,
      );
    }
  }
}

interface Pass {
  /** Every row that was there at the end was seen. */
  whole: boolean;
  /** Different rows seen. */
  seen: number;
  /** What the last page said. */
  total: number;
}

/** A page that waits for its turn: its content, and the ids of its rows. */
interface Arrived<T> extends Omit<Envelope, "data" | "currentPage"> {
  content: T;
  ids: (string | number | undefined)[];
}

async function* readOnce<T>(
  client: Pick<HttpClient, "get">,
  path: string,
  query: ListQuery,
  read: (rows: unknown[]) => T,
  concurrency: number,
): AsyncGenerator<Page<T>, Pass> {
  const seen = new IdSet();
  const totals = new Totals();
  const ask = async (page: number): Promise<Arrived<T>> => {
    const { data, perPage, total } = readEnvelope(path, await client.get(path, pageBody(query, page)), page);
    totals.add(total);
    // The next request leaves before this page is read.
    await setImmediate();
    return { content: read(data), ids: data.map(rowId), perPage, total };
  };

  const underWay: Promise<Arrived<T>>[] = [];
  let asked = 0;
  let latest: number | undefined;
  // The first page tells how many there are.
  let last = 1;
  let needed = 1;
  let ahead = 1;
  for (let page = 1; ; page += 1) {
    while (asked < Math.max(page, Math.min(last, page + ahead - 1))) {
      asked += 1;
      const answer = ask(asked);
      // Whether the failure of a later page matters is known when its turn comes.
      answer.catch(() => undefined);
      underWay.push(answer);
    }
    const answer = underWay.shift() as Promise<Arrived<T>>;
    // Nobody knows how the API answers a page behind the last one: a refusal or old rows are an end as well.
    const arrived = await (page > needed ? answer.catch(asEnd) : answer);
    if (arrived === undefined) break;
    const { content, ids, perPage, total } = arrived;
    latest = total;
    if (ids.length === 0) break;
    const before = seen.size;
    // A row without an id counts as itself.
    for (const id of ids) seen.add(id ?? `without id ${seen.size}`);
    if (seen.size === before) {
      if (totals.changed || page > needed) break;
      throw new ProtocolError(`${path} answered page ${page} with rows it had already sent.`);
    }
    yield { content, size: ids.length, total };
    // After a full last page one more is asked for: a total that is too small must not pass for the end.
    if (page * perPage > total) break;
    needed = Math.ceil(total / perPage);
    last = Math.floor(total / perPage) + 1;
    if (concurrency > 1) ahead = Math.max(1, Math.min(2 * concurrency, Math.floor(ROWS_AHEAD / perPage)));
  }
  await Promise.allSettled(underWay);
  // Without a decrease nothing left, so what was seen is there; then equal numbers mean equal rows.
  return { whole: seen.size === totals.greatest && !totals.fell, seen: seen.size, total: latest ?? 0 };
}

function asEnd(error: unknown): undefined {
  if (!(error instanceof ExpectedError) || error instanceof StoppedError) throw error;
}

/** What the pages of one pass said of the size of the listing, in the order of their arrival. */
class Totals {
  greatest = -1;
  /** A later page said less: something left the listing, and what came after it may have slipped past. */
  fell = false;
  changed = false;

  add(total: number): void {
    if (total < this.greatest) this.fell = true;
    if (this.greatest >= 0 && total !== this.greatest) this.changed = true;
    this.greatest = Math.max(this.greatest, total);
  }
}

/** Id of a row for counting. */
function rowId(row: unknown): string | number | undefined {
  const id = (row as { id?: unknown } | null)?.id;
  return typeof id === "number" || typeof id === "string" ? id : undefined;
}

/** Size of the filtered set, asked with one small page. */
export async function countRows(
  client: Pick<HttpClient, "get">,
  path: string,
  where: readonly Condition[],
): Promise<number> {
  const body = pageBody({ where, pageSize: 1, select: ["id"] }, 1);
  return readEnvelope(path, await client.get(path, body), 1).total;
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
  return { data, perPage, currentPage, total };
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}
