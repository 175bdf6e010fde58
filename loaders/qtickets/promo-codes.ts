import { z } from "zod";
import { payloadJson, payloadTimestamp } from "../core/payload";
import { dateTimeSeconds, BadValue, normalText } from "../core/values";
import { optionalDataSet, pagedRows } from "./optional-data-set";
import { field, orNull, readCount, readFlag, readId, readText } from "../core/fields";

/** A code as text, also where it looks like a number. */
function readCode(value: unknown): string {
  const code = normalText(readText(value));
  if (code === "") throw new BadValue("missing");
  return code;
}

/** Promo codes, deleted ones too. */
export const promoCodes = optionalDataSet({
  name: "promo_codes",
  table: "stg_qtickets_api_promo_codes_raw",
  columns: [
    "promo_code_id",
    "code",
    "discount_id",
    "discount_type",
    "max_uses",
    "is_active",
    "valid_from",
    "valid_to",
    "deleted_ts",
    "payload_json",
    "_ver",
  ],
  nulls: ["max_uses", "valid_from", "valid_to", "deleted_ts"],
  skipFlag: "QTICKETS_SKIP_PROMO_CODES",
  counter: "promo_code_rows",
  fetch: (input) => pagedRows(input, "/promo-codes"),
  schema: (_settings, timestamp) =>
    z.object({
      id: field(readId),
      code: field(readCode),
      type: field(readText),
      discount_id: orNull(readId),
      max_uses_count: orNull(readCount),
      is_active: field(readFlag),
      active_from: timestamp,
      active_to: timestamp,
      created_at: timestamp,
      updated_at: timestamp,
      deleted_at: timestamp,
    }),
  toRow: (promo, version) => ({
    promo_code_id: promo.id,
    code: promo.code,
    discount_id: promo.discount_id ?? "",
    discount_type: promo.type,
    max_uses: promo.max_uses_count,
    is_active: promo.is_active ? 1 : 0,
    valid_from: dateTimeSeconds(promo.active_from),
    valid_to: dateTimeSeconds(promo.active_to),
    deleted_ts: dateTimeSeconds(promo.deleted_at),
    payload_json: payloadJson({
      created_at: payloadTimestamp(promo.created_at),
      updated_at: payloadTimestamp(promo.updated_at),
    }),
    _ver: version,
  }),
});
