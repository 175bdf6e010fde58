import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  EVERYTHING,
  filterTime,
  newestDays,
  parseTimestampFlag,
  chooseWindow,
  type WindowInput,
} from "../../../loaders/qtickets/windows";
import { moscowMidnight } from "../../../loaders/core/values";

const at = (text: string) => Date.parse(text);
const NOW = at("2030-02-10T12:30:00+03:00");
const HOUR = 3_600_000;

const input = (change: Partial<WindowInput> = {}): WindowInput => ({
  now: NOW,
  sinceHours: 24,
  backfillHours: 720,
  overlapMinutes: 60,
  offline: false,
  asked: { full: false },
  history: {
    hadOkRun: true,
    readUntil: at("2030-02-10T12:00:00+03:00"),
    oldestRead: undefined,
    readFrom: at("2030-01-01T00:00:00+03:00"),
    target: undefined,
  },
  ...change,
});

describe("the first run", () => {
  const none = {
    hadOkRun: false,
    readUntil: undefined,
    oldestRead: undefined,
    readFrom: undefined,
    target: undefined,
  };

  test("reads the backfill from midnight in Moscow, and nothing by change", () => {
    expect(chooseWindow(input({ history: none }))).toEqual({
      mode: "backfill",
      paid: { start: at("2030-01-11T00:00:00+03:00"), end: NOW },
      older: null,
      changedSince: null,
      readFrom: at("2030-01-11T00:00:00+03:00"),
      advances: true,
    });
  });

  test("takes the longer of the two windows; a backfill of 0 is none", () => {
    expect(chooseWindow(input({ history: none, sinceHours: 1000 })).paid?.start).toBe(
      at("2029-12-30T00:00:00+03:00"),
    );
    expect(chooseWindow(input({ history: none, backfillHours: 0 })).paid?.start).toBe(
      at("2030-02-09T00:00:00+03:00"),
    );
  });

  test("reads changes too where earlier runs have left orders: since the watermark, else since the oldest order", () => {
    const failed = { ...none, oldestRead: at("2030-01-20T08:00:00+03:00") };
    expect(chooseWindow(input({ history: failed })).changedSince).toBe(failed.oldestRead);
    const partial = { ...failed, readUntil: at("2030-02-10T12:00:00+03:00") };
    expect(chooseWindow(input({ history: partial })).changedSince).toBe(at("2030-02-10T11:00:00+03:00"));
  });

  test("is also one after error rows only, and where the watermark is lost", () => {
    expect(chooseWindow(input({ history: { ...input().history, hadOkRun: false } })).mode).toBe("backfill");
    expect(chooseWindow(input({ history: { ...input().history, readUntil: undefined } })).mode).toBe(
      "backfill",
    );
  });
});

describe("later runs", () => {
  test("read the normal window, and changes from the watermark with overlap", () => {
    expect(chooseWindow(input())).toEqual({
      mode: "incremental",
      paid: { start: NOW - 24 * HOUR, end: NOW },
      older: null,
      changedSince: at("2030-02-10T11:00:00+03:00"),
      readFrom: at("2030-01-01T00:00:00+03:00"),
      advances: true,
    });
  });

  test("after a long pause the window begins at the watermark", () => {
    const readUntil = at("2030-02-05T00:00:00+03:00");
    const chosen = chooseWindow(input({ history: { ...input().history, readUntil } }));
    expect(chosen.paid?.start).toBe(readUntil - HOUR);
    expect(chosen.changedSince).toBe(readUntil - HOUR);
  });

  test("hours given by hand win, and open new history at midnight", () => {
    expect(chooseWindow(input({ asked: { full: false, sinceHours: 2 } })).paid?.start).toBe(NOW - 2 * HOUR);
    const wide = chooseWindow(input({ asked: { full: false, sinceHours: 24 * 60 } }));
    expect(wide.paid?.start).toBe(at("2029-12-12T00:00:00+03:00"));
    expect(wide.readFrom).toBe(at("2029-12-12T00:00:00+03:00"));
  });

  test("a watermark ahead of the clock is no gap", () => {
    const chosen = chooseWindow(input({ history: { ...input().history, readUntil: NOW + 5 * HOUR } }));
    expect(chosen.changedSince).toBe(NOW - HOUR);
  });
});

