import { describe, expect, test } from "vitest";
import { anonymise, FIXTURE_DAY, FLAG, NUMBER, type KnownFields } from "../../../loaders/pipeline/fixture";

const FIELDS: KnownFields = {
  id: "id",
  event_id: "id",
  related: "id",
  at: "time",
  price: NUMBER,
  payed: FLAG,
  currency: /^[A-Z]{3}$/,
  rows: "hidden",
  name: "hidden",
  link: (text, hide) => `https://example.test/?q=${hide(text)}`,
};
/** Five days before the day of fixtures. */
const NOW = Date.parse("2030-01-10T12:00:00+03:00");
const shown = (answer: unknown): unknown => anonymise({ answer }, FIELDS, NOW).answer;

test("ids are numbered in their order, alike wherever they stand, and keep their type", () => {
  expect(
    shown({
      rows: [
        { id: 900, event_id: "31", related: [900, 7] },
        { id: 7, event_id: 31 },
      ],
    }),
  ).toEqual({
    rows: [
      { id: 3, event_id: "2", related: [3, 1] },
      { id: 1, event_id: 2 },
    ],
  });
});

describe("times are moved by whole days and keep clock, offset and form", () => {
  test.each([
    ["2030-01-10T23:59:59+03:00", "2030-01-15T23:59:59+03:00"],
    ["2029-12-31 10:00:00", "2030-01-05 10:00:00"],
    ["2030-01-10T10:00:00.123456Z", "2030-01-15T10:00:00.123456Z"],
    ["2030-02-26", "2030-03-03"],
    ["10.01.2030 12:00", "15.01.2030 12:00"],
    ["9999-12-31T23:59:59+03:00", "9999-12-31T23:59:59+03:00"],
    ["2030-02-31", "text-1"],
    ["10 January, at Anna's", "text-1"],
    ["", ""],
  ])("%j", (given, wanted) => expect(shown({ at: given })).toEqual({ at: wanted }));

  test("the day on which it was taken is that of every fixture", () => {
    expect(
      anonymise({ answer: { at: "2031-07-04" } }, FIELDS, Date.parse("2031-07-04T00:00:00+03:00")),
    ).toEqual({
      answer: { at: FIXTURE_DAY },
    });
  });
});

test("of everything else only what is allowed stays", () => {
  const answer = {
    rows: [
      { price: 12.5, payed: 1, currency: "RUB", name: "Anna", link: "https://anna.example" },
      { price: "1200,50", payed: "Anna", currency: "Anna", name: { ru: "Anna", en: "" }, at: 79_111_112_233 },
      { price: "+7 911 111-22-33", custom: { Anna: ["Anna", 79_111_112_233, true, null] }, id: "Anna" },
    ],
    "anna@example.test": "Anna",
    __proto__x: 1,
  };
  expect(shown(answer)).toEqual({
    rows: [
      { price: 12.5, payed: 1, currency: "RUB", name: "text-1", link: "https://example.test/?q=text-2" },
      {
        price: "1200,50",
        payed: "text-1",
        currency: "text-1",
        name: { "text-3": "text-1", "text-4": "" },
        at: 0,
      },
      { price: "text-5", "text-6": { "text-1": ["text-1", 0, true, null] }, id: "text-1" },
    ],
    "text-7": "text-1",
    "text-8": 0,
  });
  expect(JSON.stringify(shown(answer))).not.toMatch(/anna|911/i);
});

test("names that every object has are no known fields", () => {
  expect(shown(JSON.parse('{"constructor":"Anna","__proto__":{"toString":"Anna"}}'))).toEqual({
    "text-1": "text-2",
    "text-3": { "text-4": "text-2" },
  });
});
