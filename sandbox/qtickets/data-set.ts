import { dayStart, isoTime, moscowDay, SECOND } from "../moscow-time";
import { type ColorTheme, colorThemes, renderDiscounts, renderPromoCodes } from "./discounts";
import { listShows, renderEvent, showStatus, valueFormat, type ValueFormat } from "./events";
import { expectedFacts, type Expected } from "./expected";
import {
  buildHead,
  buildOrder,
  type OrderHead,
  type OrderSource,
  buildSale,
  EARLY_ORDERS,
  EARLY_PERIOD,
  orderId,
  orderPlace,
} from "./orders";
import { eventPlans, showById, type EventPlan } from "./plan";
import { countSeats, showSeats, type SeatCount } from "./seats";
import type { Discount, Event, Order, PromoCode, Seat } from "./types";

/** Size and habits of a data set. */
export interface DataSetOptions {
  /** The same seed and day give the same data (default 1). */
  seed: number;
  /** Orders created per Moscow day (default 40, at most 90,000). */
  ordersPerDay: number;
  /** Full days of orders before today (default 45). */
  days: number;
  /** Number of events (default 12: one of each kind). */
  events: number;
  /** Offset of the dates: Moscow's, or that of the event's city (default "moscow"). */
  dates: "moscow" | "local";
  /** `true`/`false` on orders and `1`/`0` elsewhere, or the other way round (default "usual"). */
  flags: "usual" | "swapped";
  /** The clock, in epoch milliseconds; it tells the day, and the time of changes (default the machine's). */
  now: () => number;
}

export const dataSetDefaults: DataSetOptions = {
  seed: 1,
  ordersPerDay: 40,
  days: 45,
  events: 12,
  dates: "moscow",
  flags: "usual",
  now: Date.now,
};

/** Objects by position, made when they are asked for: a million orders need no memory. */
export interface Collection<T> {
  readonly length: number;
  at(index: number): T;
}

/** Catalogues that a test has replaced. */
export interface ChangedLists {
  colorThemes?: ColorTheme[];
  discounts?: Discount[];
  promoCodes?: PromoCode[];
}

/** What an event's open shows hold together; null when one of them does not say, or when none is open. */
export interface ExpectedInventory {
  eventId: number;
  count: SeatCount | null;
}

/** Added orders get ids above all generated ones of their day. */
const FIRST_ADDED_INDEX = 90_000;

/**
 * A made-up organiser. Every read shows the state half a minute after today's Moscow midnight, so that repeated loads
 * of a day see the same, plus what a test changed since.
 */
export class DataSet {
  private readonly plans: readonly EventPlan[];
  private readonly format: ValueFormat;
  private readonly source: OrderSource;
  private readonly changedOrders = new Map<number, Order>();
  private readonly addedOrders: number[] = [];
  private readonly removedOrders = new Set<number>();
  private readonly changedEvents = new Map<number, Event>();
  private readonly changedLists: ChangedLists = {};
  private readonly changedSeats = new Map<number, Seat[]>();
  private changes = 0;
  private listing: { revision: string; ids: readonly number[] } = { revision: "", ids: [] };

  constructor(private readonly options: DataSetOptions) {
    this.plans = eventPlans(options.seed, options.events);
    this.format = valueFormat(options.dates, options.flags);
    const { seed, ordersPerDay } = options;
    this.source = { seed, ordersPerDay, plans: this.plans, format: this.format };
  }

  /** Changes when the data do: at midnight and with every change by a test. */
  get revision(): string {
    return `${this.today}:${this.changes}`;
  }

  /** Number of today's Moscow day. */
  private get today(): number {
    return moscowDay(this.options.now());
  }

  /** The timestamp whose state is shown, in epoch milliseconds. */
  private get shownTime(): number {
    return dayStart(this.today) + EARLY_PERIOD;
  }

  private get oldestShow(): number {
    return dayStart(this.today - this.options.days - 1);
  }

  /** All orders by id: paid, unpaid and cancelled. */
  orders(): Collection<Order> {
    const ids = this.orderIds();
    return { length: ids.length, at: (index) => this.knownOrder(ids[index] as number) };
  }

  /** The same orders, each with the fields only that `OrderHead` names. */
  orderHeads(): Collection<OrderHead> {
    const ids = this.orderIds();
    return { length: ids.length, at: (index) => this.knownHead(ids[index] as number) };
  }

  order(id: number): Order | undefined {
    return this.hasOrder(id) ? this.knownOrder(id) : undefined;
  }

  /** An order of the usual shape, whatever the data hold: tells the names of the columns. */
  sampleOrder(): Order {
    const order = buildSale(this.source, orderId(this.today, 1), this.shownTime, this.shownTime);
    return {
      ...order,
      utm: { utm_source: "", utm_medium: "", utm_campaign: "", utm_content: "", utm_term: "" },
    };
  }

  /** An event of the usual shape, whatever a test changed. */
  sampleEvent(): Event {
    return renderEvent(this.plans[0] as EventPlan, this.format, this.oldestShow, this.shownTime);
  }

  events(): Event[] {
    return this.plans.map(
      (plan) =>
        this.changedEvents.get(plan.id) ?? renderEvent(plan, this.format, this.oldestShow, this.shownTime),
    );
  }

  event(id: number): Event | undefined {
    return this.events().find((event) => event.id === id);
  }

  /** The seats of a listed show; undefined when there is no such show, an empty list when the API sends none. */
  seats(showId: number): Seat[] | undefined {
    const show = showById(this.plans, showId);
    if (show === undefined || !this.listedShows(show.event).some(({ id }) => id === showId)) return undefined;
    return this.changedSeats.get(showId) ?? showSeats(this.options.seed, show, this.shownTime);
  }

