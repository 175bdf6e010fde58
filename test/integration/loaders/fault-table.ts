import type { FaultRule } from "../../../sandbox/qtickets/sandbox";

/** Where a source reads from; a source of `sources.ts` that is missing here fails the test. */
export const ROUTES: Readonly<
  Record<string, { route: string; paged: boolean; flag?: string; table?: string }>
> = {
  events: { route: "/events", paged: true },
  orders: { route: "/orders", paged: true },
  price_shades: {
    route: "/color-themes",
    paged: false,
    flag: "QTICKETS_SKIP_PRICE_SHADES",
    table: "stg_qtickets_api_price_shades_raw",
  },
  discounts: {
    route: "/discounts",
    paged: true,
    flag: "QTICKETS_SKIP_DISCOUNTS",
    table: "stg_qtickets_api_discounts_raw",
  },
  promo_codes: {
    route: "/promo-codes",
    paged: true,
    flag: "QTICKETS_SKIP_PROMO_CODES",
    table: "stg_qtickets_api_promo_codes_raw",
  },
  barcodes: {
    route: "/shows/*/barcodes",
    paged: false,
    flag: "QTICKETS_SKIP_BARCODES",
    table: "stg_qtickets_api_barcodes_raw",
  },
  inventory: {
    route: "/shows/*/seats",
    paged: false,
    flag: "QTICKETS_SKIP_INVENTORY",
    table: "fact_qtickets_inventory_latest",
  },
};

/** Status of a run in the journal. */
export type Outcome = "ok" | "partial" | "error";

/** A fault of the API and what a run must make of it. */
export interface Fault {
  name: string;
  rule: FaultRule;
  /** What a required source, and an optional one, makes of it. */
  required: Outcome;
  optional: Outcome;
  /** Only for listings in pages. */
  paged?: true;
  /** Requests of the source that meet the fault: several tries, or just one. */
  tried: "again" | "once";
  /** Least wait in ms that the server asked for. */
  wait?: number;
}

/** Listings are read by id: neither the total nor the page number decides what is read. */
const HARMLESS = { required: "ok", optional: "ok", tried: "once" } as const;
const ONCE = { required: "ok", optional: "ok", tried: "again" } as const;
const FOR_EVER = { required: "error", optional: "partial", tried: "again" } as const;
const FINAL = { required: "error", optional: "partial", tried: "once" } as const;
const NOT_THERE = { required: "error", optional: "ok", tried: "once" } as const;
const drip = { kind: "drip", chunkBytes: 1, everyMs: 100 } as const;

/** Every fault of the matrix. */
export const FAULTS: readonly Fault[] = [
  { name: "reset, once", rule: { kind: "drop", times: 1 }, ...ONCE },
  { name: "reset, for ever", rule: { kind: "drop" }, ...FOR_EVER },
  {
    name: "429, Retry-After in seconds",
    rule: { kind: "status", status: 429, retryAfterSeconds: 7, times: 1 },
    wait: 7000,
    ...ONCE,
  },
  {
    name: "429, Retry-After as a date",
    rule: { kind: "status", status: 429, retryAfterSeconds: 9, retryAfterForm: "date", times: 1 },
    wait: 7000,
    ...ONCE,
  },
  { name: "429, for ever", rule: { kind: "status", status: 429, retryAfterSeconds: 1 }, ...FOR_EVER },
  ...[500, 502, 503].flatMap((status): Fault[] => [
    { name: `${status}, once`, rule: { kind: "status", status, times: 1 }, ...ONCE },
    { name: `${status}, for ever`, rule: { kind: "status", status, body: "html" }, ...FOR_EVER },
  ]),
  { name: "400", rule: { kind: "status", status: 400 }, ...FINAL },
  { name: "401", rule: { kind: "status", status: 401 }, ...FINAL },
  { name: "403", rule: { kind: "status", status: 403 }, ...NOT_THERE },
  { name: "404, JSON", rule: { kind: "status", status: 404 }, ...NOT_THERE },
  { name: "404, HTML", rule: { kind: "status", status: 404, body: "html" }, ...NOT_THERE },
  { name: "200 with an error body", rule: { kind: "statusError" }, ...FINAL },
  { name: "200 with HTML", rule: { kind: "html" }, ...FINAL },
  { name: "200 with nothing", rule: { kind: "empty" }, ...FINAL },
  { name: "broken JSON, once", rule: { kind: "brokenJson", times: 1 }, ...ONCE },
  { name: "broken JSON, for ever", rule: { kind: "brokenJson" }, ...FOR_EVER },
  { name: "truncated body, once", rule: { kind: "truncated", times: 1 }, ...ONCE },
  { name: "truncated body, for ever", rule: { kind: "truncated" }, ...FOR_EVER },
  { name: "slow drip past the deadline, once", rule: { ...drip, times: 1 }, ...ONCE },
  { name: "slow drip past the deadline, for ever", rule: drip, ...FOR_EVER },
  { name: "wrong types", rule: { kind: "wrongTypes" }, ...FINAL },
  { name: "redirect", rule: { kind: "redirect", to: "http://127.0.0.1:9/" }, ...FINAL },
  { name: "bare array", rule: { kind: "bareArray" }, paged: true, ...FINAL },
  { name: "no paging", rule: { kind: "missingPaging" }, paged: true, ...FINAL },
  { name: "another page than asked for", rule: { kind: "wrongCurrentPage" }, paged: true, ...FINAL },
  { name: "total that lies: 3 too many", rule: { kind: "lyingTotal", by: 3 }, paged: true, ...HARMLESS },
  { name: "total that lies: 1 too few", rule: { kind: "lyingTotal", by: -1 }, paged: true, ...HARMLESS },
  { name: "total that lies: 2 too few", rule: { kind: "lyingTotal", by: -2 }, paged: true, ...HARMLESS },
  {
    name: "empty last page",
    rule: { kind: "lyingTotal", by: 2, times: 1 },
    paged: true,
    ...ONCE,
  },
  {
    name: "page repeated for ever",
    rule: { kind: "repeatedPage" },
    paged: true,
    ...HARMLESS,
  },
  { name: "filters by id ignored", rule: { kind: "idFiltersIgnored" }, paged: true, ...HARMLESS },
  { name: "order ignored", rule: { kind: "orderIgnored" }, paged: true, ...HARMLESS },
];
