import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Stopwatch } from "../../../loaders/core/stopwatch";

/** Keeps the processor busy for so many milliseconds. */
function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test("work that is done during a wait counts once, as that work", async () => {
  const stopwatch = new Stopwatch();
  const start = performance.now();
  const answer = sleep(20).then(() => stopwatch.time("rows", () => busy(30)));
  await stopwatch.wait("fetch", answer);
  const elapsed = (performance.now() - start) / 1000;
  const { fetch = 0, rows = 0 } = stopwatch.seconds;
  expect(rows).toBeGreaterThanOrEqual(0.03);
  expect(fetch).toBeGreaterThanOrEqual(0.018);
  expect(fetch + rows).toBeLessThanOrEqual(elapsed + 0.002);
});
