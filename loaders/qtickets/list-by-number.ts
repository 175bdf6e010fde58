import { setImmediate } from "node:timers/promises";
import { ExpectedError, StoppedError } from "../core/errors";
import { IdSet } from "../core/id-set";
import {
  askPage,
  keyOf,
  pagesAhead,
  ProtocolError,
  type Envelope,
  type ListClient,
  type ListQuery,
  type Page,
} from "./api";

/** Passes over a listing that are made when rows came or went while it was read. */
const MAX_PASSES = 3;

/**
 * Reads a listing by page number, several pages at once, and gives them in the order of their numbers. Stops at the total
 * the server gives or at an empty page; checks that each page is the one asked for, is new, and that in the end as many
 * different rows were seen as the total says. If rows came or went meanwhile, the listing is read again; rows may then be
 * given twice. If it never stands still, its last page says that it is incomplete.
 *
 * `read` is given the rows of a page as soon as it is there, so that what waits for its turn is small. It must do nothing
 * else: the page may be one that is not given.
 * @throws ProtocolError also when a total that stands still is not the number of rows
 */
export async function* listByNumber<T>(
  client: ListClient,
  path: string,
  query: ListQuery,
  read: (rows: unknown[]) => T,
  concurrency: number,
): AsyncGenerator<Page<T>> {
  let moved = false;
  for (let pass = 1; ; pass += 1) {
    const { whole, changed, seen, total } = yield* readOnce(client, path, query, read, concurrency);
    if (whole) return;
    moved ||= changed;
    if (pass < MAX_PASSES) continue;
    if (!moved) {
      throw new ProtocolError(
        `${path} says it has ${total} rows and gave ${seen}, ${MAX_PASSES} times over.`,
      );
    }
    const incomplete =
      `rows came or went each of the ${MAX_PASSES} times ${path} was read by page number, so some may be missing; ` +
      "the next run reads them again";
    yield { content: read([]), size: 0, total, incomplete };
    return;
  }
}

interface Pass {
  /** Every row that was there at the end was seen. */
  whole: boolean;
  /** Its pages did not agree on the size of the listing. */
  changed: boolean;
  /** Different rows seen. */
  seen: number;
  /** What the last page said. */
  total: number;
}

/** A page that waits for its turn: its content, and the ids of its rows. */
interface Arrived<T> extends Omit<Envelope, "data"> {
  content: T;
  ids: (bigint | undefined)[];
}

async function* readOnce<T>(
  client: ListClient,
  path: string,
  query: ListQuery,
  read: (rows: unknown[]) => T,
  concurrency: number,
): AsyncGenerator<Page<T>, Pass> {
  const seen = new IdSet();
  const totals = new Totals();
  const ask = async (page: number): Promise<Arrived<T>> => {
    const { data, perPage, total } = await askPage(client, path, query, { page });
    totals.add(total);
    // The next request leaves before this page is read.
    await setImmediate();
    return { content: read(data), ids: data.map(keyOf), perPage, total };
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
    for (const id of ids) seen.add(String(id ?? `without id ${seen.size}`));
    if (seen.size === before) {
      if (totals.changed || page > needed) break;
      throw new ProtocolError(`${path} answered page ${page} with rows it had already sent.`);
    }
    yield { content, size: ids.length, total };
    // After a full last page one more is asked for: a total that is too small must not pass for the end.
    if (page * perPage > total) break;
    needed = Math.ceil(total / perPage);
    last = Math.floor(total / perPage) + 1;
    ahead = pagesAhead(concurrency, perPage);
  }
  await Promise.allSettled(underWay);
  // Without a decrease nothing left, so what was seen is there; then equal numbers mean equal rows.
  const whole = seen.size === totals.greatest && !totals.fell;
  return { whole, changed: totals.changed, seen: seen.size, total: latest ?? 0 };
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
