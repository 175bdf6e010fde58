import { readObject } from "../../core/fields";
import { anonymise, FLAG, NUMBER, type KnownFields } from "../../pipeline/fixture";
import type { Seen } from "../../pipeline/probe";
import type { Call } from "./call-names";

/** Answers that become input of tests. */
const KEPT: readonly Call[] = ["newest", "changedLate", "events", "seats", "barcodes"];
/** Rows of each that are kept. */
const ROWS = 20;

/** What stays of the fields that the loader reads, and of the few that only the probe asks for. */
export const FIELDS: KnownFields = {
  data: "hidden",
  paging: "hidden",
  perPage: NUMBER,
  currentPage: NUMBER,
  total: NUMBER,

  id: "id",
  event_id: "id",
  show_id: "id",
  discount_id: "id",
  promo_code_id: "id",
  created_at: "time",
  updated_at: "time",
  deleted_at: "time",
  payed: FLAG,
  payed_at: "time",
  currency_id: /^[A-Z]{3}$/i,
  payment_type_id: /^(?:card|bankcard)$/,
  utm: "hidden",
  utm_source: "hidden",
  utm_medium: "hidden",
  utm_campaign: "hidden",
  utm_content: "hidden",
  utm_term: "hidden",
  baskets: "hidden",
  price: NUMBER,
  quantity: NUMBER,
  refunded_at: "time",
  refunded_amount: NUMBER,
  refunded_deduction_amount: NUMBER,
  refunds: "hidden",
  ticket_amount: NUMBER,
  related_baskets: "id",

  name: "hidden",
  is_active: FLAG,
  city: "hidden",
  timezone: /^(?:Europe|Asia)\/[A-Z][a-z]+$/,
  shows: "hidden",
  start_date: "time",
  finish_date: "time",

  root_id: "id",
  admission: FLAG,
  max_quantity: NUMBER,
  free_quantity: NUMBER,
  ordered_quantity: NUMBER,
  payed_quantity: NUMBER,
  in_basket_quantity: NUMBER,
  available: FLAG,
  disabled: FLAG,
};

/** The first rows of what was answered, anonymised. */
export function fixtureOf(seen: Seen<Call>, now: number): Partial<Record<Call, unknown>> {
  const answers = Object.entries(seen.answered(KEPT)).map(([name, answer]) => [name, cut(answer)] as const);
  return anonymise<Call>(Object.fromEntries(answers), FIELDS, now);
}

/** An answer with its first rows only, as if there were no more. */
function cut(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.slice(0, ROWS);
  const { data, paging, ...rest } = readObject(answer);
  if (Array.isArray(data)) {
    const rows = data.slice(0, ROWS);
    return {
      ...rest,
      data: rows,
      ...(paging === undefined ? {} : { paging: { ...readObject(paging), total: rows.length } }),
    };
  }
  return { ...rest, data: Object.fromEntries(Object.entries(readObject(data)).slice(0, ROWS)) };
}