  colorThemes(): ColorTheme[] {
    return this.changedLists.colorThemes ?? [...colorThemes];
  }

  discounts(): Discount[] {
    return this.changedLists.discounts ?? renderDiscounts(this.plans, this.format);
  }

  promoCodes(): PromoCode[] {
    return this.changedLists.promoCodes ?? renderPromoCodes(this.format);
  }

  /** Replaces whole catalogues; at least one row each, as rows tell the columns. */
  setLists(lists: Partial<ChangedLists>): void {
    Object.assign(this.changedLists, lists);
    this.changes += 1;
  }

  /**
   * Changes an order and moves its `updated_at`.
   * @param change new values of fields, or a function that edits the order in place
   * @param at time of the change in epoch milliseconds (default now)
   * @throws Error when there is no such order
   */
  updateOrder(id: number, change: Partial<Order> | ((order: Order) => void), at = this.options.now()): Order {
    const order = structuredClone(this.order(id));
    if (order === undefined) throw new Error(`The sandbox has no order ${id}`);
    order.updated_at = isoTime(at);
    if (typeof change === "function") change(order);
    else Object.assign(order, change);
    this.changedOrders.set(id, order);
    this.changes += 1;
    return order;
  }

  /** Adds an order paid at `at` (epoch milliseconds, default now) and overrides its fields; its id is the greatest of all. */
  addOrder(fields: Partial<Order> = {}, at = this.options.now()): Order {
    const id = orderId(this.today, FIRST_ADDED_INDEX + this.addedOrders.length);
    const order = { ...buildSale(this.source, id, at - 60 * SECOND, at), ...fields };
    this.changedOrders.set(order.id, order);
    this.addedOrders.push(order.id);
    this.changes += 1;
    return order;
  }

  /** Takes an order out of every listing, as if it had never existed. */
  removeOrder(id: number): void {
    this.removedOrders.add(id);
    this.changes += 1;
  }

  /**
   * Changes an event (its name, city, shows …) and moves its `updated_at`.
   * @throws Error when there is no such event
   */
  updateEvent(id: number, fields: Partial<Event>, at = this.options.now()): Event {
    const event = this.event(id);
    if (event === undefined) throw new Error(`The sandbox has no event ${id}`);
    const changed = { ...event, updated_at: isoTime(at), ...fields };
    this.changedEvents.set(id, changed);
    this.changes += 1;
    return changed;
  }

  /** Replaces the seats of a show; an empty list is a show whose answer is empty. */
  setSeats(showId: number, seats: Seat[]): void {
    this.changedSeats.set(showId, seats);
    this.changes += 1;
  }

  /** The facts of all orders that pass `include` (default: all). */
  expected(include: (order: Order) => boolean = () => true): Expected {
    return expectedFacts(this.filteredOrders(include), (show) => showById(this.plans, show)?.event.id);
  }

  /** Places per event that is not deleted, counted from the hall plans; changes made by tests are not in it. */
  expectedInventory(): ExpectedInventory[] {
    const now = this.options.now();
    return this.plans
      .filter((plan) => plan.kind !== "deleted")
      .map((plan) => {
        const open = this.listedShows(plan).filter(
          (show) => show.finish > now && showStatus(show, this.shownTime) === "open",
        );
        const counts = open.map((show) => countSeats(this.options.seed, show, this.shownTime));
        const total = counts.reduce<SeatCount | null>(
          (sum, count) =>
            sum === null || count === null
              ? null
              : { total: sum.total + count.total, left: sum.left + count.left },
          { total: 0, left: 0 },
        );
        return { eventId: plan.id, count: open.length === 0 ? null : total };
      });
  }

  private *filteredOrders(include: (order: Order) => boolean): Generator<Order> {
    for (const id of this.orderIds()) {
      const order = this.knownOrder(id);
      if (include(order)) yield order;
    }
  }

  private listedShows(plan: EventPlan) {
    return listShows(plan, this.oldestShow, this.shownTime);
  }

  private ordersOn(day: number): number {
    const age = this.today - day;
    if (age < 0 || age > this.options.days) return 0;
    return age === 0 ? Math.min(EARLY_ORDERS, this.options.ordersPerDay) : this.options.ordersPerDay;
  }

  private hasOrder(id: number): boolean {
    if (this.removedOrders.has(id)) return false;
    const { day, index } = orderPlace(id);
    return this.changedOrders.has(id) || (index >= 0 && index < this.ordersOn(day));
  }

  private knownOrder(id: number): Order {
    const changed = this.changedOrders.get(id);
    if (changed !== undefined) return changed;
    const { day, index } = orderPlace(id);
    return buildOrder(this.source, day, index, this.shownTime);
  }

  private knownHead(id: number): OrderHead {
    const { day, index } = orderPlace(id);
    return this.changedOrders.get(id) ?? buildHead(this.source, day, index, this.shownTime);
  }

  private orderIds(): readonly number[] {
    if (this.listing.revision !== this.revision) {
      const ids: number[] = [];
      for (let day = this.today - this.options.days; day <= this.today; day++) {
        for (let index = 0; index < this.ordersOn(day); index++) ids.push(orderId(day, index));
      }
      const all = this.addedOrders.length === 0 ? ids : [...ids, ...this.addedOrders].sort((a, b) => a - b);
      const shown = this.removedOrders.size === 0 ? all : all.filter((id) => !this.removedOrders.has(id));
      this.listing = { revision: this.revision, ids: shown };
    }
    return this.listing.ids;
  }
}
