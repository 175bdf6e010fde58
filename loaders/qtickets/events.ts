import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import { reasonOf } from "../core/fields";
import { BadValue } from "../core/values";
import { TableWriter } from "../core/writer";
import type { Found } from "../pipeline/found";
import { EVENT_COLUMNS, eventRow, type EventRow } from "./event-rows";
import { checkBadRows, NO_OFFSET, type DataSetInput, type QticketsRun } from "./run";
import { createEventSchema, EVENT_FIELDS, type Event } from "./schemas";

/** The events of a run, and what the other data sets want to know of them. */
export interface EventsFound extends Found {
  events: readonly EventWithRow[];
  /** Event of a show, those of earlier runs included. */
  eventOfShow: ReadonlyMap<string, string>;
  /** Canonical city of an event, those of earlier runs included. */
  cityOfEvent: ReadonlyMap<string, string>;
}

export interface EventWithRow {
  event: Event;
  /** Its row of the dimension. */
  row: EventRow;
}

/**
 * Reads the events with their shows: all of them, also deleted ones, so that old sales keep name and city.
 * @param aliases city look-up key to canonical city
 */
export async function loadEvents(
  { run, client, report }: DataSetInput,
  aliases: ReadonlyMap<string, string>,
): Promise<EventsFound> {
  const { settings, quarantine, log, startedAt } = run;
  const { eventOfShow, cityOfEvent } = await readKnownEvents(run.database);
  log.info("Fetching events via GET /events");
  const schema = createEventSchema(startedAt, () => report.note(NO_OFFSET));
  const query = {
    ...(settings.QTICKETS_SELECT_FIELDS ? { select: EVENT_FIELDS } : {}),
    pageSize: settings.QTICKETS_PAGE_SIZE,
  };
  const found = new Map<string, EventWithRow>();
  let seen = 0;
  let bad = 0;
  for await (const { content } of client.pages("/events", query, (rows) => rows)) {
    for (const raw of content) {
      seen += 1;
      const parsed = schema.safeParse(raw);
      try {
        if (!parsed.success) throw new BadValue(reasonOf(parsed.error));
        const event = parsed.data;
        const { row, knownCity } = eventRow(event, aliases);
        if (!knownCity && !found.has(event.id)) report.note("unknown cities");
        found.set(event.id, { event, row });
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        bad += 1;
        quarantine.add("events", (raw as { id?: unknown } | null)?.id, error.message);
      }
    }
  }
  checkBadRows(run, { name: "events", seen, bad });
  for (const { event, row } of found.values()) {
    cityOfEvent.set(event.id, String(row.city));
    for (const show of event.shows) eventOfShow.set(show.id, event.id);
  }
  log.info("Fetched events from QTickets API via GET", { events: found.size });
  return { events: [...found.values()], eventOfShow, cityOfEvent, counters: { events: found.size } };
}

/** Writes the dimension of events. */
export async function writeEvents(
  { database, log, runId }: QticketsRun,
  events: readonly EventWithRow[],
): Promise<void> {
  const writer = new TableWriter({
    database,
    log,
    blockPrefix: runId,
    table: "dim_events",
    columns: EVENT_COLUMNS,
  });
  await writer.add(events.map(({ row }) => row));
  await writer.finish();
}

/** Shows and cities from earlier runs: an event that the API lists no more still owns its shows. */
async function readKnownEvents(database: Database) {
  const known = await database.rows<{ event_id: string; city: string; show_ids: string[] }>(
    asLoader`SELECT event_id, city, show_ids FROM ${database.name}.dim_events FINAL`,
  );
  return {
    cityOfEvent: new Map(known.map(({ event_id: id, city }) => [id, city])),
    eventOfShow: new Map(
      known.flatMap(({ event_id: id, show_ids: shows }) => shows.map((show) => [show, id])),
    ),
  };
}
