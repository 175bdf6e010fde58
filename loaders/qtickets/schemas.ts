import { z } from "zod";
import {
  field,
  orNull,
  readCurrency,
  readFlag,
  readId,
  readList,
  readName,
  readObject,
  readQuantity,
  readText,
} from "../core/fields";
import { parseMoney, parseTimestamp, type Timestamp } from "../core/values";

/**
 * Shapes of the API. Only the fields named here are ever read; unknown ones are dropped by the parser. Absent and null mean the
 * same. Schemas judge times against `now` (ms); `onNoOffset` is called for each time without an offset.
 */

/** A city: the name inside an object, or the text itself. */
export function readCity(value: unknown): string {
  if (typeof value === "string") return value;
  const { name } = readObject(value);
  return name === undefined || name === null ? "" : readName(name);
}

/** A reader of times that are not later than `now`, and a few days. */
function timestampReader(now: number, onNoOffset: () => void): (value: unknown) => Timestamp {
  return (value) => {
    const parsed = parseTimestamp(value, now);
    if (parsed.naive) onNoOffset();
    return parsed;
  };
}

function changeTimes(timestamp: (value: unknown) => Timestamp) {
  return { created_at: orNull(timestamp), updated_at: orNull(timestamp), deleted_at: orNull(timestamp) };
}

export function createOrderSchema(now: number, onNoOffset: () => void) {
  const timestamp = timestampReader(now, onNoOffset);
  const changes = changeTimes(timestamp);
  const basket = z.object({
    id: field(readId),
    show_id: orNull(readId),
    price: field(parseMoney),
    quantity: field(readQuantity),
    refunded_at: orNull(timestamp),
    refunded_amount: orNull(parseMoney),
    refunded_deduction_amount: orNull(parseMoney),
    ...changes,
  });

  return z.object({
    id: field(readId),
    event_id: field(readId),
    payed: field(readFlag),
    payed_at: orNull(timestamp),
    currency_id: field(readCurrency),
    utm: field(readObject),
    discount_id: orNull(readId),
    promo_code_id: orNull(readId),
    payment_type_id: field(readText),
    baskets: field(readList).pipe(z.array(basket)),
    ...changes,
  });
}

export function createEventSchema(now: number, onNoOffset: () => void) {
  const changes = changeTimes(timestampReader(now, onNoOffset));
  // Shows and their sales may lie in the far future, so only the spelling is judged.
  const anyTimestamp = timestampReader(Number.MAX_SAFE_INTEGER, onNoOffset);
  const show = z.object({
    id: field(readId),
    is_active: field((value) => readFlag(value ?? 0)),
    start_date: orNull(anyTimestamp),
    finish_date: orNull(anyTimestamp),
    ...changes,
  });

  return z.object({
    id: field(readId),
    name: field(readName),
    is_active: field(readFlag),
    city: field(readCity),
    currency_id: field(readText),
    shows: field((value) => readList(value ?? [])).pipe(z.array(show)),
    ...changes,
  });
}

export type Order = z.infer<ReturnType<typeof createOrderSchema>>;
export type Basket = Order["baskets"][number];
export type Event = z.infer<ReturnType<typeof createEventSchema>>;
export type Show = Event["shows"][number];

/** Fields asked for on orders: exactly those the schema reads, so that no personal data leave the API. */
export const ORDER_FIELDS: readonly string[] = fieldsOf({
  own: [
    "id",
    "event_id",
    "payed",
    "payed_at",
    "currency_id",
    "utm",
    "discount_id",
    "promo_code_id",
    "payment_type_id",
    "created_at",
    "updated_at",
    "deleted_at",
  ],
  baskets: [
    "id",
    "show_id",
    "price",
    "quantity",
    "refunded_at",
    "refunded_amount",
    "refunded_deduction_amount",
    "created_at",
    "updated_at",
    "deleted_at",
  ],
});

/** Fields asked for on events; without them every show would bring its seat map along. */
export const EVENT_FIELDS: readonly string[] = fieldsOf({
  own: ["id", "name", "is_active", "city", "currency_id", "created_at", "updated_at", "deleted_at"],
  shows: ["id", "is_active", "start_date", "finish_date", "created_at", "updated_at", "deleted_at"],
});

function fieldsOf({ own, ...nested }: { own: string[] } & Record<string, string[]>): string[] {
  return [
    ...own,
    ...Object.entries(nested).flatMap(([name, fields]) => fields.map((field) => `${name}.${field}`)),
  ];
}
