import { readFlag, readObject } from "../../core/fields";
import { parseMoney } from "../../core/values";
import { Unknown, type Seen, type Verdict } from "../../pipeline/probe";
import { holdsOfAll, tolerant, wasSeen } from "../../pipeline/probe-judge";
import { EVENT_FIELDS, ORDER_FIELDS } from "../schemas";
import { isSet, listOf, pageOf, rowsOf, smallEvent, ticketsOf, timeOf, type Row } from "./answers";
import type { Call } from "./call-names";

type Judge = (seen: Seen<Call>) => Verdict;

/** Requests whose rows are orders with their tickets, without anybody's name. */
export const ORDERS: readonly Call[] = ["newest", "changedLate"];

const flagOf = tolerant(readFlag);
const moneyOf = tolerant(parseMoney);

function extraFields(rows: readonly Row[], fields: readonly string[], nested: string): number {
  const known = new Set(fields.flatMap((field) => [field, field.split(".")[0] ?? field]));
  const extra = new Set<string>();
  for (const row of rows) {
    for (const name of Object.keys(row)) if (!known.has(name)) extra.add(name);
    for (const inner of listOf(row[nested])) {
      for (const name of Object.keys(inner))
        if (!known.has(`${nested}.${name}`)) extra.add(`${nested}.${name}`);
    }
  }
  return extra.size;
}

function selected(rows: readonly Row[], fields: readonly string[], nested: string): Verdict {
  if (rows.length === 0) throw new Unknown("no rows came");
  const extra = extraFields(rows, fields, nested);
  return {
    answer: extra === 0 ? "yes" : "no",
    evidence: `${fields.length} fields asked for, ${extra} others came`,
  };
}

export const selectOfOrders: Judge = (seen) => selected(pageOf(seen, "newest").rows, ORDER_FIELDS, "baskets");
export const selectOfEvents: Judge = (seen) => selected(pageOf(seen, "events").rows, EVENT_FIELDS, "shows");

/** Orders of several answers, each once. */
function ordersOf(seen: Seen<Call>, names: readonly Call[]): Row[] {
  return [...new Map(rowsOf(seen, ...names).map((row) => [String(row.id), row])).values()];
}

interface OfOrder {
  order: Row;
  ticket: Row;
}

/** The tickets of orders that have a field set, each with its order. Throws `Unknown` where there are no orders. */
function ticketsWith(seen: Seen<Call>, field: string, names = ORDERS): { found: OfOrder[]; among: string } {
  const orders = ordersOf(seen, names);
  if (orders.length === 0) throw new Unknown("no orders came");
  const found = orders.flatMap((order) =>
    ticketsOf(order).flatMap((ticket) => (isSet(ticket[field]) ? [{ order, ticket }] : [])),
  );
  return { found, among: `${orders.length} orders` };
}

export const refundAmount: Judge = (seen) => {
  const { found, among } = ticketsWith(seen, "refunded_at");
  return holdsOfAll(found, "refunded tickets", ({ ticket }) => isSet(ticket.refunded_amount), among);
};

export const refundTicketAmount: Judge = (seen) => {
  const { found, among } = ticketsWith(seen, "refunded_at", ["changedLate"]);
  const told = found.filter(({ ticket }) => isSet(ticket.ticket_amount));
  return holdsOfAll(told, "refunded tickets", ({ ticket }) => moneyOf(ticket.ticket_amount) === 0, among);
};

export const refundList: Judge = (seen) => {
  const { found, among } = ticketsWith(seen, "refunded_at", ["changedLate"]);
  const orders = [...new Set(found.map(({ order }) => order))];
  return holdsOfAll(orders, "orders with a refund", ({ refunds }) => listOf(refunds).length > 0, among);
};

/** Whether orders were changed at the time of a field of their tickets, or later. */
function movesUpdated(seen: Seen<Call>, field: string, what: string): Verdict {
  const { found, among } = ticketsWith(seen, field);
  const readable = found.flatMap(({ order, ticket }) => {
    const [changed, at] = [timeOf(order.updated_at), timeOf(ticket[field])];
    return changed === undefined || at === undefined ? [] : [changed >= at];
  });
  return holdsOfAll(readable, what, (isLater) => isLater, among);
}

export const refundUpdated: Judge = (seen) => movesUpdated(seen, "refunded_at", "refunded tickets");
export const deletionUpdated: Judge = (seen) => movesUpdated(seen, "deleted_at", "deleted tickets");

export const refundPayed: Judge = (seen) => {
  const { found, among } = ticketsWith(seen, "refunded_at");
  const orders = [...new Set(found.map(({ order }) => order))];
  return holdsOfAll(orders, "orders with a refund", ({ payed }) => flagOf(payed) === true, among);
};

/** Sum of a list of money; undefined when one of it cannot be read. */
function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
}

const quantityOf = ({ quantity }: Row): number => (isSet(quantity) ? Number(quantity) : 1);

