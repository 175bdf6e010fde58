import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  advance,
  book as bookSchema,
  EMPTY_BOOK,
  keyOf,
  type Book,
  type Event,
  type Trouble,
} from "../../../alerts/incidents";

/** The life of incidents, without rules, channels or a server. */
const MINUTE = 60_000;
const COOLDOWN = 60 * MINUTE;
const NOON = Date.UTC(2030, 0, 31, 9);

function trouble(subject: string, more: Partial<Trouble> = {}): Trouble {
  const base = { rule: "disk", severity: "error" as const, sentence: `${subject} is full.` };
  return { ...base, command: "npx zakaz status", subject, ...more };
}

/** Rounds one after the other, each with what it finds; `unasked`: rules that were not asked. */
class Life {
  book: Book = EMPTY_BOOK;
  readonly told: string[] = [];

  round(now: number, found: Trouble[], unasked: string[] = []): Event[] {
    const isJudged = ({ rule }: { rule: string }) => !unasked.includes(rule);
    const { book, events } = advance(this.book, found, { now, cooldownMs: COOLDOWN, isJudged });
    // What a restart would read.
    this.book = bookSchema.parse(JSON.parse(JSON.stringify(book)));
    this.told.push(...events.map(({ kind, incident }) => `${kind} ${keyOf(incident)}`));
    return events;
  }
}

describe("an incident", () => {
  it("is told once, however long it lasts, and its end once", () => {
    const life = new Life();
    for (let minute = 0; minute < 300; minute += 1) life.round(NOON + minute * MINUTE, [trouble("data")]);
    life.round(NOON + 300 * MINUTE, []);
    life.round(NOON + 301 * MINUTE, []);
    expect(life.told).toEqual(["alert disk data", "recovered disk data"]);
    expect(life.book.incidents).toEqual([]);
  });

  it("begins when its rule says, or when it was first seen, and keeps its identity to the end", () => {
    const life = new Life();
    const [first] = life.round(NOON, [trouble("data", { since: NOON - 5 * MINUTE }), trouble("logs")]);
    expect(first?.incident.since).toBe(NOON - 5 * MINUTE);
    expect(life.book.incidents[1]?.since).toBe(NOON);
    const [end] = life.round(NOON + MINUTE, [trouble("logs")]);
    expect(end).toEqual({ kind: "recovered", incident: first?.incident, at: NOON + MINUTE });
  });

  it("is told after it was seen long enough, and not at all when it goes before", () => {
    const life = new Life();
    const slow = trouble("clickhouse", { rule: "server", holdMs: 2 * MINUTE });
    life.round(NOON, [slow]);
    life.round(NOON + MINUTE, [slow]);
    life.round(NOON + 90_000, []);
    expect(life.told).toEqual([]);
    for (const minute of [2, 3, 4, 5]) life.round(NOON + minute * MINUTE, [slow]);
    expect(life.told).toEqual(["alert server clickhouse"]);
  });

  it("that comes back within the cooldown is told when that is over, if it is still there", () => {
    const life = new Life();
    life.round(NOON, [trouble("data")]);
    life.round(NOON + 5 * MINUTE, []);
    for (const minute of [10, 20, 59]) life.round(NOON + minute * MINUTE, [trouble("data")]);
    expect(life.told).toEqual(["alert disk data", "recovered disk data"]);
    const [again] = life.round(NOON + 60 * MINUTE, [trouble("data")]);
    expect(again?.incident.since).toBe(NOON + 10 * MINUTE);
    expect(life.told.at(-1)).toBe("alert disk data");
  });

  it("that comes and goes within the cooldown is not told again", () => {
    const life = new Life();
    life.round(NOON, [trouble("data")]);
    for (let minute = 1; minute < 59; minute += 1) {
      life.round(NOON + minute * MINUTE, minute % 2 === 0 ? [trouble("data")] : []);
    }
    life.round(NOON + 59 * MINUTE, []);
    life.round(NOON + 120 * MINUTE, []);
    expect(life.told).toEqual(["alert disk data", "recovered disk data"]);
  });

  it("stays as it is while its rule is not asked", () => {
    const life = new Life();
    life.round(NOON, [trouble("data")]);
    life.round(NOON + MINUTE, [], ["disk"]);
    expect(life.told).toEqual(["alert disk data"]);
    life.round(NOON + 2 * MINUTE, []);
    expect(life.told).toEqual(["alert disk data", "recovered disk data"]);
  });

  it("is not put off by a clock that is set back", () => {
    const life = new Life();
    const slow = trouble("data", { holdMs: 2 * MINUTE });
    life.round(NOON, [slow]);
    const before = NOON - 24 * 60 * MINUTE;
    for (const minute of [0, 1, 2]) life.round(before + minute * MINUTE, [slow]);
    expect(life.told).toEqual(["alert disk data"]);
    life.round(before + 3 * MINUTE, []);
    life.round(before - 24 * 60 * MINUTE, [slow]);
    for (const minute of [58, 61]) life.round(before - (24 * 60 - minute) * MINUTE, [slow]);
    expect(life.told).toEqual(["alert disk data", "recovered disk data", "alert disk data"]);
  });
});

describe("any history of incidents", () => {
  const subjects = ["a", "b", "c"];
  const round = fc.record({
    found: fc.subarray(subjects),
    /** The rules of these subjects are not asked, so nothing is found of them. */
    unasked: fc.subarray(subjects),
    minutes: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -600, max: 600 })),
    holdMinutes: fc.constantFrom(0, 0, 3),
  });

  it("has one alert and then one recovery per incident, and no two alerts of a kind within the cooldown", () => {
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 60 }), (rounds) => {
        const life = new Life();
        const events: Event[] = [];
        let now = NOON;
        const lastAlert = new Map<string, number>();
        const step = (found: string[], unasked: string[], holdMinutes: number) => {
          const troubles = found
            .filter((subject) => !unasked.includes(subject))
            .map((subject) => trouble(subject, { rule: subject, holdMs: holdMinutes * MINUTE }));
          for (const event of life.round(now, troubles, unasked)) {
            events.push(event);
            if (event.kind !== "alert") continue;
            const before = lastAlert.get(keyOf(event.incident));
            if (before !== undefined) expect(now - before).toBeGreaterThanOrEqual(COOLDOWN);
            lastAlert.set(keyOf(event.incident), now);
          }
        };
        for (const { found, unasked, minutes, holdMinutes } of rounds) {
          now += minutes * MINUTE;
          // Across a clock that was set back there is no distance.
          if (minutes < 0) lastAlert.clear();
          step(found, unasked, holdMinutes);
        }
        now += MINUTE;
        step([], [], 0);

        expect(life.book.incidents).toEqual([]);
        const byId = new Map<string, string[]>();
        for (const { kind, incident } of events)
          byId.set(incident.id, [...(byId.get(incident.id) ?? []), kind]);
        for (const kinds of byId.values()) expect(kinds).toEqual(["alert", "recovered"]);
        for (const subject of subjects) {
          const kinds = events.filter(({ incident }) => incident.subject === subject).map(({ kind }) => kind);
          kinds.forEach((kind, i) => expect(kind).toBe(i % 2 === 0 ? "alert" : "recovered"));
        }
      }),
    );
  });
});
