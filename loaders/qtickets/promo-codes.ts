import { z } from "zod";
import { payloadJson, payloadMoment } from "../core/payload";
import { BadValue, normalText } from "../core/values";
import { catalogue, catalogueMoment, pagedRows, seconds } from "./catalogue";
import { orNull, readCount, readFlag, readId, reading, readText } from "./schemas";

/** A code as text, also where it looks like a number. */
function readCode(value: unknown): string {
  const code = normalText(readText(value));
  if (code === "") throw new BadValue("missing");
  return code;
}

/** Promo codes, deleted ones too. */
export const promoCodes = catalogue({
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
  counter: "promoCodeRows",
  fetch: (run, reader) => pagedRows(run, reader, "/promo-codes"),
  schema: (run) =>
    z.object({
      id: reading(readId),
      code: reading(readCode),
      type: reading(readText),
      discount_id: orNull(readId),
      max_uses_count: orNull(readCount),
      is_active: reading(readFlag),
      active_from: catalogueMoment(run),
      active_to: catalogueMoment(run),
      created_at: catalogueMoment(run),
      updated_at: catalogueMoment(run),
      deleted_at: catalogueMoment(run),
    }),
  toRow: (promo, { startedAt }) => ({
    promo_code_id: promo.id,
    code: promo.code,
    discount_id: promo.discount_id ?? "",
    discount_type: promo.type,
    max_uses: promo.max_uses_count,
    is_active: promo.is_active ? 1 : 0,
    valid_from: seconds(promo.active_from),
    valid_to: seconds(promo.active_to),
    deleted_ts: seconds(promo.deleted_at),
    payload_json: payloadJson({
      created_at: payloadMoment(promo.created_at),
      updated_at: payloadMoment(promo.updated_at),
    }),
    _ver: startedAt,
  }),
});