export const priceSum: Judge = (seen) => {
  const orders = ordersOf(seen, ["changedLate"]).filter((order) => isSet(order.price));
  const marked = orders.filter((order) =>
    ticketsOf(order).some((ticket) => isSet(ticket.refunded_at) || isSet(ticket.deleted_at)),
  );
  const isSum = (order: Row): boolean =>
    sumOf(ticketsOf(order).map((ticket) => multiply(moneyOf(ticket.price), quantityOf(ticket)))) ===
    moneyOf(order.price);
  return holdsOfAll(marked, "orders with such a ticket", isSum, `${orders.length} orders`);
};

function multiply(money: number | undefined, times: number): number | undefined {
  return money === undefined ? undefined : money * times;
}

export const pricePerPiece: Judge = (seen) => {
  const orders = ordersOf(seen, ["plain", "changedLate"]).filter((order) => isSet(order.price));
  const several = orders.filter((order) => ticketsOf(order).some((ticket) => quantityOf(ticket) > 1));
  const isPerPiece = (order: Row): boolean =>
    sumOf(ticketsOf(order).map((ticket) => multiply(moneyOf(ticket.price), quantityOf(ticket)))) ===
    moneyOf(order.price);
  return holdsOfAll(several, "orders with such a ticket", isPerPiece, `${orders.length} orders`);
};

export const seasonPrice: Judge = (seen) => {
  const orders = ordersOf(seen, ["plain", "changedLate"]);
  const season = orders.filter((order) =>
    ticketsOf(order).some(({ related_baskets: related }) => Array.isArray(related) && related.length > 0),
  );
  const isPriced = (order: Row): boolean => ticketsOf(order).every(({ price }) => (moneyOf(price) ?? 0) > 0);
  return holdsOfAll(season, "orders with a season ticket", isPriced, `${orders.length} orders`);
};

export const exchangeFields: Judge = (seen) => {
  const { rows } = pageOf(seen, "plain");
  const found = rows.filter((row) => "primary_orders" in row || "secondary_orders" in row).length;
  return wasSeen(found, "with such a field", `${rows.length} orders`);
};

export const severalShows: Judge = (seen) => {
  const orders = ordersOf(seen, ORDERS);
  const found = orders.filter(
    (order) => new Set(ticketsOf(order).map(({ show_id: id }) => String(id))).size > 1,
  );
  return wasSeen(found.length, "with several", `${orders.length} orders`);
};

export const cityObject: Judge = (seen) => {
  const { rows } = pageOf(seen, "events");
  return holdsOfAll(rows, "events", ({ city }) => isSet(readObject(city).name), "the rows");
};

export const nameByLanguage: Judge = (seen) => {
  const { rows } = pageOf(seen, "events");
  const found = rows.filter(({ name }) => typeof name === "object" && name !== null).length;
  return wasSeen(found, "by language", `${rows.length} events`);
};

/** The seats of the answer. Throws `Unknown` for a show without any. */
function seatsOf(seen: Seen<Call>): Row[] {
  const seats = listOf(readObject(seen.body("seats")).data);
  if (seats.length === 0) throw new Unknown("the show has no seats");
  return seats;
}

export const seatCounters: Judge = (seen) =>
  holdsOfAll(
    seatsOf(seen),
    "seats",
    (seat) => isSet(seat.max_quantity) && isSet(seat.free_quantity) && isSet(seat.available),
    "the seats",
  );

export const seatTariffs: Judge = (seen) => {
  const seats = seatsOf(seen);
  const places = new Set(seats.flatMap(({ root_id: id }) => (isSet(id) ? [String(id)] : []))).size;
  if (places === 0) throw new Unknown(`none of ${seats.length} seats names its place`);
  return wasSeen(seats.length - places, "more", `${places} places`);
};

export const seatEntrance: Judge = (seen) => {
  const seats = seatsOf(seen);
  const entrance = seats.filter(
    ({ admission, max_quantity: most }) => flagOf(admission) === true && isSet(most),
  );
  return holdsOfAll(
    entrance,
    "entrances with a quantity",
    ({ max_quantity: most }) => Number(most) > 1,
    `${seats.length} seats`,
  );
};

export const seatsDisabled: Judge = (seen) => {
  const seats = seatsOf(seen);
  return wasSeen(
    seats.filter(({ disabled }) => flagOf(disabled) === true).length,
    "disabled",
    `${seats.length} seats`,
  );
};

export const barcodeTotal: Judge = (seen) => {
  const { rows, total } = pageOf(seen, "ordersOfEvent");
  const codes = seen.body("barcodes");
  if (!Array.isArray(codes)) throw new Unknown("the answer is no list");
  const { event, show } = smallEvent(seen);
  if (rows.some((row) => String(row.event_id) !== event))
    throw new Unknown("the orders cannot be filtered by event");
  if (rows.length < total) throw new Unknown(`${total} orders of the event do not come on one page`);
  const valid = rows
    .filter((order) => flagOf(order.payed) === true && !isSet(order.deleted_at))
    .flatMap(ticketsOf)
    .filter(
      (ticket) => String(ticket.show_id) === show && !isSet(ticket.deleted_at) && !isSet(ticket.refunded_at),
    )
    .reduce((sum, ticket) => sum + quantityOf(ticket), 0);
  if (valid === 0 && codes.length === 0) throw new Unknown("the show has no valid ticket");
  return {
    answer: valid === codes.length ? "yes" : "no",
    evidence: `${codes.length} barcodes, ${valid} tickets`,
  };
};
