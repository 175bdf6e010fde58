import {
  createEventSchema,
  createOrderSchema,
  type Event,
  type Order,
} from "../../../loaders/qtickets/schemas";

/** "Now" of all samples. */
export const NOW = Date.parse("2030-02-01T00:00:00+03:00");

/** A paid order as the API sends it, personal fields included, with one ticket. */
export function rawOrder(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 900001,
    uniqid: "pii",
    payed: true,
    payed_at: "2030-01-01T12:50:52+03:00",
    client: { email: "pii@example.test" },
    event_id: 5001,
    currency_id: "RUB",
    utm: { utm_source: "vk", utm_medium: "cpc", utm_campaign: 123 },
    custom: "",
    discount_id: null,
    promo_code_id: 7,
    payment_type_id: "card",
    baskets: [rawBasket()],
    created_at: "2030-01-01T12:50:36+03:00",
    updated_at: "2030-01-01T12:50:52+03:00",
    deleted_at: null,
    ...change,
  };
}

export function rawBasket(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 9100001,
    barcode: "870000000001",
    show_id: 6001,
    price: 400,
    quantity: 1,
    client_phone: "pii",
    created_at: "2030-01-01T12:49:47+03:00",
    updated_at: "2030-01-01T12:50:52+03:00",
    deleted_at: null,
    refunded_at: null,
    refunded_amount: null,
    refunded_deduction_amount: null,
    ...change,
  };
}

export function rawEvent(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 5001,
    is_active: 1,
    name: "Concert N",
    currency_id: "RUB",
    city: { id: 2, name: "Казань", timezone: "Europe/Moscow" },
    shows: [
      {
        id: 6001,
        is_active: 1,
        start_date: "2030-02-01T19:00:00+03:00",
        finish_date: "2030-02-01T21:00:00+03:00",
        created_at: "2029-12-01T10:00:00+03:00",
        updated_at: "2029-12-01T10:00:00+03:00",
        deleted_at: null,
      },
    ],
    created_at: "2029-12-01T10:00:00+03:00",
    updated_at: "2029-12-02T10:00:00+03:00",
    deleted_at: null,
    ...change,
  };
}

const orderSchema = createOrderSchema(NOW, () => undefined);
const eventSchema = createEventSchema(NOW, () => undefined);

export const parseOrder = (raw: unknown): Order => orderSchema.parse(raw);
export const parseEvent = (raw: unknown): Event => eventSchema.parse(raw);
export const tryOrder = (raw: unknown) => orderSchema.safeParse(raw);
export const tryEvent = (raw: unknown) => eventSchema.safeParse(raw);
