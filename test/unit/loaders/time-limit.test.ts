import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { startBudget, startTimeLimit } from "../../../loaders/core/time-limit";

const reason = () => new Error("too slow");

test("aborts with its reason when the time is up", async () => {
  const limit = startTimeLimit(1, reason);
  await expect.poll(() => limit.signal.aborted).toBe(true);
  expect(limit.signal.reason).toEqual(new Error("too slow"));
});

test("the outer signal stops it with its own reason, also when that has happened before", () => {
  const outer = new AbortController();
  const limit = startTimeLimit(60_000, reason, outer.signal);
  outer.abort(new Error("the run is over"));
  expect(limit.signal.reason).toEqual(new Error("the run is over"));
  limit.done();
  const late = startTimeLimit(60_000, reason, outer.signal);
  expect(late.signal.reason).toEqual(new Error("the run is over"));
  late.done();
});

test("what is done leaves nothing behind on the outer signal", () => {
  const outer = new AbortController();
  for (let round = 0; round < 3; round += 1) startTimeLimit(60_000, reason, outer.signal).done();
  expect(getEventListeners(outer.signal, "abort")).toEqual([]);
});

test("a share of the run names its part and its seconds", async () => {
  const limit = startBudget("discounts", 40);
  await expect.poll(() => limit.signal.aborted).toBe(true);
  expect((limit.signal.reason as Error).message).toBe("discounts used up its time budget (0 s).");
});
