import type { RowOf } from "../core/row";
import {
  BadValue,
  dateTimeSeconds,
  moneyText,
  moscowDay,
  utmValue,
  type Kopecks,
  type Timestamp,
} from "../core/values";
import { orderPayload } from "./order-payload";
import type { Basket, Order } from "./schemas";

/** Columns of a staging row, in order. */
export const ORDER_COLUMNS = [
  "order_id",
  "item_id",
  "event_id",
  "show_id",
  "city",
  "status",
  "sale_ts",
  "created_ts",
  "updated_ts",
  "tickets_sold",
  "revenue",
  "refunds",
  "currency",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_content",
  "utm_term",
  "discount_id",
  "promo_code_id",
  "payment_type",
  "payload_json",
  "_ver",
] as const;

/** Those of them that may be NULL. */
export const ORDER_NULLS = ["sale_ts", "created_ts", "updated_ts"] as const;

export type OrderRow = RowOf<(typeof ORDER_COLUMNS)[number], (typeof ORDER_NULLS)[number]>;

export type LineStatus = "paid" | "refunded" | "removed" | "cancelled" | "unpaid";

interface Measures {
  status: LineStatus;
  tickets: number;
  revenue: Kopecks;
  refunds: Kopecks;
}

/** What the transform needs to know beside the order. */
export interface OrderContext {
  /** Event of a show. */
  eventOfShow: ReadonlyMap<string, string>;
  /** Canonical city of an event. */
  cityOfEvent: ReadonlyMap<string, string>;
  /** When reading began, in ms. */
  readAt: number;
  /** Keep what the source said of each line in `payload_json`. */
  payloads: boolean;
  /** Told of a ticket that is refunded without an amount, which counts as fully refunded. */
  onRefundWithoutAmount: () => void;
}

/**
 * The timestamp of payment (ms), or null. An order that is neither paid nor deleted has none, whatever its fields say;
 * a cancelled one may have kept it.
 */
export function paymentTimestamp(order: Order): number | null {
  if (order.payed && order.payed_at === null) throw new BadValue("payed_at: missing");
  return order.payed || order.deleted_at !== null ? (order.payed_at?.ms ?? null) : null;
}

/** The greatest change timestamp of an order (ms), tickets included. */
function lastChange(order: Order): number {
  let version = Math.max(
    ms(order.created_at),
    ms(order.updated_at),
    ms(order.payed_at),
    ms(order.deleted_at),
  );
  for (const one of order.baskets) {
    version = Math.max(
      version,
      ms(one.created_at),
      ms(one.updated_at),
      ms(one.deleted_at),
      ms(one.refunded_at),
    );
  }
  if (version === -Infinity) throw new BadValue("no change time");
  return version;
}

function ms(timestamp: Timestamp | null): number {
  return timestamp === null ? -Infinity : timestamp.ms;
}

/**
 * Version of an order: the second of its last change, in ms. An order may change again within that second, so the
 * milliseconds tell how soon after its beginning the order was read (`readAt`, at most 999): a later reading wins.
 */
export function orderVersion(order: Order, readAt: number): number {
  const second = Math.floor(lastChange(order) / 1000) * 1000;
  return second + Math.min(999, Math.max(0, readAt - second));
}

/** Measures of one ticket; the first rule that fits wins. Throws `BadValue` where they cannot be right. */
export function measures(
  order: Order,
  paid: number | null,
  basket: Basket,
  onRefundWithoutAmount: () => void = () => undefined,
): Measures {
  if (basket.price < 0) throw new BadValue("baskets.price: negative money");
  const nothing = { tickets: 0, revenue: 0, refunds: 0 };
  if (paid === null) return { status: order.deleted_at === null ? "unpaid" : "cancelled", ...nothing };
  const price = basket.price * basket.quantity;
  if (!Number.isSafeInteger(price)) throw new BadValue("baskets.price: unreadable money");
  if (basket.refunded_at !== null) {
    const refunds = refundOf(basket, price, onRefundWithoutAmount);
    if (refunds < 0) throw new BadValue("baskets.refunded_amount: negative money");
    if (refunds > price) throw new BadValue("baskets.refunded_amount: above the price");
    return { status: "refunded", tickets: 0, revenue: price - refunds, refunds };
  }
  if (order.deleted_at !== null) return { status: "cancelled", ...nothing };
  if (basket.deleted_at !== null) return { status: "removed", ...nothing };
  return { status: "paid", tickets: basket.quantity, revenue: price, refunds: 0 };
}

function refundOf(basket: Basket, price: Kopecks, onRefundWithoutAmount: () => void): Kopecks {
  if (basket.refunded_amount !== null) return basket.refunded_amount;
  if (basket.refunded_deduction_amount !== null) return price - basket.refunded_deduction_amount;
  onRefundWithoutAmount();
  return price;
}

/**
 * The staging rows of an order: one per ticket, or one header row without measures when it has no tickets.
 * All have the order's version. Throws `BadValue` when the order must be put aside.
 */
export function orderRows(order: Order, context: OrderContext): OrderRow[] {
  const paid = paymentTimestamp(order);
  const version = orderVersion(order, context.readAt);
  const saleTs = dateTimeSeconds(paid);
  const createdTs = dateTimeSeconds(order.created_at?.ms ?? null);
  const updatedTs = dateTimeSeconds(version);
  const { utm } = order;
  const source = utmValue(utm.utm_source);
  const medium = utmValue(utm.utm_medium);
  const campaign = utmValue(utm.utm_campaign);
  const content = utmValue(utm.utm_content);
  const term = utmValue(utm.utm_term);
  // One literal in the order of the columns: every row has the same hidden class.
  const line = (
    itemId: string,
    showId: string,
    eventId: string,
    { status, tickets, revenue, refunds }: Measures,
    ticket?: Basket,
  ): OrderRow => ({
    order_id: order.id,
    item_id: itemId,
    event_id: eventId,
    show_id: showId,
    city: context.cityOfEvent.get(eventId) ?? "",
    status,
    sale_ts: saleTs,
    created_ts: createdTs,
    updated_ts: updatedTs,
    tickets_sold: tickets,
    revenue: moneyText(revenue),
    refunds: moneyText(refunds),
    currency: order.currency_id,
    utm_source: source,
    utm_medium: medium,
    utm_campaign: campaign,
    utm_content: content,
    utm_term: term,
    discount_id: order.discount_id ?? "",
    promo_code_id: order.promo_code_id ?? "",
    payment_type: order.payment_type_id,
    payload_json: context.payloads ? orderPayload(order, ticket) : "",
    _ver: version,
  });

  if (order.baskets.length === 0) {
    const unpaid = order.deleted_at === null ? "unpaid" : "cancelled";
    const status = paid !== null && order.deleted_at === null ? "paid" : unpaid;
    return [line("", "", order.event_id, { status, tickets: 0, revenue: 0, refunds: 0 })];
  }
  return order.baskets.map((basket) => {
    const showId = basket.show_id ?? "";
    const eventId = context.eventOfShow.get(showId) ?? order.event_id;
    const sums = measures(order, paid, basket, context.onRefundWithoutAmount);
    return line(basket.id, showId, eventId, sums, basket);
  });
}

/** Moscow day of sale of an order, or null when it was never paid. */
export function saleDay(order: Order): string | null {
  const paid = paymentTimestamp(order);
  return paid === null ? null : moscowDay(paid);
}
