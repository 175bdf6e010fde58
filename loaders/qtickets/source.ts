import type { Source } from "../pipeline/source";

/** Shortest key of the hashes under which barcodes are kept: beyond guessing, as barcodes themselves are not. */
export const SHORTEST_BARCODE_KEY = 32;

/** The Qtickets API: orders, events, seats, and four data sets that are read where they are wanted. */
export const qtickets: Source = {
  job: "qtickets_api",
  title: "Qtickets",
  folder: "qtickets",
  kind: "api",
  secrets: {
    qticketsToken: {
      about: "Token of the Qtickets API, or any text for the sandbox.",
      setting: "QTICKETS_TOKEN",
      kind: "token",
    },
    barcodeKey: {
      about:
        "Key of the hashes under which barcodes are kept; needed exactly when `datasets` names `barcodes`. " +
        "Another key makes other hashes: rows of the old one stay until they are 400 days old.",
      setting: "QTICKETS_BARCODE_KEY",
      kind: "key",
      shortest: SHORTEST_BARCODE_KEY,
      dataset: "barcodes",
    },
  },
  datasets: {
    priceShades: { setting: "QTICKETS_SKIP_PRICE_SHADES", value: "false" },
    discounts: { setting: "QTICKETS_SKIP_DISCOUNTS", value: "false" },
    promoCodes: { setting: "QTICKETS_SKIP_PROMO_CODES", value: "false" },
    barcodes: { setting: "QTICKETS_SKIP_BARCODES", value: "false" },
  },
  tables: [
    { name: "stg_qtickets_api_orders_raw", rowsAre: "order lines" },
    { name: "stg_qtickets_api_inventory_raw", rowsAre: "seat counters" },
    { name: "dim_events", rowsAre: "events" },
    { name: "fact_qtickets_orders" },
    { name: "fact_qtickets_sales_daily", rowsAre: "sales per day" },
    { name: "fact_qtickets_sales_utm_daily" },
    { name: "fact_qtickets_inventory" },
    { name: "fact_qtickets_inventory_latest", rowsAre: "newest inventory" },
    { name: "stg_qtickets_api_price_shades_raw", writeOnly: true },
    { name: "stg_qtickets_api_discounts_raw", writeOnly: true },
    { name: "stg_qtickets_api_promo_codes_raw", writeOnly: true },
    { name: "stg_qtickets_api_barcodes_raw", writeOnly: true },
  ],
  freshHours: 2,
  sandbox: {
    vendor: "qtickets",
    path: "/api/rest/v1",
    secret: "qticketsToken",
    clients: (token) => [{ credential: token }],
    settings: (url) => ({
      QTICKETS_BASE_URL: url,
      // Plain http is for the sandbox alone, and only by this consent.
      QTICKETS_ALLOW_HTTP: "true",
      // The limit is for the vendor's sake.
      QTICKETS_RATE_PER_SECOND: "0",
    }),
  },
  probe: true,
};
