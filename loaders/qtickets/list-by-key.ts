import { setImmediate } from "node:timers/promises";
import {
  askPage,
  isRefusedQuery,
  keyOf,
  pagesAhead,
  type Envelope,
  type ListClient,
  type ListQuery,
  type Page,
} from "./api";

/** The API does not filter or sort by id as reading by key needs it. */
export class NoKey extends Error {
  override readonly name = "NoKey";
}

/** A part of a listing gets so many pages at least, as each part costs about one request more. */
const PAGES_PER_PART = 20;

/** Ids that are still to be read, as far as `until`. */
interface Range {
  /** Greatest id that has been read. */
  after: bigint;
  until: bigint;
  /** The one behind it; the last range has none. */
  next: Range | undefined;
  /** Rows behind its beginning, this range and all behind it; not known before its first answer. */
  rowsFrom: number | undefined;
}

/**
 * Reads a listing by key: always the first page of the rows behind the greatest id that was read, so that nothing that comes,
 * goes or changes meanwhile can move what follows. A long listing is read in several ranges of ids at once, each page as it
 * arrives. Reads as far as the greatest id that there was at the beginning; every row that was there all the time is given
 * once.
 *
 * Each answer shows whether the API has filtered and sorted; the greatest id, asked for in descending order, shows whether it
 * sorts at all. `read` is given the rows of a page as soon as it is there, so that what waits for its turn is small.
 * @throws NoKey when the API does not filter or sort by id, whatever was given before
 * @throws ProtocolError
 */
export async function* listByKey<T>(
  client: ListClient,
  path: string,
  query: ListQuery,
  read: (rows: unknown[]) => T,
  concurrency: number,
): AsyncGenerator<Page<T>> {
  const first = await askPage(client, path, query);
  const { total, perPage } = first;
  const last = checkKeys(first.data);
  yield { content: read(first.data), size: first.data.length, total };
  if (isEnd(first)) return;
  if (last === undefined) throw new NoKey("its rows have no ids");
  const greatest = await readGreatestKey(client, path, query);
  if (greatest === undefined || greatest === last) return;
  if (greatest < last) throw new NoKey("it does not sort by id");

  const slots = pagesAhead(concurrency, perPage);
  const rest = total - first.data.length;
  const whole: Range = { after: last, until: greatest, next: undefined, rowsFrom: rest };
  const waiting = cut(whole, rest, perPage, concurrency);
  let ranges = waiting.length;
  /** Pages that are under way or wait to be taken. */
  let taken = 0;
  const arrived: Page<T>[] = [];
  let failure: { error: unknown } | undefined;
  let wake: () => void = () => undefined;

  const start = (): void => {
    while (taken < slots && waiting.length > 0) {
      taken += 1;
      void readNext(waiting.shift() as Range)
        .catch((error: unknown) => (failure ??= { error }))
        .then(() => wake());
    }
  };
  const readNext = async (range: Range): Promise<void> => {
    const answer = await askBehind(client, path, query, range.after);
    const reached = checkKeys(answer.data, range.after);
    range.rowsFrom ??= answer.total;
    let rows = answer.data;
    if (isEnd(answer) || (reached !== undefined && reached >= range.until)) {
      ranges -= 1;
      // What lies behind a range is given by the next one.
      if (range.next !== undefined) rows = rows.filter((row) => (keyOf(row) ?? 0n) <= range.until);
    } else if (reached === undefined) {
      throw new NoKey("its rows have no ids");
    } else {
      range.after = reached;
      const parts = cut(range, rowsLeft(range, answer), answer.perPage, concurrency - ranges + 1);
      ranges += parts.length - 1;
      waiting.push(...parts);
    }
    start();
    // The next request leaves before this page is read.
    await setImmediate();
    arrived.push({ content: read(rows), size: rows.length, total });
  };

  start();
  while (taken > 0) {
    if (failure !== undefined) throw failure.error;
    const page = arrived.shift();
    if (page === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    taken -= 1;
    start();
    yield page;
  }
}

/** A page is the last one when it has fewer rows than fit and the API knows of no more. */
function isEnd({ data, perPage, total }: Envelope): boolean {
  return data.length === 0 || (data.length < perPage && total <= data.length);
}

/** Rows of a range behind this answer; 0 as long as it is not known where the next range begins. */
function rowsLeft({ next }: Range, { data, total }: Envelope): number {
  if (next === undefined) return total - data.length;
  return next.rowsFrom === undefined ? 0 : total - data.length - next.rowsFrom;
}

/**
 * Cuts a range that has `rows` rows into `most` parts at the most, each with pages enough. Ids are taken to be evenly spread;
 * where they are not, parts that are long are cut again when others have ended.
 */
function cut(range: Range, rows: number, perPage: number, most: number): Range[] {
  const parts = BigInt(Math.max(1, Math.min(most, Math.floor(rows / perPage / PAGES_PER_PART))));
  const { after, until } = range;
  const step = (until - after) / parts;
  if (parts === 1n || step === 0n) return [range];
  const ranges: Range[] = [];
  for (let part = parts - 1n; part > 0n; part -= 1n) {
    const next = ranges[0] ?? range.next;
    const end = ranges[0]?.after ?? until;
    ranges.unshift({ after: after + step * part, until: end, next, rowsFrom: undefined });
  }
  range.until = after + step;
  range.next = ranges[0];
  return [range, ...ranges];
}

/** The greatest id of a page, undefined when no row has one. Throws when the ids do not ascend from above `after`. */
function checkKeys(rows: readonly unknown[], after = -1n): bigint | undefined {
  let greatest: bigint | undefined;
  for (const row of rows) {
    const key = keyOf(row);
    if (key === undefined) continue;
    if (key <= after) throw new NoKey("it does not filter by id");
    if (greatest !== undefined && key < greatest) throw new NoKey("it does not sort by id");
    greatest = key;
  }
  return greatest;
}

async function askBehind(
  client: ListClient,
  path: string,
  query: ListQuery,
  after: bigint,
): Promise<Envelope> {
  const value = after <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(after) : String(after);
  const where = [...(query.where ?? []), { column: "id", operator: ">" as const, value }];
  return unlessRefused(askPage(client, path, { ...query, where }));
}

async function readGreatestKey(
  client: ListClient,
  path: string,
  query: ListQuery,
): Promise<bigint | undefined> {
  const select = query.select === undefined ? {} : { select: ["id"] };
  const { data } = await unlessRefused(
    askPage(client, path, { ...query, ...select, pageSize: 1 }, { order: "desc" }),
  );
  return keyOf(data[0]);
}

async function unlessRefused<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isRefusedQuery(error)) throw new NoKey("it refuses such a request");
    throw error;
  }
}
