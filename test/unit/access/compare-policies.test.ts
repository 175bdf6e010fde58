import { expect, it } from "vitest";
import { compareCollection } from "../../../warehouse/access/compare-policies";
import { HIDDEN } from "../../../warehouse/access/state";

const declared = { values: { url: "https://archive.example/", tries: "3" } };

it("takes a value that the server hides for the declared one, and compares the keys", () => {
  const hidden = { values: { url: HIDDEN, tries: HIDDEN } };
  expect(compareCollection("archive", declared, hidden)).toEqual([]);
  const found = compareCollection("archive", declared, { values: { url: HIDDEN, user: HIDDEN } });
  expect(found.flatMap(({ steps }) => steps.map(({ sql }) => sql))).toEqual([
    "ALTER NAMED COLLECTION archive SET tries = '3' DELETE user",
  ]);
});

it("puts no value into a sentence", () => {
  const other = { values: { url: "https://other.example/", tries: "3" } };
  expect(compareCollection("archive", declared, other).map(({ text }) => text)).toEqual([
    "the named collection archive has other values of url than declared",
  ]);
  expect(compareCollection("archive", declared, undefined).map(({ text }) => text)).toEqual([
    "the named collection archive is missing",
  ]);
});
