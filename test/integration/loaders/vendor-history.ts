import fc from "fast-check";
import { isoTime } from "../../../sandbox/moscow-time";
import type { OrderStore } from "../../../sandbox/qtickets/store";
import type { Basket, Order } from "../../../sandbox/qtickets/types";
import { inKopecks } from "./vendor-facts";

/** One thing that happens at the vendor's. `order`, `ticket`, `event` count around: any number names one, as long as there is one. */
export type VendorStep =
  | { do: "create"; event: number; kopecks: number[]; quantity: number; paid: boolean; utm: number }
  | { do: "pay"; order: number }
  | { do: "edit"; order: number; ticket: number; kopecks: number }
  | { do: "refund"; order: number; ticket: number; returned: number; how: "amount" | "deduction" | "none" }
  | { do: "cancel"; order: number; payment: "kept" | "lost" }
  | { do: "restore"; order: number }
  | { do: "removeTicket"; order: number; ticket: number; how: "marked" | "gone" }
  | { do: "addTicket"; order: number; kopecks: number }
  | { do: "moveOrder"; order: number; event: number }
  | { do: "moveTicket"; order: number; ticket: number; event: number }
  | { do: "tag"; order: number; utm: number }
  | { do: "repay"; order: number; days: number }
  | { do: "wait"; seconds: number };

const UTM = [
  [],
  { utm_source: "VK", utm_medium: "cpc" },
  { utm_source: "vk", utm_medium: "cpc", utm_campaign: "Весна" },
  { utm_source: "yandex", utm_content: "a b", utm_term: "x" },
] as const;
const CURRENCIES = ["RUB", "KZT"] as const;

const nat = () => fc.nat({ max: 30 });
const kopecks = () => fc.oneof(fc.constantFrom(0, 1, 99_999_99), fc.integer({ min: 1, max: 500_000 }));
const seconds = () =>
  fc.oneof(
    fc.constant(1),
    fc.integer({ min: 1, max: 900 }),
    fc.integer({ min: 900, max: 3 * 86_400 }),
    fc.integer({ min: 86_400, max: 9 * 86_400 }),
  );

/** Any step; creation and the passing of time are the likeliest. */
export function vendorStep(): fc.Arbitrary<VendorStep> {
  const create = fc.record({
    do: fc.constant("create" as const),
    event: nat(),
    kopecks: fc.array(kopecks(), { maxLength: 3 }),
    quantity: fc.constantFrom(1, 1, 1, 2, 5),
    paid: fc.constantFrom(true, true, true, false),
    utm: nat(),
  });
  const wait = fc.record({ do: fc.constant("wait" as const), seconds: seconds() });
  const order = { order: nat() };
  const ticket = { ...order, ticket: nat() };
  return fc.oneof(
    { weight: 5, arbitrary: create },
    { weight: 4, arbitrary: wait },
    fc.record({ do: fc.constant("pay" as const), ...order }),
    fc.record({ do: fc.constant("edit" as const), ...ticket, kopecks: kopecks() }),
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("refund" as const),
        ...ticket,
        returned: fc.integer({ min: 0, max: 100 }),
        how: fc.constantFrom("amount" as const, "deduction" as const, "none" as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("cancel" as const),
        ...order,
        payment: fc.constantFrom("kept" as const, "lost" as const),
      }),
    },
    fc.record({ do: fc.constant("restore" as const), ...order }),
    fc.record({
      do: fc.constant("removeTicket" as const),
      ...ticket,
      how: fc.constantFrom("marked" as const, "gone" as const),
    }),
    fc.record({ do: fc.constant("addTicket" as const), ...order, kopecks: kopecks() }),
    fc.record({ do: fc.constant("moveOrder" as const), ...order, event: nat() }),
    fc.record({ do: fc.constant("moveTicket" as const), ...ticket, event: nat() }),
    fc.record({ do: fc.constant("tag" as const), ...order, utm: nat() }),
    fc.record({ do: fc.constant("repay" as const), ...order, days: fc.integer({ min: 1, max: 6 }) }),
  );
}

/** The vendor's side of a history: applies steps to the store, with the vendor's habits (soft deletes, `updated_at` moves). */
export class Vendor {
  private nextOrder = 1;
  private nextTicket = 1;
  /** Timestamp of payment of orders that lost it. */
  private readonly lost = new Map<number, string>();

  constructor(
    readonly store: OrderStore,
    /** The clock, in epoch milliseconds; `wait` moves it. */
    public now: number,
  ) {}

