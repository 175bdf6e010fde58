import type { RowOf } from "../core/row";
import { BadValue } from "../core/values";
import { readCount, readFlag } from "../core/fields";

export const INVENTORY_COLUMNS = [
  "snapshot_ts",
  "event_id",
  "show_id",
  "event_name",
  "city",
  "show_start_ts",
  "tickets_total",
  "tickets_left",
  "status",
  "_ver",
] as const;

/** Those of them that may be NULL. */
export const INVENTORY_NULLS = ["show_start_ts", "tickets_total", "tickets_left"] as const;

export type InventoryRow = RowOf<(typeof INVENTORY_COLUMNS)[number], (typeof INVENTORY_NULLS)[number]>;

/** Body of the seats request: counters by place, without quotas and their addressees. */
export const SEATS_BODY = {
  select: [
    "id",
    "root_id",
    "admission",
    "max_quantity",
    "free_quantity",
    "ordered_quantity",
    "payed_quantity",
    "in_basket_quantity",
    "available",
    "disabled",
  ],
  where: [],
  flat: true,
} as const;

/** Places of a show: on sale in all, and free now. 0 free is sold out; what is not known is no `Seats`. */
export interface Seats {
  total: number;
  left: number;
}

/**
 * Counts the places in an answer of the seats route. The same place is listed once per tariff and counts once, with its
 * greatest quantities; rows that are switched off do not count. Answers null when any row lacks its counters or there are
 * none (unknown, never a partial sum). Throws `BadValue` for impossible counters or a wrong shape.
 */
export function countSeats(answer: unknown): Seats | null {
  const data = (answer as { data?: unknown } | null)?.data;
  if (typeof data !== "object" || data === null) throw new BadValue("no data");
  const rows: unknown[] = Object.values(data);
  if (rows.length === 0) return null;
  const places = new Map<string, Seats>();
  for (const [index, row] of rows.entries()) {
    if (typeof row !== "object" || row === null) throw new BadValue("unexpected shape");
    const seat = row as Record<string, unknown>;
    const { id, root_id: root, max_quantity: max, free_quantity: free, available, disabled } = seat;
    if ([max, free, available].some((value) => value === undefined || value === null)) return null;
    const total = readCount(max);
    const left = Math.min(readCount(free), total);
    if (readFlag(disabled ?? false)) continue;
    const key = placeKey(root) ?? placeKey(id) ?? `row ${index}`;
    const place = places.get(key) ?? { total: 0, left: 0 };
    places.set(key, {
      total: Math.max(place.total, total),
      left: Math.max(place.left, readFlag(available) ? left : 0),
    });
  }
  const seats = [...places.values()];
  return { total: sum(seats.map((one) => one.total)), left: sum(seats.map((one) => one.left)) };
}

function placeKey(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
