import type { z } from "zod";
import { ApiError } from "../core/api-error";
import { orNull, reasonOf } from "../core/fields";
import type { RowOf } from "../core/row";
import { startBudget } from "../core/time-limit";
import { parseTimestamp } from "../core/values";
import { TableWriter } from "../core/writer";
import type { DataSetReport } from "../pipeline/data-sets";
import type { Found } from "../pipeline/found";
import { ProtocolError } from "./api";
import type { ListPath, QticketsClient } from "./client";
import type { EventsFound } from "./events";
import { checkBadRows, NO_OFFSET, type DataSetInput } from "./run";
import type { Settings } from "./settings";

/** What a data set is fetched from; the client is limited to the time that the data set may take. */
export interface FetchInput extends DataSetInput {
  /** The events of this run. */
  events: EventsFound["events"];
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
  /** Why it is left out of this run, if it is. */
  skip: (settings: Settings, client: QticketsClient) => string | undefined;
  /** A 403 or 404 of the API is skipped, with nothing found; any other failure is thrown. */
  load: (input: DataSetInput, events: EventsFound["events"]) => Promise<Found>;
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
    skip: (settings, client) => {
      if (settings[definition.skipFlag]) return "disabled_via_flag";
      return client.offline ? "offline_fixtures" : definition.skip?.(settings);
    },
    load: async (input, events) => {
      const { run, report } = input;
      const { database, log, runId, settings, quarantine } = run;
      const writer = new TableWriter({ database, log, blockPrefix: runId, table, columns });
      const schema = definition.schema(settings, timestampSchema(report));
      const ids = new Set<string>();
      let seen = 0;
      let bad = 0;
      log.info(`Fetching ${name} via GET`);
      const budget = startBudget(name, TIME_RATIO * (run.deadline - run.clock.now()));
      try {
        const client = input.client.within(budget.signal);
        for await (const page of definition.fetch({ ...input, client, events })) {
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
        report.skip({ resource: name, reason: `http_${error.status}` });
        return {};
      } finally {
        budget.done();
      }
      checkBadRows(run, { name, seen, bad });
      await writer.finish();
      log.info(`Fetched ${name} from QTickets API via GET`, { rows: ids.size, quarantined: bad });
      return { counters: { [counter]: ids.size }, written: ids.size };
    },
  };
}

/** All rows of a listing that comes in pages, without a filter: deleted ones too. */
export async function* pagedRows({ run, client }: FetchInput, path: ListPath): AsyncGenerator<unknown[]> {
  const query = { pageSize: run.settings.QTICKETS_PAGE_SIZE };
  for await (const { content } of client.pages(path, query, (rows) => rows)) yield content;
}

/** The rows of an answer that is not paged: `{data: […]}`, or the bare list where the API has it so. */
export function unpagedRows(path: string, answer: unknown, bare = false): unknown[] {
  const rows = bare ? answer : (answer as { data?: unknown } | null)?.data;
  if (!Array.isArray(rows)) throw new ProtocolError(`${path} answered without a list of rows.`);
  return rows as unknown[];
}

function timestampSchema(report: DataSetReport): OptionalTimestamp {
  return orNull((value) => {
    const timestamp = parseTimestamp(value, Number.MAX_SAFE_INTEGER);
    if (timestamp.naive) report.note(NO_OFFSET);
    return timestamp.ms;
  });
}
