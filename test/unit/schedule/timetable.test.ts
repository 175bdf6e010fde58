import { describe, expect, test } from "vitest";
import { moscowTime, parseSpan, parseTimetable, shortestGap } from "../../../schedule/timetable";

const at = (text: string): number => Date.parse(`${text}+03:00`);
const show = (ms: number): string => moscowTime(ms).slice(0, 16);

describe("a timetable", () => {
  test.each([
    ["*/30 * * * *", "2030-01-15T12:00:00", "2030-01-15 12:00", "2030-01-15 12:30"],
    ["*/30 * * * *", "2030-01-15T11:59:59.999", "2030-01-15 11:30", "2030-01-15 12:00"],
    ["30 0,7 * * *", "2030-01-15T12:00:00", "2030-01-15 07:30", "2030-01-16 00:30"],
    ["30 0,7 * * *", "2030-01-15T00:10:00", "2030-01-14 07:30", "2030-01-15 00:30"],
    ["0 9 * * 1", "2030-01-15T12:00:00", "2030-01-14 09:00", "2030-01-21 09:00"],
    ["every 45m", "2030-01-15T12:00:00", "2030-01-15 12:00", "2030-01-15 12:45"],
    ["every 24h", "2030-01-15T12:00:00", "2030-01-15 00:00", "2030-01-16 00:00"],
  ])("%s, asked at %s in Moscow", (text, time, latest, next) => {
    const timetable = parseTimetable(text);
    expect([show(timetable.latest(at(time))), show(timetable.next(at(time)))]).toEqual([latest, next]);
  });

  test.each([
    ["30 0,7 * * *", 7 * 3600],
    ["*/30 * * * *", 1800],
    ["*/7 * * * *", 240],
    ["every 90s", 90],
  ])("%s has slots at least so many seconds apart", (text, seconds) => {
    expect(shortestGap(parseTimetable(text))).toBe(seconds * 1000);
  });

  test.each([
    "",
    "* * *",
    "61 * * * *",
    "0 30 * * * *",
    "daily",
    "every",
    "every day",
    "every 0m",
    "0 0 30 2 *",
  ])("%j is none", (text) => {
    expect(() => parseTimetable(text)).toThrow(`\`${text}\``);
  });
});

test("a span is seconds, minutes or hours", () => {
  expect(["90s", "25m", "2h"].map(parseSpan)).toEqual([90_000, 1_500_000, 7_200_000]);
  for (const text of ["", "5", "1d", "-1s", "1.5h"])
    expect(() => parseSpan(text)).toThrow("must look like 90s, 25m or 2h");
});
