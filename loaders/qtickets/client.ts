import type { Stopwatch } from "../core/stopwatch";
import type { DataSetReport } from "../pipeline/data-sets";
import { countRows, type Condition, type ListClient, type ListQuery, type Page } from "./api";
import type { Listings } from "./listing";
import { SEATS_BODY } from "./seat-counts";

/** Where the data come from: the API, or files. */
export interface QticketsClient {
  /** Files hold everything at once: no filters, no seats, and watermarks do not move. */
  readonly offline: boolean;
  /** Pages of a listing, see `Listings`; `parse` is called for each when it arrives. */
  pages<T>(path: ListPath, query: ListQuery, parse: (rows: unknown[]) => T): AsyncIterable<Page<T>>;
  count(path: "/orders", where: readonly Condition[]): Promise<number>;
  seats(showId: string): Promise<unknown>;
  /** The parsed answer of a path that is not paged. */
  answer(path: string, body: unknown): Promise<unknown>;
  /** The same client for as long as `limit` lasts: what is asked then fails with the reason of its abort. */
  within(limit: AbortSignal): QticketsClient;
}

/** Listings that come in pages. */
export type ListPath = "/orders" | "/events" | "/discounts" | "/promo-codes";

/** Reads from the API. */
export function apiClient(http: ListClient, listings: Listings): QticketsClient {
  return {
    offline: false,
    pages: (path, query, parse) => listings.pages(http, path, query, parse),
    count: (path, where) => countRows(http, path, where),
    seats: (showId) => http.get(`/shows/${showId}/seats`, SEATS_BODY),
    answer: (path, body) => http.get(path, body),
    within: (limit) => apiClient({ get: (path, body) => http.get(path, body, limit) }, listings),
  };
}

/** The same client; `report` is told of each answer, and `stopwatch` counts how long it was waited for. */
export function observedClient(
  client: QticketsClient,
  stopwatch: Stopwatch,
  report: Pick<DataSetReport, "read" | "incomplete">,
): QticketsClient {
  return {
    ...client,
    pages: async function* (path, query, parse) {
      const timedParse = (rows: unknown[]) => stopwatch.time("rows", () => parse(rows));
      const pages = client.pages(path, query, timedParse)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await stopwatch.wait("fetch", Promise.resolve(pages.next()));
          if (next.done) return;
          const { size, total, incomplete } = next.value;
          report.read(size, total);
          if (incomplete !== undefined) report.incomplete(incomplete);
          yield next.value;
        }
      } finally {
        await pages.return?.();
      }
    },
    count: (path, where) => stopwatch.wait("fetch", client.count(path, where)),
    seats: async (showId) => {
      const answer = await stopwatch.wait("fetch", client.seats(showId));
      report.read(1, 0);
      return answer;
    },
    answer: async (path, body) => {
      const answer = await stopwatch.wait("fetch", client.answer(path, body));
      report.read(1, 0);
      return answer;
    },
    within: (limit) => observedClient(client.within(limit), stopwatch, report),
  };
}
