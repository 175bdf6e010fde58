import { BadValue, parseTimestamp, parseMoney, type Timestamp } from "../core/values";
import {
  readCurrency,
  readFlag,
  readId,
  readList,
  readObject,
  readQuantity,
  readText,
  reasonOf,
} from "../core/fields";
import type { Basket, Order, createOrderSchema } from "./schemas";

type Fields = Record<string, unknown>;

/**
 * Reads an order exactly as `schema` does, without its machinery: a first load reads millions of fields.
 * The schema stays the contract: it judges every order that is not read at first go, and gives the reason.
 * Throws `BadValue` with that reason. `now` and `onNoOffset` are those of `createOrderSchema`.
 */
export function createOrderParser(
  schema: ReturnType<typeof createOrderSchema>,
  now: number,
  onNoOffset: () => void,
): (raw: unknown) => Order {
  let naiveTimestamps = 0;

  const timestamp = (value: unknown): Timestamp | null => {
    if (value === null || value === undefined) return null;
    const parsed = parseTimestamp(value, now);
    if (parsed.naive) naiveTimestamps += 1;
    return parsed;
  };

  const readBasket = (raw: unknown): Basket => {
    const basket = asObject(raw);
    return {
      id: readId(basket.id),
      show_id: orNull(readId, basket.show_id),
      price: parseMoney(basket.price),
      quantity: readQuantity(basket.quantity),
      refunded_at: timestamp(basket.refunded_at),
      refunded_amount: orNull(parseMoney, basket.refunded_amount),
      refunded_deduction_amount: orNull(parseMoney, basket.refunded_deduction_amount),
      created_at: timestamp(basket.created_at),
      updated_at: timestamp(basket.updated_at),
      deleted_at: timestamp(basket.deleted_at),
    };
  };

  const read = (raw: unknown): Order => {
    const order = asObject(raw);
    return {
      id: readId(order.id),
      event_id: readId(order.event_id),
      payed: readFlag(order.payed),
      payed_at: timestamp(order.payed_at),
      currency_id: readCurrency(order.currency_id),
      utm: readObject(order.utm),
      discount_id: orNull(readId, order.discount_id),
      promo_code_id: orNull(readId, order.promo_code_id),
      payment_type_id: readText(order.payment_type_id),
      baskets: readList(order.baskets).map(readBasket),
      created_at: timestamp(order.created_at),
      updated_at: timestamp(order.updated_at),
      deleted_at: timestamp(order.deleted_at),
    };
  };

  return (raw) => {
    naiveTimestamps = 0;
    try {
      const order = read(raw);
      for (; naiveTimestamps > 0; naiveTimestamps -= 1) onNoOffset();
      return order;
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      const parsed = schema.safeParse(raw);
      if (parsed.success) return parsed.data;
      throw new BadValue(reasonOf(parsed.error));
    }
  };
}

function orNull<T>(parse: (value: unknown) => T, value: unknown): T | null {
  return value === null || value === undefined ? null : parse(value);
}

function asObject(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BadValue("unexpected shape");
  return value as Fields;
}
