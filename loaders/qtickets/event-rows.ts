import type { RowOf } from "../core/row";
import { BadValue, canonicalCity, moscowDay, normalText } from "../core/values";
import type { Event, Show } from "./schemas";

export const EVENT_COLUMNS = [
  "event_id",
  "event_name",
  "city",
  "start_date",
  "end_date",
  "is_active",
  "is_deleted",
  "currency",
  "show_ids",
  "_ver",
] as const;

/** Those of them that may be NULL. */
export const EVENT_NULLS = ["start_date", "end_date"] as const;

export type EventRow = RowOf<(typeof EVENT_COLUMNS)[number], (typeof EVENT_NULLS)[number]>;

/** Version of an event: the greatest change timestamp (ms) of it and its shows. */
export function eventVersion(event: Event): number {
  const timestamps = [event, ...event.shows].flatMap((one) => [
    one.created_at,
    one.updated_at,
    one.deleted_at,
  ]);
  const known = timestamps.flatMap((timestamp) => (timestamp === null ? [] : [timestamp.ms]));
  if (known.length === 0) throw new BadValue("no change time");
  return Math.max(...known);
}

/** First and last Moscow day over the shows that are not deleted; a show without a finish ends on its start day. */
export function eventDays(shows: readonly Show[]): { start: string | null; end: string | null } {
  const alive = shows.filter((show) => show.deleted_at === null);
  const starts = alive.flatMap((show) => (show.start_date ? [moscowDay(show.start_date.ms)] : []));
  const ends = alive.flatMap((show) => {
    const end = show.finish_date ?? show.start_date;
    return end ? [moscowDay(end.ms)] : [];
  });
  return { start: starts.sort()[0] ?? null, end: ends.sort().at(-1) ?? null };
}

/** The dimension row of an event. Deleted events and shows keep their place, so that old sales find them. */
export function eventRow(
  event: Event,
  aliases: ReadonlyMap<string, string>,
): { row: EventRow; knownCity: boolean } {
  const { city, known } = canonicalCity(event.city, aliases);
  const { start, end } = eventDays(event.shows);
  return {
    knownCity: known,
    row: {
      event_id: event.id,
      event_name: normalText(event.name),
      city,
      start_date: start,
      end_date: end,
      is_active: event.is_active ? 1 : 0,
      is_deleted: event.deleted_at === null ? 0 : 1,
      currency: event.currency_id.toUpperCase(),
      show_ids: event.shows.map((show) => show.id),
      _ver: eventVersion(event),
    },
  };
}

/** The shows whose seats are counted: of an event that is not deleted, themselves not deleted, active, not over at `now` (ms). */
export function openShows(event: Event, now: number): Show[] {
  if (event.deleted_at !== null) return [];
  return event.shows.filter(
    (show) =>
      show.deleted_at === null && show.is_active && show.finish_date !== null && show.finish_date.ms > now,
  );
}
