import type { z } from "zod";
import { ApiError } from "../core/api-error";
import type { RowOf } from "../core/row";
import { startBudget } from "../core/time-limit";
import { parseTimestamp } from "../core/values";
import { TableWriter } from "../core/writer";
import { checkErrorRatio } from "../pipeline/error-ratio";
import { count, type Counters, type Found, type Skipped } from "../pipeline/found";
import { ProtocolError } from "./api";
import type { ListPath, QticketsClient } from "./client";
import { NO_OFFSET, type QticketsRun } from "./run";
import { orNull, reasonOf, type Event } from "./schemas";
import type { Settings } from "./settings";

/** What a data set is fetched from. */
export interface FetchInput {
  run: QticketsRun;
  /** Limited to the time that the data set may take. */
  client: QticketsClient;
  /** The events of this run. */
  events: readonly Event[];
  /** Notes a part that was left out without harm. */
  skip: (skipped: Skipped) => void;
}

/** A timestamp that may be absent and may lie in the far future (the end of a discount, say), in ms. */
type OptionalTimestamp = z.ZodType<number | null>;

/** One optional data set: how it is switched, fetched, parsed and written. The loader never reads its table back. */
export interface Definition<T extends { id: string }, Column extends string, Nullable extends Column> {
  name: string;
  table: string;
  /** Columns that are written; the table gives the others their defaults. */
  columns: readonly Column[];
  /** Those of them that may be NULL. */
  nulls: readonly Nullable[];
  /** Setting that leaves it out. */
  skipFlag: Extract<keyof Settings, `QTICKETS_SKIP_${string}`>;
  /** Counter of the rows in the journal. */
  counter: string;
  /** A further reason to leave it out. */
  skip?: (settings: Settings) => string | undefined;
  /** The source's rows, some at a time. */
  fetch: (input: FetchInput) => AsyncIterable<readonly unknown[]>;
  /** Shape of one row; its reasons name fields and never values. */
  schema: (settings: Settings, timestamp: OptionalTimestamp) => z.ZodType<T>;
  /** `version` is the run clock (ms): the newest run wins. */
  toRow: (item: T, version: number) => RowOf<Column, Nullable>;
}

export interface OptionalDataSet {
  name: string;
  table: string;
  columns: readonly string[];
  nulls: readonly string[];
  counter: string;
  /** Why it is left out of this run, if it is. */
  skip: (run: Pick<QticketsRun, "settings" | "client">) => string | undefined;
  /** Answers 403 and 404 of the API as skipped; any other failure is thrown. */
  load: (run: QticketsRun, events: readonly Event[]) => Promise<Found>;
}

/** Ratio of the time left that one optional data set may take, so that the others and the facts get their turn. */
const TIME_RATIO = 0.2;

/** Makes the data set of a definition. */
export function optionalDataSet<
  T extends { id: string },
  Column extends string,
  Nullable extends Column = never,
>(definition: Definition<T, Column, Nullable>): OptionalDataSet {
  const { name, table, columns, nulls, counter } = definition;
  return {
    name,
    table,
    columns,
    nulls,
    counter,
    skip: ({ settings, client }) => {
      if (settings[definition.skipFlag]) return "disabled_via_flag";
      return client.offline ? "offline_fixtures" : definition.skip?.(settings);
    },
    load: async (run, events) => {
      const { database, log, runId, settings, quarantine } = run;
      const writer = new TableWriter({ database, log, runId, table, columns });
      const notes: Counters = {};
      const skipped: Skipped[] = [];
      const schema = definition.schema(settings, timestampSchema(notes));
      const ids = new Set<string>();
      let seen = 0;
      let bad = 0;
      log.info(`Fetching ${name} via GET`);
      const budget = startBudget(name, TIME_RATIO * (run.deadline - run.clock.now()));
      try {
        const client = run.client.within(budget.signal);
        const skip = (one: Skipped) => void skipped.push(one);
        for await (const page of definition.fetch({ run, client, events, skip })) {
          const rows: RowOf<Column, Nullable>[] = [];
          for (const raw of page) {
            seen += 1;
            const parsed = schema.safeParse(raw);
            if (parsed.success) {
              ids.add(parsed.data.id);
              rows.push(definition.toRow(parsed.data, run.startedAt));
            } else {
              bad += 1;
              quarantine.add(name, (raw as { id?: unknown } | null)?.id, reasonOf(parsed.error));
            }
          }
          await writer.add(rows);
        }
      } catch (error) {
        if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
        return { skipped: [...skipped, { resource: name, reason: `http_${error.status}` }] };
      } finally {
        budget.done();
      }
      checkErrorRatio({
        name,
        seen,
        bad,
        allowed: settings.QTICKETS_QUARANTINE_MAX_SHARE,
        setting: "QTICKETS_QUARANTINE_MAX_SHARE",
        quarantine,
      });
      await writer.finish();
      log.info(`Fetched ${name} from QTickets API via GET`, { rows: ids.size, quarantined: bad });
      return { counters: { [counter]: ids.size }, written: ids.size, notes, skipped };
    },
  };
}

/** All rows of a listing that comes in pages, without a filter: deleted ones too. */
export async function* pagedRows(
  { run, client }: Pick<FetchInput, "run" | "client">,
  path: ListPath,
): AsyncGenerator<unknown[]> {
  const query = { pageSize: run.settings.QTICKETS_PAGE_SIZE };
  for await (const { content } of client.pages(path, query, (rows) => rows)) yield content;
}

/** The rows of an answer that is not paged: `{data: […]}`, or the bare list where the API has it so. */
export function unpagedRows(path: string, answer: unknown, bare = false): unknown[] {
  const rows = bare ? answer : (answer as { data?: unknown } | null)?.data;
  if (!Array.isArray(rows)) throw new ProtocolError(`${path} answered without a list of rows.`);
  return rows as unknown[];
}

function timestampSchema(notes: Counters): OptionalTimestamp {
  return orNull((value) => {
    const timestamp = parseTimestamp(value, Number.MAX_SAFE_INTEGER);
    if (timestamp.naive) count(notes, NO_OFFSET);
    return timestamp.ms;
  });
}

/** The last second that a DateTime column can hold: 2106-02-07. */
const LAST_SECOND = 0xffffffff;

/** Whole seconds for a DateTime column. "For ever" (the year 9999) becomes the last second it can hold. */
export function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.min(Math.floor(ms / 1000), LAST_SECOND);
}
