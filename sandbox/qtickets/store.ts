import type { Collection, DataSet } from "./data-set";
import type { Event, Order, Seat } from "./types";

/** What the API serves: a generated data set, or a store that a test fills and changes. */
export type Organiser = Pick<
  DataSet,
  | "revision"
  | "orders"
  | "orderHeads"
  | "sampleOrder"
  | "order"
  | "events"
  | "sampleEvent"
  | "event"
  | "seats"
  | "colorThemes"
  | "discounts"
  | "promoCodes"
>;

/**
 * Orders and events in memory, to be changed at will while the sandbox serves them: the vendor's side of tests that make
 * up their own history. Nothing changes by itself, not even `updated_at`.
 */
export class OrderStore implements Organiser {
  private readonly kept = new Map<number, Order>();
  private list: Event[];
  private changes = 0;
  private sorted: { revision: string; orders: Order[] } | undefined;

  /** @param source gives the events, and the shape of an order */
  constructor(private readonly source: Pick<DataSet, "events" | "sampleOrder" | "sampleEvent">) {
    this.list = source.events();
  }

  get revision(): string {
    return String(this.changes);
  }

  /** Adds an order or puts it in the place of the one with its id. */
  put(order: Order): void {
    this.kept.set(order.id, order);
    this.changes += 1;
  }

  /** Takes an order out of every listing. */
  remove(id: number): void {
    this.kept.delete(id);
    this.changes += 1;
  }

  /** Starts anew: no orders, these events. */
  clear(events: Event[] = this.source.events()): void {
    this.kept.clear();
    this.list = events;
    this.changes += 1;
  }

  /** The orders by id. */
  all(): readonly Order[] {
    const { revision } = this;
    if (this.sorted?.revision !== revision) {
      this.sorted = { revision, orders: [...this.kept.values()].sort((a, b) => a.id - b.id) };
    }
    return this.sorted.orders;
  }

  orders(): Collection<Order> {
    const rows = this.all();
    return { length: rows.length, at: (index) => rows[index] as Order };
  }

  orderHeads(): Collection<Order> {
    return this.orders();
  }

  order(id: number): Order | undefined {
    return this.kept.get(id);
  }

  events(): Event[] {
    return this.list;
  }

  event(id: number): Event | undefined {
    return this.list.find((event) => event.id === id);
  }

  sampleOrder(): Order {
    return this.source.sampleOrder();
  }

  sampleEvent(): Event {
    return this.source.sampleEvent();
  }

  /** Every listed show answers without seats. */
  seats(showId: number): Seat[] | undefined {
    return this.list.some(({ shows }) => shows.some(({ id }) => id === showId)) ? [] : undefined;
  }

  colorThemes(): [] {
    return [];
  }

  discounts(): [] {
    return [];
  }

  promoCodes(): [] {
    return [];
  }
}
