import { moneyText, type Kopecks, type Timestamp } from "../core/values";
import type { Basket, Order } from "./schemas";

/**
 * The payload of one line: what its measures were computed from and no column holds, as JSON, so that a figure can be
 * traced back. Timestamps (UTC), money and flags of the allow-list only: nothing personal, no free text, never near 4 KB.
 * What is null is left out. Written by hand, as a first load makes millions of them.
 */
export function orderPayload(order: Order, ticket: Basket | undefined): string {
  const text =
    (ticket === undefined ? "" : `,"price":${moneyText(ticket.price)},"quantity":${ticket.quantity}`) +
    (ticket === undefined ? "" : ticketChanges(ticket)) +
    (order.payed ? "" : ',"payed":false') +
    timestamp("order_deleted_at", order.deleted_at);
  return `{${text.slice(1)}}`;
}

function ticketChanges(ticket: Basket): string {
  if (ticket.deleted_at === null && ticket.refunded_at === null) return "";
  return (
    timestamp("deleted_at", ticket.deleted_at) +
    timestamp("refunded_at", ticket.refunded_at) +
    money("refunded_amount", ticket.refunded_amount) +
    money("refunded_deduction_amount", ticket.refunded_deduction_amount)
  );
}

function timestamp(name: string, value: Timestamp | null): string {
  return value === null ? "" : `,"${name}":"${new Date(value.ms).toISOString()}"`;
}

function money(name: string, value: Kopecks | null): string {
  return value === null ? "" : `,"${name}":${moneyText(value)}`;
}
