import type { z } from "zod";
import type { RowOf } from "../core/row";
import { ApiError } from "../core/api-error";
import { parseMoment } from "../core/values";
import { startShare } from "../core/time-limit";
import { TableWriter } from "../core/writer";
import { ProtocolError } from "./api";
import type { ListPath, Reader } from "./reader";
import { checkShare, count, type Run, type Source } from "./run";
import { orNull, reasonOf } from "./schemas";
import type { Settings } from "./settings";

/** One optional data set: how it is switched, fetched, parsed and written. The loader never reads its table back. */
export interface Catalogue<T extends { id: string }, Column extends string, Nullable extends Column> {
  name: string;
  table: string;
  /** Columns that are written; the table gives the others their defaults. */
  columns: readonly Column[];
  /** Those of them that may be NULL. */
  nulls: readonly Nullable[];
  /** Setting that leaves it out. */
  skipFlag: Extract<keyof Settings, `QTICKETS_SKIP_${string}`>;
  /** Counter of the rows in the journal. */
  counter: "priceShadesRows" | "discountsRows" | "promoCodeRows" | "barcodeRows";
  /** A further reason to leave it out. */
  skip?: (run: Run) => string | undefined;
  /** The source's rows, some at a time, read from `reader`. */
  fetch: (run: Run, reader: Reader) => AsyncIterable<readonly unknown[]>;
  /** Shape of one row; its reasons name fields and never values. */
  schema: (run: Run) => z.ZodType<T>;
  toRow: (item: T, run: Run) => RowOf<Column, Nullable>;
}

/** Share of the time left that one optional data set may take, so that the others and the facts get their turn. */
const TIME_SHARE = 0.2;

/** The source with the table it writes, for the check of the schema. */
export type CatalogueSource = Source & Pick<Catalogue<never, string, string>, "table" | "columns" | "nulls">;

/**
 * The source of an optional data set. What answers 403 or 404 is skipped with that reason; any other failure is thrown
 * and makes the run partial.
 */
export function catalogue<T extends { id: string }, Column extends string, Nullable extends Column = never>(
  definition: Catalogue<T, Column, Nullable>,
): CatalogueSource {
  const { name, table, columns, nulls, counter } = definition;
  return {
    name,
    table,
    columns,
    nulls,
    required: false,
    skip: (run) => {
      if (run.settings[definition.skipFlag]) return "disabled_via_flag";
      return run.reader.offline ? "offline_fixtures" : definition.skip?.(run);
    },
    load: async (run) => {
      const { database, log, runId, counts } = run;
      const writer = new TableWriter({ database, log, runId, table, columns });
      const schema = definition.schema(run);
      const ids = new Set<string>();
      let seen = 0;
      let bad = 0;
      log.info(`Fetching ${name} via GET`);
      const limit = startShare(name, TIME_SHARE * (run.deadline - run.clock.now()));
      try {
        for await (const page of definition.fetch(run, run.reader.within(limit.signal))) {
          const rows: RowOf<Column, Nullable>[] = [];
          for (const raw of page) {
            seen += 1;
            const parsed = schema.safeParse(raw);
            if (parsed.success) {
              ids.add(parsed.data.id);
              rows.push(definition.toRow(parsed.data, run));
            } else {
              bad += 1;
              run.quarantine.add(name, (raw as { id?: unknown } | null)?.id, reasonOf(parsed.error));
            }
          }
          await writer.add(rows);
        }
      } catch (error) {
        if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
        run.skipped.push({ resource: name, reason: `http_${error.status}` });
        return;
      } finally {
        limit.done();
      }
      checkShare(run, name, seen, bad);
      await writer.finish();
      counts[counter] = ids.size;
      log.info(`Fetched ${name} from QTickets API via GET`, { rows: ids.size, quarantined: bad });
    },
  };
}

/** All rows of a listing that comes in pages, without a filter: deleted ones too. */
export async function* pagedRows(
  { settings }: Run,
  reader: Reader,
  path: ListPath,
): AsyncGenerator<unknown[]> {
  const query = { pageSize: settings.QTICKETS_PAGE_SIZE };
  for await (const { content } of reader.pages(path, query, (rows) => rows)) yield content;
}

/** A moment that may be absent and may lie in the far future: the end of a discount, say. */
export function catalogueMoment(run: Run) {
  return orNull((value) => {
    const moment = parseMoment(value, Number.MAX_SAFE_INTEGER);
    if (moment.naive) count(run.counts.notes, "times without an offset");
    return moment.ms;
  });
}

/** The last second that a DateTime column can hold: 2106-02-07. */
const LAST_SECOND = 0xffffffff;

/** Whole seconds for a DateTime column. "For ever" (the year 9999) becomes the last moment it can hold. */
export function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.min(Math.floor(ms / 1000), LAST_SECOND);
}

/** The rows of an answer that is not paged: `{data: […]}`, or the bare list where the API has it so. */
export function unpagedRows(path: string, answer: unknown, bare = false): unknown[] {
  const rows = bare ? answer : (answer as { data?: unknown } | null)?.data;
  if (!Array.isArray(rows)) throw new ProtocolError(`${path} answered without a list of rows.`);
  return rows as unknown[];
}
