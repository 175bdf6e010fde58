import { expect, test } from "vitest";
import { ExpectedError } from "../../../loaders/core/errors";
import { ApiError } from "../../../loaders/core/api-error";
import type { Stopwatch } from "../../../loaders/core/stopwatch";
import { addFound, newTotal, type Found, type Total } from "../../../loaders/pipeline/found";
import { failureOutcome } from "../../../loaders/pipeline/job";
import { reportOf } from "../../../loaders/pipeline/report";

const COUNTERS = [
  "events",
  "orders",
  "sales_rows",
  "inventory_rows",
  "sales_daily_rows",
  "sales_utm_daily_rows",
  "clients_rows",
];

/** The report of a run that found these things. */
function report(...found: Found[]) {
  return reportWith({}, ...found);
}

function reportWith(more: Partial<Total>, ...found: Found[]) {
  const total = { ...newTotal(), ...more };
  for (const one of found) addFound(total, one);
  return reportOf(total, {
    counters: COUNTERS,
    quarantined: {},
    stopwatch: { seconds: { fetch: 0.7, insert: 0.2 } } as unknown as Stopwatch,
    seconds: 1.5,
    metrics: { lookback_hours: 24, requests: 7 },
  });
}

test("an ok run: every counter of the source, found or not, each added up; nothing that did not happen", () => {
  const outcome = report(
    { counters: { events: 12 } },
    { counters: { orders: 2, sales_rows: 4, sales_daily_rows: 1 }, written: 5 },
    { counters: { orders: 1, sales_rows: 1, inventory_rows: 2 }, written: 3 },
  );
  expect(outcome).toMatchObject({ status: "ok", rowsProcessed: 8, alerts: [] });
  expect(outcome.message).toEqual({
    status: "ok",
    events: 12,
    orders: 3,
    sales_rows: 5,
    inventory_rows: 2,
    sales_daily_rows: 1,
    sales_utm_daily_rows: 0,
    clients_rows: 0,
  });
  expect(outcome.metrics).toMatchObject({
    sales_rows: 5,
    lookback_hours: 24,
    requests: 7,
    rows_processed: 8,
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
  const outcome = reportWith({ skipped });
  expect(outcome.status).toBe("ok");
  expect(outcome.message.skipped_resources).toHaveLength(51);
  expect((outcome.message.skipped_resources as unknown[]).at(-1)).toEqual({ and_more: 10 });
  const partial = report({ incomplete: [{ dataSet: "inventory", reason: "HTTP 503" }] });
  expect(partial.status).toBe("partial");
  expect(partial.message).toMatchObject({ status: "partial", degraded: ["inventory: HTTP 503"] });
  expect(partial.alerts).toEqual([
    { severity: "warning", code: "inventory_incomplete", message: "inventory: HTTP 503" },
  ]);
});

test("a failed run: status and code of an API error, class and text of others", () => {
  expect(failureOutcome(new ApiError("no", 503, "UNKNOWN_ERROR", true)).message).toEqual({
    status: "error",
    error: { message: "no", status: 503, code: "UNKNOWN_ERROR", request_id: null },
  });
  expect(failureOutcome(new ExpectedError("too many")).message).toEqual({
    status: "error",
    error: { error_type: "ExpectedError", message: "too many" },
  });
  expect(failureOutcome(new TypeError("a\n  b")).metrics).toEqual({
    error: "a b",
    error_details: { error_type: "TypeError", message: "a b" },
  });
  expect(failureOutcome("text").rowsProcessed).toBe(0);
});
