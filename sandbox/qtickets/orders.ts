import { DAY, HOUR, SECOND, dayStart } from "../moscow-time";
import { Random } from "../random";
import { discountPlans, type DiscountPlan } from "./discounts";
import type { ValueFormat } from "./events";
import { hallPlaces, tariffs } from "./hall";
import { barcode, FIRST_CLIENT_ID, marker } from "./markers";
import { FIRST_DAY, showsOnSale, type EventPlan, type ShowPlan } from "./plan";
import type { Basket, Json, LooseObject, Order } from "./types";
import { orderUtm } from "./utm";

/** Ids of a day are `day * ORDER_IDS_PER_DAY + 1` and up, so that an id tells its day. */
export const ORDER_IDS_PER_DAY = 100_000;
/** Orders at the start of a day that are paid within its first half minute. */
export const EARLY_ORDERS = 3;
/** How long after its start a day is looked at: the early orders are there, nothing else is. */
export const EARLY_PERIOD = 30 * SECOND;

/** What all orders of a data set have in common. */
export interface OrderSource {
  seed: number;
  ordersPerDay: number;
  plans: readonly EventPlan[];
  format: ValueFormat;
}

/** What happens to an order, and when; times in epoch milliseconds. */
interface Lifecycle {
  created: number;
  paid: number | null;
  /** The one later change: of the whole order or of some tickets. */
  change: { kind: Change; at: number } | null;
}

type Change =
  "refundAll" | "refundSome" | "removeTicket" | "cancelLosingPayment" | "cancelKeepingPayment" | "restore";

/** Ratio of paid orders that change later, by change; the rest stays as it was paid. */
const changes: readonly (readonly [Change, number])[] = [
  ["refundAll", 0.03],
  ["refundSome", 0.03],
  ["removeTicket", 0.02],
  ["cancelLosingPayment", 0.02],
  ["cancelKeepingPayment", 0.01],
  ["restore", 0.01],
];
const UNPAID_RATIO = 0.18;
const LONGEST_CHANGE = 20 * DAY;
const RESERVATION = DAY;

export function orderId(day: number, index: number): number {
  return (day - FIRST_DAY) * ORDER_IDS_PER_DAY + index + 1;
}

/** The day and the place in that day of an order id. */
export function orderPlace(id: number): { day: number; index: number } {
  return {
    day: Math.floor((id - 1) / ORDER_IDS_PER_DAY) + FIRST_DAY,
    index: (id - 1) % ORDER_IDS_PER_DAY,
  };
}

/**
 * One order as the API shows it at a timestamp. It depends on seed, day and index alone: what has not happened by
 * `timestamp` is left out, nothing else changes from one day to the next.
 */
export function buildOrder(source: OrderSource, day: number, index: number, timestamp: number): Order {
  const { random, lifecycle, event } = beginOrder(source, day, index);
  return renderOrder(source, random, orderId(day, index), lifecycle, event, timestamp);
}

/** The fields that listings are usually filtered by: made several times faster than the whole order. */
export type OrderHead = Pick<
  Order,
  "id" | "payed" | "payed_at" | "event_id" | "currency_id" | "created_at" | "updated_at" | "deleted_at"
>;

/** The head of the order that `buildOrder` makes of the same. */
export function buildHead(source: OrderSource, day: number, index: number, timestamp: number): OrderHead {
  const { lifecycle, event } = beginOrder(source, day, index);
  return renderHead(source, orderId(day, index), shownState(lifecycle, timestamp), event);
}

function beginOrder(source: OrderSource, day: number, index: number) {
  const random = new Random(source.seed, 4, day, index);
  const lifecycle = drawLifecycle(random, source.ordersPerDay, day, index);
  return { random, lifecycle, event: chooseEvent(random, source.plans, lifecycle.created) };
}

