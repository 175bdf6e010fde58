/** The requests by name, in the order in which they are sent. */
export const CALLS = [
  "plain",
  "newest",
  "second",
  "behind",
  "aboveId",
  "paidIn2100",
  "paidRecently",
  "paidRecentlyUtc",
  "changedIn2100",
  "changedRecently",
  "changedLate",
  "events",
  "seats",
  "ordersOfEvent",
  "barcodes",
  "large",
  "largest",
  "queryString",
  "unknownColumn",
  "wrongToken",
] as const;
export type Call = (typeof CALLS)[number];
