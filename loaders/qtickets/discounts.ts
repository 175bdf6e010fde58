import { z } from "zod";
import { payloadJson, payloadMoment } from "../core/payload";
import { normalText } from "../core/values";
import { catalogue, catalogueMoment, pagedRows, seconds } from "./catalogue";
import { readFlag, readId, readIds, reading, readName, readText } from "./schemas";

/** Discounts, deleted ones too. The source tells no value, so `discount_value` stays NULL. */
export const discounts = catalogue({
  name: "discounts",
  table: "stg_qtickets_api_discounts_raw",
  columns: [
    "discount_id",
    "name",
    "discount_type",
    "is_active",
    "active_from",
    "active_to",
    "deleted_ts",
    "payload_json",
    "_ver",
  ],
  nulls: ["active_from", "active_to", "deleted_ts"],
  skipFlag: "QTICKETS_SKIP_DISCOUNTS",
  counter: "discountsRows",
  fetch: (run, reader) => pagedRows(run, reader, "/discounts"),
  schema: (run) =>
    z.object({
      id: reading(readId),
      name: reading(readName),
      type: reading(readText),
      is_active: reading(readFlag),
      active_from: catalogueMoment(run),
      active_to: catalogueMoment(run),
      created_at: catalogueMoment(run),
      updated_at: catalogueMoment(run),
      deleted_at: catalogueMoment(run),
      events: reading(readIds),
      shows: reading(readIds),
    }),
  toRow: (discount, { startedAt }) => ({
    discount_id: discount.id,
    name: normalText(discount.name),
    discount_type: discount.type,
    is_active: discount.is_active ? 1 : 0,
    active_from: seconds(discount.active_from),
    active_to: seconds(discount.active_to),
    deleted_ts: seconds(discount.deleted_at),
    payload_json: payloadJson({
      created_at: payloadMoment(discount.created_at),
      updated_at: payloadMoment(discount.updated_at),
      event_ids: discount.events,
      show_ids: discount.shows,
    }),
    _ver: startedAt,
  }),
});