/** An order that was paid at a timestamp and not changed since; it always holds a ticket. */
export function buildSale(source: OrderSource, id: number, created: number, paid: number): Order {
  for (let attempt = 0; ; attempt++) {
    const random = new Random(source.seed, 5, id, attempt);
    const event = chooseEvent(random, source.plans, created);
    const order = renderOrder(source, random, id, { created, paid, change: null }, event, paid);
    if (order.baskets.length > 0) return order;
  }
}

function drawLifecycle(random: Random, ordersPerDay: number, day: number, index: number): Lifecycle {
  const midnight = dayStart(day);
  if (index === 0) return { created: midnight - 16 * SECOND, paid: midnight, change: null };
  if (index < EARLY_ORDERS) {
    return {
      created: midnight + index * 4 * SECOND,
      paid: midnight + (14 + index * 5) * SECOND,
      change: null,
    };
  }
  if (index === ordersPerDay - 1) {
    return { created: midnight + DAY - 90 * SECOND, paid: midnight + DAY - SECOND, change: null };
  }
  // The others are spread over the day in the order of their ids.
  const slot = (DAY - 300 * SECOND) / ordersPerDay;
  const created = wholeSecond(midnight + 60 * SECOND + (index + random.next()) * slot);
  if (random.chance(UNPAID_RATIO)) return { created, paid: null, change: null };
  const paid = created + random.int(16, 600) * SECOND;
  let draw = random.next();
  const later = random.next();
  for (const [kind, ratio] of changes) {
    if (draw < ratio)
      return { created, paid, change: { kind, at: wholeSecond(paid + HOUR + later * LONGEST_CHANGE) } };
    draw -= ratio;
  }
  return { created, paid, change: null };
}

function wholeSecond(timestamp: number): number {
  return Math.floor(timestamp / SECOND) * SECOND;
}

/** An event with a show on sale. The deleted event is taken off the list just before midnight: no sales around that. */
function chooseEvent(random: Random, plans: readonly EventPlan[], created: number): EventPlan {
  const wanted = plans[random.int(0, plans.length - 1)] as EventPlan;
  const sinceMidnight = (created - dayStart(0)) % DAY;
  const nearMidnight = sinceMidnight < 60 * SECOND || sinceMidnight > DAY - HOUR;
  return wanted.kind === "withoutShows" || (wanted.kind === "deleted" && nearMidnight)
    ? (plans[0] as EventPlan)
    : wanted;
}

/** What of a lifecycle has happened by a timestamp. */
interface ShownState {
  created: number;
  paid: number | null;
  cancelled: number | null;
  updated: number;
  change: Lifecycle["change"];
}

function shownState({ created, paid, change }: Lifecycle, timestamp: number): ShownState {
  const shownChange = change !== null && change.at <= timestamp ? change : null;
  const expiry = created + RESERVATION;
  const isCancelled =
    shownChange?.kind === "cancelLosingPayment" || shownChange?.kind === "cancelKeepingPayment";
  const cancelled = isCancelled ? shownChange.at : paid === null && expiry <= timestamp ? expiry : null;
  const shownPaid =
    paid !== null && paid <= timestamp && shownChange?.kind !== "cancelLosingPayment" ? paid : null;
  return {
    created,
    paid: shownPaid,
    cancelled,
    updated: shownChange?.at ?? cancelled ?? shownPaid ?? created,
    change: shownChange,
  };
}

function renderHead(source: OrderSource, id: number, shown: ShownState, event: EventPlan): OrderHead {
  const time = (at: number) => source.format.time(at, event.city.offsetHours);
  return {
    id,
    payed: source.format.orderFlag(shown.paid !== null),
    payed_at: shown.paid === null ? null : time(shown.paid),
    event_id: event.id,
    currency_id: event.currency,
    created_at: time(shown.created),
    updated_at: time(shown.updated),
    deleted_at: shown.cancelled === null ? null : time(shown.cancelled),
  };
}

