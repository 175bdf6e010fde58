import { z } from "zod";
import { BadValue } from "../core/values";
import { optionalDataSet, unpagedRows } from "./optional-data-set";
import { field, readId } from "../core/fields";

function readColor(value: unknown): string {
  const text = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (!/^#[0-9a-f]{6}$/.test(text)) throw new BadValue("unreadable color");
  return text;
}

/** The colours of price categories: an id and a colour, no name. */
export const priceShades = optionalDataSet({
  name: "price_shades",
  table: "stg_qtickets_api_price_shades_raw",
  columns: ["shade_id", "color", "_ver"],
  nulls: [],
  skipFlag: "QTICKETS_SKIP_PRICE_SHADES",
  counter: "price_shades_rows",
  fetch: async function* ({ client }) {
    yield unpagedRows("/color-themes", await client.answer("/color-themes", {}));
  },
  schema: () => z.object({ id: field(readId), color: field(readColor) }),
  toRow: ({ id, color }, version) => ({ shade_id: id, color, _ver: version }),
});
