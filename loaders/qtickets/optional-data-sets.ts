import { barcodes } from "./barcodes";
import { discounts } from "./discounts";
import { priceShades } from "./price-shades";
import { promoCodes } from "./promo-codes";

/** Data sets that are read only where they are switched on, in the order in which they are read. */
export const OPTIONAL_DATA_SETS = [priceShades, discounts, promoCodes, barcodes] as const;