function renderOrder(
  source: OrderSource,
  random: Random,
  id: number,
  lifecycle: Lifecycle,
  event: EventPlan,
  timestamp: number,
): Order {
  const time = (at: number) => source.format.time(at, event.city.offsetHours);
  const flag = (value: boolean) => source.format.orderFlag(value);
  const shown = shownState(lifecycle, timestamp);
  // Every draw below is made whatever has happened by `timestamp`, or later events would change earlier ones.
  const discount = random.chance(0.15) ? pickDiscount(random) : null;
  const shows = chooseShows(random, source.plans, event, lifecycle.created);
  const baskets = shows.map((show, line) => {
    const isScanned = random.chance(0.8);
    const basket = renderBasket(random, id, line, show, discount, time, lifecycle.created);
    basket.updated_at = time(shown.updated);
    if (shown.cancelled !== null) cancelTicket(basket, time(shown.cancelled), shown.paid !== null);
    if (shown.paid === null) basket.ticket_amount = 0;
    else if (shown.cancelled === null && show.start <= timestamp && isScanned) {
      basket.checked_at = time(show.start - HOUR / 4);
    }
    return basket;
  });
  if (shown.change !== null) {
    changeTickets(new Random(source.seed, 6, id), baskets, shown.change.kind, time(shown.change.at));
  }
  return {
    ...renderHead(source, id, shown, event),
    uniqid: marker("uniqid", id),
    client_id: FIRST_CLIENT_ID + (id % 9_000_000),
    client: {
      id: FIRST_CLIENT_ID + (id % 9_000_000),
      email: email(id),
      details: {
        id,
        name: marker("name", id),
        middlename: random.chance(0.3) ? marker("middlename", id) : null,
        surname: random.chance(0.9) ? marker("surname", id) : null,
        phone: random.chance(0.9) ? marker("phone", id) : null,
        vk_id: random.chance(0.1) ? marker("vk-id", id) : "",
        facebook_id: "",
      },
    },
    site_id: 10,
    site: { id: 10, host: "shop.example.test" },
    payment_id: 20,
    payment_type_id: random.pick(["card", "bankcard", "17"]),
    payment_card_number: random.chance(0.5) && shown.paid !== null ? marker("card", id) : null,
    payment_url: `https://shop.example.test/pay/${marker("payment-url", id)}`,
    cancel_url: `https://shop.example.test/cancel-order/${marker("cancel-url", id)}`,
    basket_user_id: 30,
    backend_user_id: null,
    access_code_id: null,
    discount_id: discount?.plan.id ?? null,
    promo_code_id: discount?.promoCodeId ?? null,
    reserved: flag(false),
    reserved_to: time(lifecycle.created + RESERVATION),
    reserve_extended: flag(false),
    price: sum(baskets.map((basket) => basket.price)),
    original_price: sum(baskets.map((basket) => basket.original_price)),
    utm: orderUtm(random, id, event.city.utmCode),
    custom: random.chance(0.05) ? { comment: marker("custom", id) } : "",
    fields: companyFields(random, id),
    baskets,
    refunds: [],
    integrations: random.chance(0.1) ? { roistat: { roistat_visit: null } } : [],
  };
}

function pickDiscount(random: Random): { plan: DiscountPlan; promoCodeId: number | null } {
  const plan = random.pick(discountPlans);
  const [first, ...others] = plan.promoCodeIds;
  return { plan, promoCodeId: first === undefined ? null : random.pick([first, ...others]) };
}

/** One show per ticket. Most orders hold tickets of one show, some of two dates, a few of two events, very few none. */
function chooseShows(
  random: Random,
  plans: readonly EventPlan[],
  event: EventPlan,
  timestamp: number,
): ShowPlan[] {
  if (random.chance(0.005)) return [];
  const tickets = random.pick([1, 1, 1, 2, 2, 2, 3, 4, 5]);
  const onSale = showsOnSale(event, timestamp);
  const first = onSale[random.int(0, onSale.length - 1)] as ShowPlan;
  const shows = Array.from({ length: tickets }, () => first);
  if (tickets > 1 && random.chance(0.06)) shows[1] = onSale[onSale.length - 1] as ShowPlan;
  if (tickets > 1 && random.chance(0.03)) {
    const other = plans.find(
      ({ id, currency, kind }) => id !== event.id && currency === event.currency && kind !== "withoutShows",
    );
    if (other !== undefined && other.kind !== "deleted")
      shows[1] = showsOnSale(other, timestamp)[0] as ShowPlan;
  }
  return shows;
}

