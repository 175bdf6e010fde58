import { BadValue, parseMoment, parseMoney, type Moment } from "../core/values";
import {
  readCurrency,
  readFlag,
  readId,
  readList,
  readObject,
  readQuantity,
  readText,
  reasonOf,
  type Basket,
  type Order,
  type Schemas,
} from "./schemas";

type Fields = Record<string, unknown>;

/**
 * Reads an order exactly as `schema` does, without its machinery: a first load reads millions of fields.
 * The schema stays the contract: it judges every order that is not read at first go, and gives the reason.
 * Throws `BadValue` with that reason. `now` and `naive` are those of `createSchemas`.
 */
export function createOrderReader(
  schema: Schemas["order"],
  now: number,
  naive: () => void,
): (raw: unknown) => Order {
  let naiveMoments = 0;

  const moment = (value: unknown): Moment | null => {
    if (value === null || value === undefined) return null;
    const parsed = parseMoment(value, now);
    if (parsed.naive) naiveMoments += 1;
    return parsed;
  };

  const readBasket = (raw: unknown): Basket => {
    const basket = asObject(raw);
    return {
      id: readId(basket.id),
      show_id: orNull(readId, basket.show_id),
      price: parseMoney(basket.price),
      quantity: readQuantity(basket.quantity),
      refunded_at: moment(basket.refunded_at),
      refunded_amount: orNull(parseMoney, basket.refunded_amount),
      refunded_deduction_amount: orNull(parseMoney, basket.refunded_deduction_amount),
      created_at: moment(basket.created_at),
      updated_at: moment(basket.updated_at),
      deleted_at: moment(basket.deleted_at),
    };
  };

  const read = (raw: unknown): Order => {
    const order = asObject(raw);
    return {
      id: readId(order.id),
      event_id: readId(order.event_id),
      payed: readFlag(order.payed),
      payed_at: moment(order.payed_at),
      currency_id: readCurrency(order.currency_id),
      utm: readObject(order.utm),
      discount_id: orNull(readId, order.discount_id),
      promo_code_id: orNull(readId, order.promo_code_id),
      payment_type_id: readText(order.payment_type_id),
      baskets: readList(order.baskets).map(readBasket),
      created_at: moment(order.created_at),
      updated_at: moment(order.updated_at),
      deleted_at: moment(order.deleted_at),
    };
  };

  return (raw) => {
    naiveMoments = 0;
    try {
      const order = read(raw);
      for (; naiveMoments > 0; naiveMoments -= 1) naive();
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