describe("a first load that has not got back to its target", () => {
  const target = at("2029-12-20T00:00:00+03:00");
  const readFrom = at("2030-01-01T00:00:00+03:00");
  const history = { ...input().history, hadOkRun: false, readFrom, target };

  test("goes on with the days before those it has read, beside the normal window", () => {
    expect(chooseWindow(input({ history }))).toEqual({
      mode: "backfill",
      paid: { start: NOW - 24 * HOUR, end: NOW },
      older: { start: target, end: readFrom },
      changedSince: at("2030-02-10T11:00:00+03:00"),
      readFrom,
      advances: true,
    });
  });

  test("goes on also when a run by hand was ok meanwhile, and not when that run has read all of it", () => {
    expect(chooseWindow(input({ history: { ...history, hadOkRun: true } })).older).toEqual({
      start: target,
      end: readFrom,
    });
    expect(chooseWindow(input({ history: { ...history, readFrom: target } }))).toMatchObject({
      mode: "backfill",
      older: null,
      paid: { start: at("2030-01-11T00:00:00+03:00") },
    });
    const wide = chooseWindow(input({ history, asked: { full: false, sinceHours: 24 * 60 } }));
    expect(wide).toMatchObject({ older: null, paid: { start: at("2029-12-12T00:00:00+03:00") } });
  });

  test("starts again where the watermark is lost", () => {
    const chosen = chooseWindow(input({ history: { ...history, readUntil: undefined } }));
    expect(chosen).toMatchObject({ mode: "backfill", older: null, paid: { end: NOW } });
  });
});

describe("the newest days of a span", () => {
  const span = { start: at("2030-01-01T00:00:00+03:00"), end: at("2030-01-11T00:00:00+03:00") };

  test("are the whole span when it has few enough", () => {
    expect(newestDays(span, 100, 100)).toEqual(span);
  });

  test("are as many whole days as have about so many", () => {
    expect(newestDays(span, 1000, 250)).toEqual({ start: at("2030-01-08T00:00:00+03:00"), end: span.end });
    expect(newestDays({ ...span, end: at("2030-01-10T12:30:00+03:00") }, 1000, 250).start).toBe(
      at("2030-01-08T00:00:00+03:00"),
    );
  });

  test("are one day at least, and a day is never parted", () => {
    const day = { start: at("2030-01-10T00:00:00+03:00"), end: span.end };
    expect(newestDays(span, 1_000_000, 1)).toEqual(day);
    expect(newestDays(day, 1_000_000, 1)).toEqual(day);
  });

  test("whatever the span: later than its start or all of it, at a midnight, before its end", () => {
    fc.assert(
      fc.property(
        fc.nat(400 * 24),
        fc.integer({ min: 1, max: 24 * 90 }),
        fc.nat(1e6),
        fc.integer({ min: 1, max: 1e5 }),
        (from, hours, total, wanted) => {
          const start = span.start + from * HOUR;
          const whole = { start, end: start + hours * HOUR };
          const part = newestDays(whole, total, wanted);
          expect(part.end).toBe(whole.end);
          expect(part.start).toBeGreaterThanOrEqual(whole.start);
          expect(part.start).toBeLessThan(whole.end);
          if (part.start !== whole.start) expect(moscowMidnight(part.start)).toBe(part.start);
        },
      ),
    );
  });
});

describe("by hand", () => {
  test("a window is read as asked and moves nothing", () => {
    const asked = {
      full: false,
      since: at("2029-06-01T00:00:00+03:00"),
      until: at("2029-07-01T00:00:00+03:00"),
    };
    expect(chooseWindow(input({ asked }))).toEqual({
      mode: "window",
      paid: { start: asked.since, end: asked.until },
      older: null,
      changedSince: null,
      readFrom: input().history.readFrom,
      advances: false,
    });
    expect(chooseWindow(input({ asked: { full: false, since: asked.since } })).paid?.end).toBe(NOW);
    expect(chooseWindow(input({ asked: { full: false, until: asked.until } })).paid?.start).toBe(EVERYTHING);
  });

  test("full reads everything and advances; files read everything and do not", () => {
    expect(chooseWindow(input({ asked: { full: true } }))).toMatchObject({
      mode: "full",
      paid: null,
      advances: true,
    });
    expect(chooseWindow(input({ offline: true }))).toMatchObject({
      mode: "offline",
      paid: null,
      advances: false,
    });
  });

  test("timestamps are days or ISO, in Moscow", () => {
    expect(parseTimestampFlag("2030-01-31", "--since")).toBe(at("2030-01-31T00:00:00+03:00"));
    expect(parseTimestampFlag("2030-01-31T12:00:00+07:00", "--since")).toBe(at("2030-01-31T12:00:00+07:00"));
    for (const text of ["31.01.2030", "2030-13-01", "12:00", ""]) {
      expect(() => parseTimestampFlag(text, "--until")).toThrow("--until must be a day");
    }
  });
});

test("filter times have seconds and a colon in the offset", () => {
  expect(filterTime(NOW, "Europe/Moscow")).toBe("2030-02-10T12:30:00+03:00");
  expect(filterTime(NOW, "UTC")).toBe("2030-02-10T09:30:00+00:00");
});

test("windows are elapsed time, also across a change of clocks", () => {
  // Berlin set its clocks forward on 2030-03-31; the zone only spells the values.
  const now = at("2030-03-31T12:00:00+02:00");
  const chosen = chooseWindow(input({ now, history: { ...input().history, readUntil: now } }));
  expect((chosen.paid?.end ?? 0) - (chosen.paid?.start ?? 0)).toBe(24 * HOUR);
  expect(filterTime(chosen.paid?.start ?? 0, "Europe/Berlin")).toBe("2030-03-30T11:00:00+01:00");
});
