import { describe, expect, test } from "vitest";
import { z } from "zod";
import { counter, day, spend } from "../../../../loaders/vk-ads/records";
import { reasonOf } from "../../../../loaders/core/fields";

const row = z.object({ money: spend(), count: counter(), day: day() });
const GOOD = { money: "1.00", count: 1, day: "2030-01-01" };

function read(fields: object): unknown {
  const parsed = row.safeParse({ ...GOOD, ...fields });
  return parsed.success ? parsed.data : reasonOf(parsed.error);
}

describe("money, in kopecks", () => {
  test.each([
    ["19.99", 1999],
    [19.99, 1999],
    ["0.1", 10],
    ["0.2", 20],
    [0.1 + 0.2, 30],
    ["", 0],
    [null, 0],
    [undefined, 0],
    ["0", 0],
    ["-0.00", 0],
    ["1.005", 101],
    ["1.004999999", 100],
    ["0.995", 100],
    ["9999999999999.99", 999_999_999_999_999],
    [" 12.5 ", 1250],
  ])("%j is %j", (money, kopecks) => expect(read({ money })).toMatchObject({ money: kopecks }));

  test.each([
    "1 234,56",
    "1\u00a0234.56",
    "abc",
    "1e3",
    "0x10",
    ".5",
    "5.",
    "NaN",
    "1234567890123456789",
    1e21,
    true,
    [],
    {},
  ])("%j is put aside", (money) => expect(read({ money })).toBe("money: unreadable money"));
  test.each(["-1", -0.01])("%j is put aside", (money) =>
    expect(read({ money })).toBe("money: negative money"),
  );
});

describe("counters", () => {
  test.each([
    [undefined, 0],
    [null, 0],
    ["", 0],
    ["007", 7],
    [12.0, 12],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("%j is %j", (count, value) => expect(read({ count })).toMatchObject({ count: value }));
  test.each(["1.5", 1.5, "1e3", "abc", true, {}, 2 ** 53, "9007199254740993"])("%j is put aside", (count) =>
    expect(read({ count })).toBe("count: unreadable counter"),
  );
  test("negative is put aside", () => expect(read({ count: -1 })).toBe("count: negative counter"));
});

describe("days", () => {
  test("a leap day", () => expect(read({ day: "2028-02-29" })).toMatchObject({ day: "2028-02-29" }));
  test.each([
    "2030-02-29",
    "2030-13-01",
    "2030-1-1",
    "2030-01-01T00:00:00",
    "01.01.2030",
    "",
    null,
    undefined,
    20300101,
  ])("%j is put aside", (value) => expect(read({ day: value })).toBe("day: unreadable day"));
});
