import { describe, expect, test } from "vitest";
import { ExpectedError, StoppedError } from "../../../loaders/core/errors";
import { API_RETRY, backoff, retry, retryAfterMs, TRANSIENT_STATUSES } from "../../../loaders/core/retry";
import { fakeClock } from "./fake-clock";

const again = () => ({ again: true }) as const;

test("exactly these answers are tried again", () => {
  const all = Array.from({ length: 500 }, (_, index) => index + 100);
  expect(all.filter((status) => TRANSIENT_STATUSES.has(status))).toEqual([408, 425, 429, 500, 502, 503, 504]);
});

test("waits grow, have chance in them and end at the longest", () => {
  const most = [1, 2, 3, 4, 5, 6, 7].map((attempt) => backoff(API_RETRY, attempt, 1));
  const least = [1, 2, 3, 4, 5, 6, 7].map((attempt) => backoff(API_RETRY, attempt, 0));
  expect(most).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(least).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

describe("retry", () => {
  const failing = (times: number) => {
    let calls = 0;
    return {
      calls: () => calls,
      run: () => {
        calls += 1;
        return calls <= times ? Promise.reject(new Error(`no ${calls}`)) : Promise.resolve("done");
      },
    };
  };

  test("goes on until it works", async () => {
    const clock = fakeClock();
    const operation = failing(3);
    const result = await retry(operation.run, { table: API_RETRY, clock, deadline: 1e9, classify: again });
    expect(result).toBe("done");
    expect(clock.slept).toEqual([1000, 2000, 4000]);
  });

  test("ends with the last failure after the last try", async () => {
    const operation = failing(99);
    const options = { table: API_RETRY, clock: fakeClock(), deadline: 1e9, classify: again };
    await expect(retry(operation.run, options)).rejects.toThrow("no 5");
    expect(operation.calls()).toBe(5);
  });

  test("does not repeat what is final", async () => {
    const operation = failing(99);
    const clock = fakeClock();
    const options = { table: API_RETRY, clock, deadline: 1e9, classify: () => ({ again: false }) as const };
    await expect(retry(operation.run, options)).rejects.toThrow("no 1");
    expect(operation.calls()).toBe(1);
    expect(clock.slept).toEqual([]);
  });

  test("waits as long as the server asks, if that is longer", async () => {
    const clock = fakeClock();
    const options = {
      table: API_RETRY,
      clock,
      deadline: 1e9,
      classify: () => ({ again: true, waitMs: 1500 }) as const,
    };
    await retry(failing(2).run, options);
    expect(clock.slept).toEqual([1500, 2000]);
  });

  test("stops at once when the wait would pass the deadline", async () => {
    const clock = fakeClock(100);
    const options = {
      table: API_RETRY,
      clock,
      deadline: 5000,
      classify: () => ({ again: true, waitMs: 3_600_000 }) as const,
    };
    const error = await retry(failing(1).run, options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ExpectedError);
    expect((error as Error).message).toContain("3600 s");
    expect(clock.slept).toEqual([]);
  });

  test("ends with the signal's reason when it is stopped", async () => {
    const stop = new AbortController();
    const clock = fakeClock();
    const options = { table: API_RETRY, clock, deadline: 1e9, classify: again, signal: stop.signal };
    const operation = () => {
      stop.abort(new StoppedError("enough"));
      return Promise.reject(new Error("torn"));
    };
    await expect(retry(operation, options)).rejects.toThrow("enough");
  });
});

test("two that fail together do not come back together", () => {
  const waits = Array.from({ length: 50 }, () => backoff(API_RETRY, 3, Math.random()));
  expect(new Set(waits).size).toBeGreaterThan(40);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(2000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(4000);
});

test("the waits of all tries together stay within half a minute, so that a run has time for another request", () => {
  const waits = [1, 2, 3, 4].map((attempt) => backoff(API_RETRY, attempt, 1));
  expect(waits.reduce((sum, wait) => sum + wait)).toBeLessThanOrEqual(30_000);
});

test("Retry-After in both forms", () => {
  const now = Date.UTC(2030, 0, 1);
  expect(retryAfterMs(undefined, now)).toBeUndefined();
  expect(retryAfterMs("7", now)).toBe(7000);
  expect(retryAfterMs("Tue, 01 Jan 2030 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfterMs("Mon, 31 Dec 2029 00:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("Tuesday, 01-Jan-30 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfterMs(" 12 ", now)).toBe(12_000);
  expect(retryAfterMs("0", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs("", now)).toBeUndefined();
});
