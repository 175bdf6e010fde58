import { z } from "zod";
import { payloadJson, payloadTimestamp } from "../core/payload";
import { dateTimeSeconds, normalText } from "../core/values";
import { optionalDataSet, pagedRows } from "./optional-data-set";
import { field, readFlag, readId, readIds, readName, readText } from "../core/fields";

/** Discounts, deleted ones too. The source tells no value, so `discount_value` stays NULL. */
export const discounts = optionalDataSet({
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
  counter: "discounts_rows",
  fetch: (input) => pagedRows(input, "/discounts"),
  schema: (_settings, timestamp) =>
    z.object({
      id: field(readId),
      name: field(readName),
      type: field(readText),
      is_active: field(readFlag),
      active_from: timestamp,
      active_to: timestamp,
      created_at: timestamp,
      updated_at: timestamp,
      deleted_at: timestamp,
      events: field(readIds),
      shows: field(readIds),
    }),
  toRow: (discount, version) => ({
    discount_id: discount.id,
    name: normalText(discount.name),
    discount_type: discount.type,
    is_active: discount.is_active ? 1 : 0,
    active_from: dateTimeSeconds(discount.active_from),
    active_to: dateTimeSeconds(discount.active_to),
    deleted_ts: dateTimeSeconds(discount.deleted_at),
    payload_json: payloadJson({
      created_at: payloadTimestamp(discount.created_at),
      updated_at: payloadTimestamp(discount.updated_at),
      event_ids: discount.events,
      show_ids: discount.shows,
    }),
    _ver: version,
  }),
});
