import { describe, expect, test } from "vitest";
import { eventDays, eventRow, openShows } from "../../../loaders/qtickets/event-rows";
import { reasonOf } from "../../../loaders/core/fields";
import { EVENT_FIELDS } from "../../../loaders/qtickets/schemas";
import { NOW, parseEvent, rawEvent, tryEvent } from "./samples";

const aliases = new Map([["казань", "казань"]]);
const shows = (rawEvent().shows as Record<string, unknown>[])[0] as Record<string, unknown>;
const withShows = (...changes: Record<string, unknown>[]) =>
  parseEvent(
    rawEvent({ shows: changes.map((change, index) => ({ ...shows, id: 6001 + index, ...change })) }),
  );

test("an event becomes this row", () => {
  expect(eventRow(parseEvent(rawEvent()), aliases)).toEqual({
    knownCity: true,
    row: {
      event_id: "5001",
      event_name: "Concert N",
      city: "казань",
      start_date: "2030-02-01",
      end_date: "2030-02-01",
      is_active: 1,
      is_deleted: 0,
      currency: "RUB",
      show_ids: ["6001"],
      _ver: Date.parse("2029-12-02T10:00:00+03:00"),
    },
  });
});

test("the fields asked for leave the seat maps out", () => {
  expect(EVENT_FIELDS).toContain("shows.finish_date");
  expect(EVENT_FIELDS.filter((field) => /scheme|prices|poster|description/.test(field))).toEqual([]);
});

test.each([
  [{ ru: "Концерт", en: "Concert" }, "Концерт"],
  [{ en: "", de: "Konzert" }, "Konzert"],
  ["  Two  blanks\u00a0", "Two blanks"],
  [null, ""],
])("the name %j is %j", (name, expected) => {
  expect(eventRow(parseEvent(rawEvent({ name })), aliases).row.event_name).toBe(expected);
});

test.each([
  [{ name: " КАЗАНЬ " }, "казань", true],
  ["Казань", "казань", true],
  [{ name: { ru: "Казань", en: "Kazan" } }, "казань", true],
  [{ name: "Тверь" }, "тверь", false],
  [null, "", true],
  [[], "", true],
])("the city %j is %j", (city, expected, known) => {
  const { row, knownCity } = eventRow(parseEvent(rawEvent({ city })), aliases);
  expect([row.city, knownCity]).toEqual([expected, known]);
});

describe("days and shows", () => {
  test("first and last day over the shows that are not deleted, in Moscow", () => {
    const event = withShows(
      { start_date: "2030-03-01T23:30:00+03:00", finish_date: "2030-03-02T01:00:00+03:00" },
      { start_date: "2030-01-05T00:30:00+07:00", finish_date: null },
      { start_date: "2029-01-01T00:00:00+03:00", deleted_at: "2029-12-31T00:00:00+03:00" },
    );
    expect(eventDays(event.shows)).toEqual({ start: "2030-01-04", end: "2030-03-02" });
    expect(eventDays([])).toEqual({ start: null, end: null });
  });

  test("a deleted event keeps its row and its deleted shows, and takes no part in inventory", () => {
    const event = parseEvent(rawEvent({ deleted_at: "2030-01-20T00:00:00+03:00", is_active: "0" }));
    expect(eventRow(event, aliases).row).toMatchObject({ is_deleted: 1, is_active: 0, show_ids: ["6001"] });
    expect(openShows(event, NOW)).toEqual([]);
  });

  test("open: not deleted, active, its finish still to come", () => {
    const event = withShows(
      {},
      { is_active: 0 },
      { deleted_at: "2030-01-01T00:00:00+03:00" },
      { finish_date: "2030-02-01T00:00:00+03:00" },
      { finish_date: null },
      { is_active: true, finish_date: "2030-02-01T00:00:01+03:00" },
    );
    expect(openShows(event, NOW).map(({ id }) => id)).toEqual(["6001", "6006"]);
  });

  test("shows may be a map, an empty list or missing", () => {
    expect(parseEvent(rawEvent({ shows: { a: shows } })).shows).toHaveLength(1);
    expect(parseEvent(rawEvent({ shows: [] })).shows).toEqual([]);
    expect(parseEvent(rawEvent({ shows: null })).shows).toEqual([]);
  });
});

test.each([
  [{ id: null }, "id: missing"],
  [{ is_active: undefined }, "is_active: missing"],
  [{ shows: "x" }, "shows: not a list"],
  [{ shows: [{ ...shows, id: "x" }] }, "shows.id: unreadable id"],
])("%j is put aside", (change, reason) => {
  const parsed = tryEvent(rawEvent(change));
  expect(parsed.error && reasonOf(parsed.error)).toBe(reason);
});
