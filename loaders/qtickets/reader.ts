import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../core/errors";
import type { HttpClient } from "../core/http";
import type { Stopwatch } from "../core/stopwatch";
import { countRows, listPages, type Condition, type ListQuery, type Page } from "./api";
import { SEATS_BODY } from "./seat-counts";

/** Where the data come from: the API, or files. */
export interface Reader {
  /** Files hold everything at once: no filters, no seats, and watermarks do not move. */
  readonly offline: boolean;
  /** Pages in their order; `read` is called for each when it arrives, see `listPages`. */
  pages<T>(path: ListPath, query: ListQuery, read: (rows: unknown[]) => T): AsyncIterable<Page<T>>;
  count(path: "/orders", where: readonly Condition[]): Promise<number>;
  seats(showId: string): Promise<unknown>;
  /** The parsed answer of a path that is not paged. */
  answer(path: string, body: unknown): Promise<unknown>;
  /** The same reader for as long as `limit` lasts: what is asked then fails with the reason of its abort. */
  within(limit: AbortSignal): Reader;
}

/** Listings that come in pages. */
export type ListPath = "/orders" | "/events" | "/discounts" | "/promo-codes";

/** Reads from the API, several pages of a listing at a time. */
export function apiReader(client: Pick<HttpClient, "get">, concurrency: number): Reader {
  return {
    offline: false,
    pages: (path, query, read) => listPages(client, path, query, read, concurrency),
    count: (path, where) => countRows(client, path, where),
    seats: (showId) => client.get(`/shows/${showId}/seats`, SEATS_BODY),
    answer: (path, body) => client.get(path, body),
    within: (limit) => apiReader({ get: (path, body) => client.get(path, body, limit) }, concurrency),
  };
}

/** The same reader; tells of each answer how many rows it had and how many there will be, and how long it was waited for. */
export function observed(
  reader: Reader,
  stopwatch: Stopwatch,
  told: (rows: number, total: number) => void,
): Reader {
  return {
    ...reader,
    pages: async function* (path, query, read) {
      const work = (rows: unknown[]) => stopwatch.time("rows", () => read(rows));
      const pages = reader.pages(path, query, work)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await stopwatch.wait("fetch", Promise.resolve(pages.next()));
          if (next.done) return;
          told(next.value.size, next.value.total);
          yield next.value;
        }
      } finally {
        await pages.return?.();
      }
    },
    count: (path, where) => stopwatch.wait("fetch", reader.count(path, where)),
    seats: async (showId) => {
      const answer = await stopwatch.wait("fetch", reader.seats(showId));
      told(1, 0);
      return answer;
    },
    answer: async (path, body) => {
      const answer = await stopwatch.wait("fetch", reader.answer(path, body));
      told(1, 0);
      return answer;
    },
    within: (limit) => observed(reader.within(limit), stopwatch, told),
  };
}

/**
 * Reads `events.json` and `orders.json` (or `…_sample.json`, `…_fixture.json`) from a folder: a bare list or `{data: […]}`.
 * A file that is missing or no such list is a `UsageError`, at once.
 */
export function fixtureReader(directory: string): Reader {
  const lists = { "/events": readList(directory, "events"), "/orders": readList(directory, "orders") };
  const reader: Reader = {
    offline: true,
    // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, a file is not
    pages: async function* (path, _query, read) {
      const rows = path === "/orders" || path === "/events" ? lists[path] : [];
      yield { content: read(rows), size: rows.length, total: rows.length };
    },
    count: () => Promise.resolve(0),
    seats: () => Promise.resolve({ data: [] }),
    answer: () => Promise.resolve({ data: [] }),
    within: () => reader,
  };
  return reader;
}

function readList(directory: string, name: string): unknown[] {
  const names = [`${name}.json`, `${name}_sample.json`, `${name}_fixture.json`];
  const file = names.map((one) => join(directory, one)).find((path) => existsSync(path));
  if (file === undefined) throw new UsageError(`${directory} has none of ${names.join(", ")}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  const list = Array.isArray(content) ? (content as unknown[]) : (content as { data?: unknown } | null)?.data;
  if (!Array.isArray(list))
    throw new UsageError(`${file} is neither a list nor an object with a list in "data"`);
  return list as unknown[];
}
