import { describe, expect, it } from "vitest";
import { missedSlots } from "../../../ops/status/schedules";
import { parseTimetable } from "../../../schedule/timetable";

const MINUTE = 60_000;
const NOON = Date.UTC(2030, 0, 15, 9);
const timetable = parseTimetable("*/30 * * * *");
const at = (...minutes: number[]) => minutes.map((minute) => NOON + minute * MINUTE);

describe("slots that were missed", () => {
  it.each([
    ["none before the first is over", 1, 59, [], { due: 0, missed: 0 }],
    ["all without a run", 1, 121, [], { due: 3, missed: 3 }],
    ["none with a run each, however late", 1, 121, [31, 75, 119], { due: 3, missed: 0 }],
    ["those that one run made up for", 1, 121, [31, 91], { due: 3, missed: 1 }],
    ["none for a load by hand in their time", 1, 91, [31, 62, 64], { due: 2, missed: 0 }],
  ])("%s", (_, since, until, runs, counted) => {
    const [from, to] = at(since, until);
    expect(missedSlots(timetable, { since: from!, until: to! }, at(...runs))).toEqual(counted);
  });
});
