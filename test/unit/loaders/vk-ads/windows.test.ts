import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays } from "../../../../loaders/core/days";
import { chooseDays, splitDays } from "../../../../loaders/vk-ads/windows";

const at = (text: string) => Date.parse(text);

describe("the days of a run", () => {
  test.each([
    ["2026-03-10T12:00:00+03:00", {}, 30, { from: "2026-02-08", to: "2026-03-09" }],
    ["2026-03-10T00:00:00+03:00", {}, 3, { from: "2026-03-07", to: "2026-03-09" }],
    ["2026-03-09T23:59:59+03:00", {}, 3, { from: "2026-03-06", to: "2026-03-08" }],
    ["2026-03-09T21:00:00Z", {}, 3, { from: "2026-03-07", to: "2026-03-09" }],
    ["2027-01-01T00:30:00+03:00", {}, 3, { from: "2026-12-29", to: "2026-12-31" }],
    ["2028-03-01T01:00:00+03:00", {}, 3, { from: "2028-02-27", to: "2028-02-29" }],
    ["2026-03-10T12:00:00+03:00", { to: "2026-02-01" }, 3, { from: "2026-01-30", to: "2026-02-01" }],
    ["2026-03-10T12:00:00+03:00", { from: "2026-03-01" }, 30, { from: "2026-03-01", to: "2026-03-09" }],
    [
      "2026-03-10T12:00:00+03:00",
      { from: "2026-03-10", to: "2026-03-10" },
      30,
      { from: "2026-03-10", to: "2026-03-10" },
    ],
  ])("at %s, asked for %j, %i days back: %j", (now, asked, back, days) => {
    expect(chooseDays(asked, back, at(now))).toEqual(days);
  });

  test.each([
    [{ to: "2026-03-11" }, "--to must not be after today (2026-03-10)"],
    [{ from: "2026-03-10" }, "--from (2026-03-10) must not be after --to (2026-03-09)"],
    [{ from: "2026-03-02", to: "2026-03-01" }, "--from (2026-03-02) must not be after --to (2026-03-01)"],
  ])("%j is refused: %s", (asked, message) => {
    expect(() => chooseDays(asked, 30, at("2026-03-10T12:00:00+03:00"))).toThrow(message);
  });

  test("are cut without gap or overlap", () => {
    const day = fc.integer({ min: 0, max: 4000 }).map((days) => addDays("2020-01-01", days));
    fc.assert(
      fc.property(
        day,
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 90 }),
        (from, more, length) => {
          const to = addDays(from, more);
          const pieces = splitDays({ from, to }, length);
          expect(pieces[0]?.from).toBe(from);
          expect(pieces.at(-1)?.to).toBe(to);
          for (const [index, piece] of pieces.entries()) {
            expect(piece.from <= piece.to && piece.to <= addDays(piece.from, length - 1)).toBe(true);
            if (index > 0) expect(piece.from).toBe(addDays(pieces[index - 1]?.to ?? "", 1));
          }
        },
      ),
      { seed: 16 },
    );
  });
});
