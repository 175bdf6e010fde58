import { createHmac } from "node:crypto";
import { z } from "zod";
import { ApiError } from "../core/api-error";
import { payloadJson } from "../core/payload";
import { BadValue, moneyText, parseMoney } from "../core/values";
import { optionalDataSet, unpagedRows, type FetchInput } from "./optional-data-set";
import { openShows } from "./event-rows";
import { field, orNull, readFlag, readId } from "../core/fields";

/** What is asked for: nothing about the holder of the ticket. */
const BODY = { select: ["barcode", "price", "admission"] } as const;

/** The hash under which a barcode is kept: hex HMAC-SHA-256. A plain hash of twelve digits could be tried out. */
export function barcodeHash(key: string, barcode: string): string {
  return createHmac("sha256", key).update(barcode).digest("hex");
}

function readBarcode(value: unknown): string {
  const text = typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
  if (text === "") throw new BadValue("missing");
  if (!/^[\w.-]{1,64}$/.test(text)) throw new BadValue("unreadable barcode");
  return text;
}

/**
 * Barcodes that are valid now, of every open show, one request each. The barcode itself opens a door: it is hashed as it
 * is parsed and goes nowhere else. The source lists neither status nor scan.
 */
export const barcodes = optionalDataSet({
  name: "barcodes",
  table: "stg_qtickets_api_barcodes_raw",
  columns: ["barcode_hash", "event_id", "show_id", "payload_json", "_ver"],
  nulls: [],
  skipFlag: "QTICKETS_SKIP_BARCODES",
  counter: "barcode_rows",
  skip: (settings) =>
    settings.QTICKETS_BARCODE_KEY === undefined ? "no_key: set QTICKETS_BARCODE_KEY" : undefined,
  fetch: async function* (input) {
    for (const { event } of input.events) {
      for (const show of openShows(event, input.run.startedAt)) {
        const rows = await fetchBarcodes(input, show.id);
        // Not an object: left as it is, for the schema to refuse.
        yield rows.map((row) =>
          typeof row === "object" && row !== null ? { ...row, event_id: event.id, show_id: show.id } : row,
        );
      }
    }
  },
  schema: (settings) =>
    z
      .object({
        barcode: field((value) => barcodeHash(settings.QTICKETS_BARCODE_KEY ?? "", readBarcode(value))),
        price: orNull(parseMoney),
        admission: orNull(readFlag),
        event_id: field(readId),
        show_id: field(readId),
      })
      .transform(({ barcode, ...rest }) => ({ id: barcode, ...rest })),
  toRow: ({ id, price, admission, event_id, show_id }, version) => ({
    barcode_hash: id,
    event_id,
    show_id,
    payload_json: payloadJson({ price: price === null ? null : moneyText(price), admission }),
    _ver: version,
  }),
});

/** The barcodes of a show; none for a show that the API does not know (any more). */
async function fetchBarcodes({ client, report }: FetchInput, showId: string): Promise<unknown[]> {
  const path = `/shows/${showId}/barcodes`;
  try {
    return unpagedRows(path, await client.answer(path, BODY), true);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    report.skip({ resource: "barcodes", reason: "http_404", details: `show ${showId}` });
    return [];
  }
}
