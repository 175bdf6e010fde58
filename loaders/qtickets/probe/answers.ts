import { readObject } from "../../core/fields";
import { parseTimestamp } from "../../core/values";
import { Unknown, type Seen } from "../../pipeline/probe";
import { tolerant } from "../../pipeline/probe-judge";
import { keyOf } from "../api";
import type { Call } from "./call-names";

/** A row as it came. */
export type Row = Readonly<Record<string, unknown>>;

/** A page of a list, whether or not it is what was asked for. */
export interface SeenPage {
  rows: readonly Row[];
  ids: readonly bigint[];
  perPage: number;
  currentPage: number;
  total: number;
}

/** The page that a request brought. Throws `Unknown` when it brought none. */
export function pageOf(seen: Seen<Call>, name: Call): SeenPage {
  const { data, paging } = readObject(seen.body(name));
  const { perPage, currentPage, total } = readObject(paging);
  if (!Array.isArray(data)) throw new Unknown("the answer holds no list");
  if (![perPage, currentPage, total].every((value) => Number.isSafeInteger(value))) {
    throw new Unknown("the answer holds no paging");
  }
  const rows = data.map(readObject);
  const ids = rows.flatMap((row) => keyOf(row) ?? []);
  return { rows, ids, ...({ perPage, currentPage, total } as Omit<SeenPage, "rows" | "ids">) };
}

/** The rows of those of the requests that brought a page. */
export function rowsOf(seen: Seen<Call>, ...names: Call[]): Row[] {
  return names.flatMap((name) => {
    try {
      return pageOf(seen, name).rows;
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      return [];
    }
  });
}

/** The objects of a list, or of a map by its values. */
export function listOf(value: unknown): Row[] {
  return typeof value === "object" && value !== null ? Object.values(value).map(readObject) : [];
}

/** The tickets of an order. */
export const ticketsOf = (order: Row): Row[] => listOf(order.baskets);

export const isSet = (value: unknown): boolean => value !== null && value !== undefined;

/** A time of any day, in ms; undefined for what cannot be read. */
export const timeOf = tolerant((value) => parseTimestamp(value, Number.MAX_SAFE_INTEGER).ms);

const HOUR = 3_600_000;
/** How long before the newest payment the filters by time begin. */
const RECENT = 2 * HOUR;

/** When the newest of the known orders was paid, in ms. Throws `Unknown`. */
export function newestPayment(seen: Seen<Call>): number {
  const times = pageOf(seen, "newest").rows.flatMap((row) => timeOf(row.payed_at) ?? []);
  if (times.length === 0) throw new Unknown("no time of a payment could be read");
  return Math.max(...times);
}

/** The beginning of the filters by time, in ms. Throws `Unknown`. */
export const recentBound = (seen: Seen<Call>): number => newestPayment(seen) - RECENT;

/** An id in the newest orders with others above it. Throws `Unknown`. */
export function middleId(seen: Seen<Call>): bigint {
  const ids = pageOf(seen, "newest").ids.toSorted((a, b) => (a < b ? 1 : -1));
  const id = ids[Math.min(10, ids.length - 1)];
  if (id === undefined) throw new Unknown("there are no paid orders");
  return id;
}

/** The event that has fewest of the newest orders, and a show of it. Throws `Unknown`. */
export function smallEvent(seen: Seen<Call>): { event: string; show: string } {
  const counted = new Map<string, { count: number; show: string }>();
  for (const order of pageOf(seen, "newest").rows) {
    const [ticket] = ticketsOf(order);
    if (!isDigits(order.event_id) || ticket === undefined || !isDigits(ticket.show_id)) continue;
    const event = String(order.event_id);
    const { count, show } = counted.get(event) ?? { count: 0, show: String(ticket.show_id) };
    counted.set(event, { count: count + 1, show });
  }
  const [fewest] = [...counted].sort(([, a], [, b]) => a.count - b.count);
  if (fewest === undefined) throw new Unknown("no order names its event and show");
  const [event, { show }] = fewest;
  return { event, show };
}

/** A show whose seats are worth asking for: one that is still to come, where there is one. Throws `Unknown`. */
export function anyShow(seen: Seen<Call>, now: number): string {
  const shows = pageOf(seen, "events").rows.flatMap((event) => listOf(event.shows));
  const known = shows.filter(({ id }) => isDigits(id));
  const coming = known.find(
    ({ start_date: at, deleted_at: gone }) => (timeOf(at) ?? 0) > now && !isSet(gone),
  );
  const found = coming ?? known[0];
  if (found === undefined) throw new Unknown("no event has a show");
  return String(found.id);
}

function isDigits(value: unknown): value is string | number {
  return /^\d{1,20}$/.test(String(value));
}
