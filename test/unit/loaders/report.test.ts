import { expect, test } from "vitest";
import { ExpectedError } from "../../../loaders/core/errors";
import { ApiError } from "../../../loaders/core/api-error";
import { failed } from "../../../loaders/core/job";
import { loaded } from "../../../loaders/qtickets/report";
import { newCounts, type Run } from "../../../loaders/qtickets/run";

/** As much of a run as the report looks at. */
function run(change: Partial<Run> = {}): Run {
  const paid = { start: 0, end: 24 * 3_600_000 };
  return {
    counts: { ...newCounts(), events: 12, orders: 3, salesRows: 5, inventoryRows: 2, salesDailyRows: 1 },
    plan: { mode: "incremental", paid, changedSince: 0, readFrom: 0, advances: true },
    skipped: [],
    degraded: [],
    quarantine: { reasons: {} },
    stopwatch: { seconds: { fetch: 0.7, insert: 0.2 } },
    ...change,
  } as unknown as Run;
}

test("an ok run: counters of every data set, nothing that did not happen", () => {
  const outcome = loaded(run(), 1.5, 7);
  expect(outcome).toMatchObject({ status: "ok", rowsProcessed: 8 });
  expect(outcome.message).toEqual({
    status: "ok",
    events: 12,
    orders: 3,
    sales_rows: 5,
    inventory_rows: 2,
    sales_daily_rows: 1,
    sales_utm_daily_rows: 0,
    clients_rows: 0,
    price_shades_rows: 0,
    discounts_rows: 0,
    promo_code_rows: 0,
    barcode_rows: 0,
    partner_ticket_rows: 0,
  });
  expect(outcome.metrics).toMatchObject({
    lookback_hours: 24,
    backfill_mode: false,
    requests: 7,
    seconds: 1.5,
    step_seconds: { fetch: 0.7, insert: 0.2 },
  });
  expect(outcome.metrics.peak_rss_mb).toBeGreaterThan(10);
});

test("what was left out is said; only what failed makes a run partial", () => {
  const skipped = Array.from({ length: 60 }, (_, index) => ({
    resource: "inventory",
    reason: "http_404",
    details: `${index}`,
  }));
  const outcome = loaded(run({ skipped }), 1, 1);
  expect(outcome.status).toBe("ok");
  expect(outcome.message.skipped_resources).toHaveLength(51);
  expect((outcome.message.skipped_resources as unknown[]).at(-1)).toEqual({ and_more: 10 });
  const partial = loaded(run({ degraded: ["inventory: HTTP 503"] }), 1, 1);
  expect(partial.status).toBe("partial");
  expect(partial.message).toMatchObject({ status: "partial", degraded: ["inventory: HTTP 503"] });
});

test("a failed run: status and code of an API error, class and text of others", () => {
  expect(failed(new ApiError("no", 503, "UNKNOWN_ERROR", true)).message).toEqual({
    status: "error",
    error: { message: "no", status: 503, code: "UNKNOWN_ERROR", request_id: null },
  });
  expect(failed(new ExpectedError("too many")).message).toEqual({
    status: "error",
    error: { error_type: "ExpectedError", message: "too many" },
  });
  expect(failed(new TypeError("a\n  b")).metrics).toEqual({
    error: "a b",
    error_details: { error_type: "TypeError", message: "a b" },
  });
  expect(failed("text").rowsProcessed).toBe(0);
});
