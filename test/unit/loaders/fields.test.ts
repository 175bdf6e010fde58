import { expect, test } from "vitest";
import { readId, readIds, readText } from "../../../loaders/core/fields";
import { BadValue } from "../../../loaders/core/values";

test("an id is exact or refused", () => {
  expect(readId(9_007_199_254_740_991)).toBe("9007199254740991");
  expect(readId("9007199254740993")).toBe("9007199254740993");
  expect(readId(" 18446744073709551615 ")).toBe("18446744073709551615");
  const [one, other] = JSON.parse("[9007199254740992, 9007199254740993]") as [number, number];
  expect(one).toBe(other);
  for (const id of [one, other, -1, 1.5, "1.5", "x", {}]) {
    expect(() => readId(id)).toThrow(new BadValue("unreadable id"));
  }
  for (const id of [null, undefined]) expect(() => readId(id)).toThrow(new BadValue("missing"));
});

test("in a list of objects, ids that are not exact are left out", () => {
  const rows = JSON.parse('[{"id":1},{"id":9007199254740993},{"id":"9007199254740993"},{}]') as unknown;
  expect(readIds(rows)).toEqual(["1", "9007199254740993"]);
});

test("a number is its text as long as JSON holds it exactly", () => {
  expect([readText(12.5), readText(" a "), readText(null)]).toEqual(["12.5", "a", ""]);
  expect(() => readText(2 ** 53)).toThrow(new BadValue("number too large to be exact"));
});
