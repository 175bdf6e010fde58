import { BadValue } from "../core/values";
import { eventRow } from "./event-rows";
import { checkShare, count, type Run, type Source } from "./run";
import { EVENT_FIELDS, reasonOf } from "./schemas";

/** Events with their shows: all of them, also deleted ones, so that old sales keep name and city. */
export const events: Source = {
  name: "events",
  required: true,
  load: async (run) => {
    await knownShows(run);
    run.log.info("Fetching events via GET /events");
    const { settings, quarantine, counts } = run;
    const select = settings.QTICKETS_SELECT_FIELDS ? { select: EVENT_FIELDS } : {};
    const query = { ...select, pageSize: settings.QTICKETS_PAGE_SIZE };
    const rows = new Map<string, { event: Run["events"][number]; row: Run["eventRows"][number] }>();
    let seen = 0;
    let bad = 0;
    for await (const { content } of run.reader.pages("/events", query, (rows) => rows)) {
      for (const raw of content) {
        seen += 1;
        const parsed = run.schemas.event.safeParse(raw);
        try {
          if (!parsed.success) throw new BadValue(reasonOf(parsed.error));
          const event = parsed.data;
          const { row, knownCity } = eventRow(event, run.aliases);
          if (!knownCity && !rows.has(event.id)) count(counts.notes, "unknown cities");
          rows.set(event.id, { event, row });
        } catch (error) {
          if (!(error instanceof BadValue)) throw error;
          bad += 1;
          quarantine.add("events", (raw as { id?: unknown } | null)?.id, error.message);
        }
      }
    }
    checkShare(run, "events", seen, bad);
    for (const { event, row } of rows.values()) {
      run.events.push(event);
      run.eventRows.push(row);
      run.cityOfEvent.set(event.id, String(row.city));
      for (const show of event.shows) run.eventOfShow.set(show.id, event.id);
    }
    counts.events = rows.size;
    run.log.info("Fetched events from QTickets API via GET", { events: rows.size });
  },
};

/** Shows and cities from earlier runs: an event that the API lists no more still owns its shows. */
async function knownShows(run: Run): Promise<void> {
  const known = await run.database.rows<{ event_id: string; city: string; show_ids: string[] }>(
    `SELECT event_id, city, show_ids FROM ${run.database.name}.dim_events FINAL`,
  );
  for (const event of known) {
    run.cityOfEvent.set(event.event_id, event.city);
    for (const show of event.show_ids) run.eventOfShow.set(show, event.event_id);
  }
}
