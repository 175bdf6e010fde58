import type { Log } from "../core/log";
import type { ListClient, ListQuery, Page } from "./api";
import { listByKey, NoKey } from "./list-by-key";
import { listByNumber } from "./list-by-number";

/** Reads listings whole: by key, or by page number where the API does not filter and sort by id. */
export class Listings {
  /** Paths of which it is known that they cannot be read by key. */
  private readonly withoutKey = new Set<string>();

  constructor(
    private readonly concurrency: number,
    private readonly log: Pick<Log, "warning">,
  ) {}

  /** Pages in any order; `read` is called for each as soon as it is there. Rows may be given twice. Throws `ProtocolError`. */
  async *pages<T>(
    client: ListClient,
    path: string,
    query: ListQuery,
    read: (rows: unknown[]) => T,
  ): AsyncGenerator<Page<T>> {
    try {
      if (!this.withoutKey.has(path)) {
        yield* listByKey(client, path, query, read, this.concurrency);
        return;
      }
    } catch (error) {
      if (!(error instanceof NoKey)) throw error;
      this.withoutKey.add(path);
      this.log.warning(
        `The API cannot give ${path} by id (${error.message}): reading it by page number, which a shop that sells meanwhile disturbs`,
      );
    }
    yield* listByNumber(client, path, query, read, this.concurrency);
  }
}