function renderBasket(
  random: Random,
  order: number,
  line: number,
  show: ShowPlan,
  discount: { plan: DiscountPlan } | null,
  time: (timestamp: number) => string,
  created: number,
): Basket {
  const id = order * 10 + line;
  const places = hallPlaces(show.event);
  const place = places[random.int(0, places.length - 1)] as (typeof places)[number];
  const tariff = random.chance(0.15) ? tariffs[1] : tariffs[0];
  const original = place.price * tariff.ratio;
  const off = discount === null ? null : Math.floor((original * discount.plan.percent) / 100);
  const company = random.chance(0.02);
  return {
    id,
    series: String(random.int(0, 999_999_999)).padStart(9, "0"),
    barcode: barcode(id),
    show_id: show.id,
    seat_id: place.rootId,
    seat_name: place.admission
      ? place.zoneName
      : `${place.zoneName}: row ${place.row}, place ${place.number}`,
    original_price: original,
    ticket_original_price: original,
    discount_value: off,
    price: original - (off ?? 0),
    ticket_amount: original - (off ?? 0),
    service_fee_amount: 0,
    multiprice_code: tariff.code === "full" ? null : tariff.code,
    quantity: 1,
    client_email: email(order),
    client_phone: marker("ticket-phone", id),
    client_name: marker("ticket-name", id),
    client_surname: marker("ticket-surname", id),
    client_middlename: null,
    organization_name: company ? marker("organization", id) : null,
    legal_name: company ? marker("legal-name", id) : null,
    work_position: company ? marker("work-position", id) : null,
    inn: company ? marker("inn", id) : null,
    kpp: company ? marker("kpp", id) : null,
    comment: company ? marker("comment", id) : null,
    pdf_url: `https://shop.example.test/ticket/pdf/${marker("pdf-url", id)}`,
    passbook_url: `https://shop.example.test/ticket/passbook/${marker("passbook-url", id)}`,
    related_baskets: [],
    services: [],
    checked_at: null,
    created_at: time(created),
    updated_at: time(created),
    deleted_at: null,
    refunded_at: null,
    refunded_amount: null,
    refunded_deduction_amount: null,
    refunds: [],
  };
}

/** A ticket that leaves its order loses its code and its files. */
function cancelTicket(basket: Basket, at: string, wasPaid: boolean): void {
  basket.deleted_at = at;
  basket.barcode = null;
  basket.pdf_url = null;
  basket.passbook_url = null;
  basket.ticket_amount = 0;
  basket.refunded_amount = wasPaid ? null : 0;
}

function changeTickets(random: Random, baskets: Basket[], kind: Change, at: string): void {
  const some = baskets.slice(0, Math.max(1, Math.floor(baskets.length / 2)));
  if (kind === "refundAll" || kind === "refundSome") {
    const keepPart = random.chance(0.4);
    const withoutAmounts = random.chance(0.1);
    for (const basket of kind === "refundAll" ? baskets : some) {
      const kept = keepPart ? Number(basket.price) / 8 : 0;
      basket.refunded_at = at;
      basket.refunded_amount = withoutAmounts ? null : Number(basket.price) - kept;
      basket.refunded_deduction_amount = withoutAmounts ? null : kept;
    }
  }
  if (kind === "removeTicket") for (const basket of some) cancelTicket(basket, at, true);
}

function companyFields(random: Random, id: number): LooseObject {
  const fields: { [key: string]: Json } = { organization_name: marker("company", id) };
  return random.chance(0.02) ? fields : [];
}

/** The buyer's address; the shape of an address matters to readers that look for one. */
export function email(id: number): string {
  return `${marker("email", id)}@example.test`;
}

function sum(values: (number | string)[]): number {
  return values.reduce<number>((total, value) => total + Number(value), 0);
}
