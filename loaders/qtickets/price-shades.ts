import { z } from "zod";
import { BadValue } from "../core/values";
import { catalogue, unpagedRows } from "./catalogue";
import { readId, reading } from "./schemas";

function readColor(value: unknown): string {
  const text = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (!/^#[0-9a-f]{6}$/.test(text)) throw new BadValue("unreadable color");
  return text;
}

/** The colours of price categories: an id and a colour, no name. */
export const priceShades = catalogue({
  name: "price_shades",
  table: "stg_qtickets_api_price_shades_raw",
  columns: ["shade_id", "color", "_ver"],
  nulls: [],
  skipFlag: "QTICKETS_SKIP_PRICE_SHADES",
  counter: "priceShadesRows",
  fetch: async function* (_run, reader) {
    yield unpagedRows("/color-themes", await reader.answer("/color-themes", {}));
  },
  schema: () => z.object({ id: reading(readId), color: reading(readColor) }),
  toRow: ({ id, color }, { startedAt }) => ({ shade_id: id, color, _ver: startedAt }),
});