  apply(step: VendorStep): void {
    if (step.do === "wait") {
      this.now += step.seconds * 1000;
    } else if (step.do === "create") {
      this.create(step);
    } else {
      const all = this.store.all();
      const chosen = all[step.order % Math.max(all.length, 1)];
      if (chosen === undefined) return;
      const order = structuredClone(chosen);
      const basket =
        "ticket" in step ? order.baskets[step.ticket % Math.max(order.baskets.length, 1)] : undefined;
      this.change(step, order, basket);
      order.updated_at = this.time();
      this.store.put(order);
    }
  }

  private time(): string {
    return isoTime(Math.floor(this.now / 1000) * 1000);
  }

  private showOf(event: number): { event: number; show: number; currency: string } {
    const events = this.store.events().filter(({ shows }) => shows.length > 0);
    const chosen = events[event % events.length];
    const show = chosen?.shows[0];
    if (chosen === undefined || show === undefined) throw new Error("the store has no event with a show");
    return { event: chosen.id, show: show.id, currency: CURRENCIES[event % CURRENCIES.length] ?? "RUB" };
  }

  private ticket(show: number, kopecksOfOne: number, quantity: number): Basket {
    const [shape] = this.store.sampleOrder().baskets;
    if (shape === undefined) throw new Error("the sample order has no ticket");
    return {
      ...structuredClone(shape),
      id: this.nextTicket++,
      show_id: show,
      price: kopecksOfOne % 3 === 0 ? (kopecksOfOne / 100).toFixed(2).replace(".", ",") : kopecksOfOne / 100,
      quantity,
      created_at: this.time(),
      updated_at: this.time(),
      deleted_at: null,
      refunded_at: null,
      refunded_amount: null,
      refunded_deduction_amount: null,
    };
  }

  private create(step: Extract<VendorStep, { do: "create" }>): void {
    const { event, show, currency } = this.showOf(step.event);
    const id = this.nextOrder++;
    this.store.put({
      ...structuredClone(this.store.sampleOrder()),
      id,
      event_id: event,
      currency_id: currency,
      payed: step.paid,
      payed_at: step.paid ? this.time() : null,
      utm: structuredClone(UTM[step.utm % UTM.length]) as Order["utm"],
      baskets: step.kopecks.map((one) => this.ticket(show, one, step.quantity)),
      created_at: this.time(),
      updated_at: this.time(),
      deleted_at: null,
    });
  }

  private change(
    step: Exclude<VendorStep, { do: "create" } | { do: "wait" }>,
    order: Order,
    basket: Basket | undefined,
  ): void {
    const now = this.time();
    if (basket !== undefined) basket.updated_at = now;
    switch (step.do) {
      case "pay":
        if (order.payed_at === null && order.deleted_at === null) {
          Object.assign(order, { payed: true, payed_at: now });
        }
        break;
      case "edit":
        // The price of a ticket that was refunded cannot change any more.
        if (basket !== undefined && basket.refunded_at === null) basket.price = step.kopecks / 100;
        break;
      case "refund":
        if (basket !== undefined) refund(basket, step, now);
        break;
      case "cancel":
        if (order.deleted_at !== null) break;
        order.deleted_at = now;
        if (step.payment === "lost" && order.payed_at !== null) {
          this.lost.set(order.id, order.payed_at);
          Object.assign(order, { payed: false, payed_at: null });
        }
        break;
      case "restore": {
        order.deleted_at = null;
        const paid = this.lost.get(order.id);
        if (order.payed_at === null && paid !== undefined) {
          Object.assign(order, { payed: true, payed_at: paid });
        }
        break;
      }
      case "removeTicket":
        if (step.how === "gone") order.baskets = order.baskets.filter((one) => one !== basket);
        else if (basket !== undefined) basket.deleted_at = now;
        break;
      case "addTicket":
        order.baskets.push(this.ticket(order.baskets[0]?.show_id ?? this.showOf(0).show, step.kopecks, 1));
        break;
      case "moveOrder": {
        const { event, show } = this.showOf(step.event);
        order.event_id = event;
        for (const one of order.baskets) one.show_id = show;
        break;
      }
      case "moveTicket":
        if (basket !== undefined) basket.show_id = this.showOf(step.event).show;
        break;
      case "tag":
        order.utm = structuredClone(UTM[step.utm % UTM.length]) as Order["utm"];
        break;
      case "repay":
        if (order.payed_at !== null) {
          order.payed_at = isoTime(Date.parse(order.payed_at) - step.days * 86_400_000);
        }
        break;
    }
  }
}

function refund(basket: Basket, step: Extract<VendorStep, { do: "refund" }>, now: string): void {
  const price = inKopecks(basket.price) * Number(basket.quantity);
  const returned = Math.round((price * step.returned) / 100);
  basket.refunded_at = now;
  basket.refunded_amount = step.how === "amount" ? (returned / 100).toFixed(2) : null;
  basket.refunded_deduction_amount = step.how === "deduction" ? (price - returned) / 100 : null;
}
