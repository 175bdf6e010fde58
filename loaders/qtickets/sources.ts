import { barcodes } from "./barcodes";
import { discounts } from "./discounts";
import { events } from "./events";
import { inventory } from "./inventory";
import { orders } from "./orders";
import { priceShades } from "./price-shades";
import { promoCodes } from "./promo-codes";
import type { Source } from "./run";

/** What a run reads, in this order. A new source is one file and one line here. */
export const SOURCES: readonly Source[] = [
  events,
  orders,
  priceShades,
  discounts,
  promoCodes,
  barcodes,
  inventory,
];
