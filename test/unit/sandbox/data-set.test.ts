import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PII_PATTERNS } from "../../../sandbox/qtickets/markers";
import type { Basket, Order } from "../../../sandbox/qtickets/types";
import { all, dataSet, DAY, NOON } from "./support";

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const moment = (text: string | null) => (text === null ? null : Date.parse(text));
const sum = (values: unknown[]) => values.reduce<number>((total, value) => total + Number(value), 0);

/** The scan at the door is not a change of the order. */
const withoutScans = (order: Order) =>
  JSON.stringify(order, (key, value: unknown) => (key === "checked_at" ? null : value));

describe("orders of any seed", () => {
  it("keep the invariants that were observed in the vendor's orders", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        for (const order of all(dataSet({ seed, days: 25 }).orders())) {
          expect(order.payed).toBe(order.payed_at !== null);
          expect(order.price).toBe(sum(order.baskets.map(({ price }) => price)));
          expect(order.original_price).toBe(sum(order.baskets.map(({ original_price }) => original_price)));
          for (const basket of order.baskets) {
            expect(basket.price).toBe(Number(basket.original_price) - (basket.discount_value ?? 0));
            expect(basket.barcode === null).toBe(basket.deleted_at !== null);
            expect(basket.quantity).toBe(1);
            if (order.deleted_at !== null) expect(basket.deleted_at).toBe(order.deleted_at);
            if (order.payed_at === null)
              expect([basket.ticket_amount, basket.refunded_at]).toEqual([0, null]);
            if (basket.refunded_amount !== null && basket.refunded_at !== null) {
              expect(Number(basket.refunded_amount) + Number(basket.refunded_deduction_amount)).toBe(
                basket.price,
              );
            }
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  it("come by ascending id and creation, lie in the window, and have changed last when something last happened", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 60 }), (seed, ordersPerDay) => {
        const data = dataSet({ seed, ordersPerDay, days: 3 });
        const orders = all(data.orders());
        const midnight = Date.parse("2030-05-15T00:00:00+03:00");
        expect(orders).toHaveLength(3 * ordersPerDay + Math.min(3, ordersPerDay));
        let previous = { id: 0, created: midnight - 3 * DAY - 60_000 };
        for (const order of orders) {
          const created = Date.parse(order.created_at);
          expect(order.id).toBeGreaterThan(previous.id);
          expect(created).toBeGreaterThanOrEqual(previous.created);
          previous = { id: order.id, created };
          const moments = [order, ...order.baskets].flatMap((object) =>
            [
              object.created_at,
              object.deleted_at,
              "refunded_at" in object ? object.refunded_at : null,
              "payed_at" in object ? object.payed_at : null,
            ].flatMap((text) => moment(text) ?? []),
          );
          expect(Date.parse(order.updated_at)).toBeGreaterThanOrEqual(Math.max(...moments));
          expect(Date.parse(order.updated_at)).toBeLessThanOrEqual(midnight + 30_000);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("are never sold after the event was deleted, the show began or its sales closed", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const data = dataSet({ seed, ordersPerDay: 10, days: 30 });
        const shows = new Map(
          data.events().flatMap((event) => event.shows.map((show) => [show.id, { event, show }] as const)),
        );
        for (const order of all(data.orders())) {
          for (const { show_id } of order.baskets) {
            const { event, show } = shows.get(show_id) ?? {};
            const closing = event?.id === 5009 ? 5 * DAY : 0;
            expect(Date.parse(order.created_at)).toBeLessThan(Date.parse(show?.start_date ?? "") - closing);
            const deleted = moment(event?.deleted_at ?? null) ?? Infinity;
            expect(Date.parse(order.payed_at ?? order.created_at)).toBeLessThan(deleted);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("are the same for the same seed and day, at any time of the day", () => {
    const [early, late] = ["2030-05-15T00:00:40+03:00", "2030-05-15T23:59:59+03:00"].map((text) =>
      dataSet({ now: () => Date.parse(text) }),
    );
    expect(all(early!.orders())).toEqual(all(late!.orders()));
    expect(early!.events()).toEqual(late!.events());
    expect(all(dataSet({ seed: 2 }).orders())).not.toEqual(all(early!.orders()));
  });

  it("have heads that say the same as the whole order", () => {
    const data = dataSet({ seed: 3, dates: "local" });
    data.updateOrder(data.orders().at(8).id, { payed_at: null });
    const heads = all(data.orderHeads());
    expect(heads).toHaveLength(data.orders().length);
    heads.forEach((head, index) => expect(data.orders().at(index)).toMatchObject(head));
  });

  it("differ from yesterday's by later changes and new orders only", () => {
    const before = dataSet();
    const after = dataSet({ now: () => NOON + DAY });
    let changed = 0;
    for (const old of all(before.orders())) {
      const now = after.order(old.id);
      if (now === undefined) continue;
      if (withoutScans(now) === withoutScans(old)) continue;
      changed += 1;
      expect(Date.parse(now.updated_at)).toBeGreaterThan(Date.parse("2030-05-15T00:00:30+03:00"));
    }
    expect(changed).toBeGreaterThan(0);
    expect(before.orders().length).toBe(after.orders().length);
  });
});

describe("the default data set", () => {
  const data = dataSet();
  const orders = all(data.orders());
  const events = data.events();
  const shows = events.flatMap((event) => event.shows.map((show) => ({ event, show })));
  const eventOf = new Map(shows.map(({ event, show }) => [show.id, event.id]));

  it.each<[string, (order: Order) => boolean]>([
    ["paid", (order) => order.payed === true],
    ["unpaid and still open", (order) => order.payed_at === null && order.deleted_at === null],
    ["cancelled before payment", (order) => order.payed_at === null && order.deleted_at !== null],
    ["cancelled after payment", (order) => order.payed_at !== null && order.deleted_at !== null],
    ["refunded in part", (order) => new Set(order.baskets.map((basket) => basket.refunded_at)).size === 2],
    [
      "refunded as a whole",
      (order) => order.baskets.length > 0 && order.baskets.every((basket) => basket.refunded_at !== null),
    ],
    [
      "with money kept from a refund",
      (order) => order.baskets.some((basket) => Number(basket.refunded_deduction_amount) > 0),
    ],
    [
      "refunded without amounts",
      (order) =>
        order.baskets.some((basket) => basket.refunded_at !== null && basket.refunded_amount === null),
    ],
    [
      "with a removed ticket",
      (order) => order.deleted_at === null && order.baskets.some((basket) => basket.deleted_at !== null),
    ],
    ["without tickets", (order) => order.payed === true && order.baskets.length === 0],
    ["of two dates", (order) => new Set(order.baskets.map(({ show_id }) => show_id)).size > 1],
    ["of two events", (order) => new Set(order.baskets.map(({ show_id }) => eventOf.get(show_id))).size > 1],
    ["in a second currency", (order) => order.currency_id === "KZT"],
    ["with a discount", (order) => order.discount_id !== null && order.promo_code_id === null],
    ["with a promo code", (order) => order.promo_code_id !== null],
    ["with a free ticket", (order) => order.baskets.some(({ price }) => price === 0)],
    ["without campaign marks", (order) => Array.isArray(order.utm)],
    [
      "with city and date in utm_content",
      (order) =>
        /^[a-zа-я_-]+_\d\d_\d\d$/i.test(String((order.utm as { utm_content?: unknown }).utm_content)),
    ],
    [
      "with a number as campaign",
      (order) => typeof (order.utm as { utm_campaign?: unknown }).utm_campaign === "number",
    ],
    ["with personal data in campaign marks", (order) => JSON.stringify(order.utm).includes("@example.test")],
    ["with an object in custom", (order) => typeof order.custom === "object"],
    ["with company data", (order) => !Array.isArray(order.fields)],
    ["paid in the first second of a day", (order) => order.payed_at?.includes("T00:00:00") === true],
    ["paid in the last second of a day", (order) => order.payed_at?.includes("T23:59:59") === true],
  ])("holds orders %s", (_, holds) => {
    expect(orders.filter(holds).length).toBeGreaterThan(0);
  });

  it("has one event of each kind, in several cities", () => {
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, index) => 5001 + index));
    expect(events.filter(({ is_active }) => is_active === 0).map(({ id }) => id)).toEqual([5007]);
    expect(events.filter(({ deleted_at }) => deleted_at !== null).map(({ id }) => id)).toEqual([5008]);
    expect(events.filter(({ shows }) => shows.length === 0).map(({ id }) => id)).toEqual([5012]);
    expect(events[1]?.name).toEqual({ en: "Event 2", ru: "Белые ночи" });
    expect(new Set(events.map(({ city_id }) => city_id)).size).toBe(11);
    const odd = (events[10]?.city as { name: string }).name;
    expect(odd).not.toBe(odd.normalize("NFC"));
    expect(
      odd
        .normalize("NFC")
        .replace(/[\s\u00a0]+/g, " ")
        .trim(),
    ).toBe("Новый Город");
  });

  it("lists past and future, deleted and inactive shows, and every show of an order", () => {
    const future = ({ show }: (typeof shows)[number]) => Date.parse(show.start_date) > NOON;
    expect(shows.some(future)).toBe(true);
    expect(shows.some((item) => !future(item))).toBe(true);
    // Event 5009 closes its dates early, in turn by deleting and by switching off: look at it over a while.
    const fates = Array.from(
      { length: 60 },
      (_, day) => dataSet({ now: () => NOON + day * DAY }).event(5009)?.shows ?? [],
    ).flat();
    expect(fates.some((show) => show.deleted_at !== null)).toBe(true);
    expect(fates.some((show) => show.deleted_at === null && show.is_active === 0)).toBe(true);
    const ids = new Set(shows.map(({ show }) => show.id));
    expect(ids.size).toBe(shows.length);
    for (const order of orders) for (const { show_id } of order.baskets) expect(ids).toContain(show_id);
  });

  it("repeats each place once per tariff, counts entrance zones by quantity, knows sold-out and silent shows", () => {
    const seatsOf = (id: number) => data.seats(data.event(id)?.shows.at(-1)?.id ?? 0) ?? [];
    const hall = seatsOf(5001);
    const roots = new Set(hall.map(({ root_id }) => root_id));
    expect(hall).toHaveLength(roots.size * 2);
    expect(hall.filter(({ disabled }) => disabled)).toHaveLength(4);
    expect(seatsOf(5003).map(({ admission, max_quantity }) => [admission, max_quantity])).toEqual([
      [true, 300],
      [true, 300],
      [true, 40],
      [true, 40],
    ]);
    expect(seatsOf(5005).some(({ available, free_quantity }) => available || free_quantity !== 0)).toBe(
      false,
    );
    const silent = (data.event(5006)?.shows ?? []).map((show) => data.seats(show.id) ?? []);
    expect(silent.some((seats) => seats.length === 0)).toBe(true);
    expect(silent.some((seats) => seats.length > 0)).toBe(true);
    expect(silent.flat().filter((seat) => "max_quantity" in seat)).toEqual([]);
    expect(data.seats(1)).toBeUndefined();
    expect(data.seats(60_000)).toBeUndefined();
  });

  it("counts per event what its seats add up to when every place is taken once", () => {
    for (const { eventId, count } of data.expectedInventory()) {
      const open = (data.event(eventId)?.shows ?? []).filter(
        (show) => show.deleted_at === null && show.is_active === 1 && Date.parse(show.finish_date) > NOON,
      );
      const places = open.map(
        (show) => new Map((data.seats(show.id) ?? []).map((seat) => [seat.root_id, seat])),
      );
      const isKnown =
        open.length > 0 &&
        places.every((show) => show.size > 0 && [...show.values()].every((seat) => "max_quantity" in seat));
      if (!isKnown) {
        expect(count).toBeNull();
        continue;
      }
      const usable = places.flatMap((show) => [...show.values()]).filter(({ disabled }) => !disabled);
      expect(count).toEqual({
        total: sum(usable.map((seat) => seat.max_quantity)),
        left: sum(usable.map((seat) => seat.free_quantity)),
      });
    }
    expect(data.expectedInventory().map(({ eventId }) => eventId)).not.toContain(5008);
    expect(data.expectedInventory().find(({ eventId }) => eventId === 5005)?.count?.left).toBe(0);
  });

  it("marks every personal field", () => {
    const personal: (keyof Order["baskets"][number])[] = ["barcode", "client_email", "client_phone", "client_name", "client_surname",
      "client_middlename", "organization_name", "legal_name", "work_position", "inn", "kpp", "comment", "pdf_url", "passbook_url"]; // prettier-ignore
    const unmarked = (value: Basket[keyof Basket] | undefined) =>
      value !== null && value !== "" && !PII_PATTERNS.some((pattern) => pattern.test(JSON.stringify(value)));
    for (const order of orders) {
      const { email, details } = order.client;
      const { name, middlename, surname, phone, vk_id } = details;
      const values = [
        order.uniqid, order.client_id, order.payment_card_number, order.payment_url, order.cancel_url, email, name, middlename, surname,
        phone, vk_id, order.custom === "" ? "" : JSON.stringify(order.custom), Array.isArray(order.fields) ? "" : JSON.stringify(order.fields),
        ...order.baskets.flatMap((basket) => personal.map((field) => basket[field])),
      ]; // prettier-ignore
      expect(values.filter(unmarked)).toEqual([]);
    }
  });

  it("writes dates and flags in the other way when asked to", () => {
    const other = dataSet({ dates: "local", flags: "swapped" });
    const [usual, swapped] = [data.event(5007), other.event(5007)];
    expect(swapped?.shows[0]?.start_date).toMatch(/\+07:00$/);
    expect(moment(swapped?.shows[0]?.start_date ?? null)).toBe(moment(usual?.shows[0]?.start_date ?? null));
    expect([usual?.is_active, swapped?.is_active]).toEqual([0, false]);
    expect(other.orders().at(0).payed).toBe(1);
  });
});

describe("changes by a test", () => {
  it("moves updated_at with every change of an order", () => {
    const data = dataSet();
    const { id } = data.orders().at(5);
    const revision = data.revision;
    data.updateOrder(id, { price: 1 });
    expect(data.order(id)).toMatchObject({ price: 1, updated_at: "2030-05-15T12:00:00+03:00" });
    data.updateOrder(id, (order) => void order.baskets.pop(), NOON + 1000);
    expect(data.orders().at(5)).toMatchObject({ price: 1, updated_at: "2030-05-15T12:00:01+03:00" });
    expect(data.revision).not.toBe(revision);
    expect(() => data.updateOrder(1, {})).toThrow("The sandbox has no order 1");
  });

  it("adds orders at the end of the list and removes any", () => {
    const data = dataSet();
    const { length } = data.orders();
    const added = data.addOrder({ currency_id: "USD" });
    expect(added).toMatchObject({
      payed: true,
      payed_at: "2030-05-15T12:00:00+03:00",
      currency_id: "USD",
      deleted_at: null,
    });
    expect(added.baskets.length).toBeGreaterThan(0);
    expect(data.orders().at(length)).toEqual(added);
    const second = data.addOrder({}, NOON - DAY);
    expect(second.payed_at).toBe("2030-05-14T12:00:00+03:00");
    expect(second.id).toBeGreaterThan(added.id);
    data.removeOrder(added.id);
    expect(data.orders().length).toBe(length + 1);
    expect(data.order(added.id)).toBeUndefined();
  });

  it("renames events and replaces seats", () => {
    const data = dataSet();
    data.updateEvent(5001, { name: "New", city: "Тверь" });
    expect(data.event(5001)).toMatchObject({
      name: "New",
      city: "Тверь",
      updated_at: "2030-05-15T12:00:00+03:00",
    });
    const show = data.event(5001)?.shows.at(-1)?.id ?? 0;
    data.setSeats(show, []);
    expect(data.seats(show)).toEqual([]);
  });
});
