import { expect, it } from "vitest";
import { asLoader, probe } from "../../../warehouse/queries";

it("a tag leaves the text of a statement as it is without one", () => {
  const table = "dim_events";
  expect(asLoader`SELECT '\t', ${1} FROM ${table} LIMIT ${2}`).toBe(
    `SELECT '\t', ${1} FROM ${table} LIMIT ${2}`,
  );
  expect(asLoader`${table}`).toBe(table);
  expect(probe`SELECT 1`).toBe("SELECT 1");
});
