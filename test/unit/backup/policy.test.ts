import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContents, withoutKeys } from "../../../backup/contents";
import { nameOf, readName } from "../../../warehouse/backup/backup";
import {
  isFresh,
  nextBackup,
  policy,
  prune,
  reachableRpoHours,
  restorable,
  rpoProblem,
  type Candidate,
  type Pruned,
} from "../../../warehouse/backup/policy";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.parse("2030-01-01T00:00:00Z");
const USUAL = policy.parse({});

function backup(startedAt: number, base = "", state: Candidate["state"] = "whole"): Candidate {
  const kind = base === "" ? "full" : "incr";
  return {
    name: nameOf(startedAt, kind),
    kind,
    base,
    startedAt,
    state,
    why: state === "whole" ? "" : "a file is missing",
  };
}

/** What one day does, beside falling due. */
type Day = "ok" | "fails" | "is left half" | "one vanishes" | "one is damaged";

interface Told extends Pruned {
  day: number;
}

/** Days in fast time: a backup falls due at each, whatever happens to the others; the policy alone deletes. */
function live(days: readonly { what: Day; which: number }[], rules = USUAL) {
  let there: Candidate[] = [];
  const told: Told[] = [];
  for (const [day, { what, which }] of days.entries()) {
    const now = START + day * DAY;
    const hit = there[which % Math.max(1, there.length)];
    if (what === "one vanishes") there = there.filter((one) => one !== hit);
    if (what === "one is damaged" && hit)
      there = there.map((one) => (one === hit ? { ...one, state: "damaged", why: "a byte" } : one));
    const { base } = nextBackup(there, now, rules);
    if (what === "is left half") there.push({ ...backup(now, base, "unfinished"), base: "" });
    else if (what !== "fails") {
      there.push(backup(now, base));
      const [before] = restorable(there);
      const young = restorable(there).filter(
        ({ kind, startedAt }) =>
          now - startedAt < DAY * (kind === "full" ? rules.keepFullDays : rules.keepIncrementalDays),
      );
      const gone = prune(there, now, rules);
      told.push(...gone.map((one) => ({ ...one, day })));
      there = there.filter(({ name }) => !gone.some((one) => one.name === name));
      // What could be restored last can be restored after pruning, and is the backup just made.
      expect(restorable(there)[0]).toEqual(before);
      expect(before?.startedAt).toBe(now);
      // Whatever is young enough can still be restored: it has lost nothing that it stands on.
      expect(restorable(there)).toEqual(expect.arrayContaining(young));
      expect(isFresh(there, now, rules)).toBe(true);
    }
  }
  return { there, told };
}

describe("60 days of backups in fast time", () => {
  it("deletes by age, a base with its last incremental one, and keeps the first of a quarter", () => {
    const { there, told } = live(Array.from({ length: 60 }, () => ({ what: "ok" as const, which: 0 })));
    const fulls = there
      .filter(({ kind }) => kind === "full")
      .map(({ startedAt }) => (startedAt - START) / DAY);
    // A full one every 7 days; those of the last 28 days, and the first of the quarter.
    expect(fulls).toEqual([0, 35, 42, 49, 56]);
    const young = there
      .filter(({ kind }) => kind === "incr")
      .map(({ startedAt }) => (startedAt - START) / DAY);
    expect(young).toEqual([53, 54, 55, 57, 58, 59]);
    expect(told.find(({ name }) => name === nameOf(START + 7 * DAY, "full"))).toEqual({
      name: "20300108T000000Z-full",
      why: "older than 28 days",
      day: 35,
    });
    expect(told.find(({ name }) => name === nameOf(START + DAY, "incr"))).toMatchObject({
      why: "older than 7 days",
      day: 8,
    });
    expect(told).toHaveLength(60 - there.length);
  });

  it("always has one that can be restored, whatever failed, was left half, vanished or was damaged; each deletion has its reason", () => {
    const what = fc.constantFrom<Day>("ok", "ok", "fails", "is left half", "one vanishes", "one is damaged");
    const history = fc.array(fc.record({ what, which: fc.nat(100) }), { minLength: 60, maxLength: 60 });
    const rules = fc.record({
      fullEveryDays: fc.integer({ min: 1, max: 14 }),
      keepFullDays: fc.integer({ min: 1, max: 40 }),
      keepIncrementalDays: fc.integer({ min: 1, max: 40 }),
      keepQuarterlyDays: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(history, rules, (days, given) => {
        const { told } = live(days, { ...USUAL, ...given });
        const reason =
          /^(it was never finished|its base \S+ is gone|(damaged \(.+\), and )?older than \d+ days)$/;
        expect(told.filter(({ why }) => !reason.test(why))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("keeps the last good chain when nothing has succeeded for a year", () => {
    const full = backup(START);
    const incr = backup(START + DAY, full.name);
    const half = { ...backup(START + 300 * DAY, "x", "unfinished"), base: "" };
    const damaged = backup(START + 200 * DAY, "", "damaged");
    const now = START + 400 * DAY;
    expect(prune([full, incr, half, damaged], now, USUAL)).toEqual([
      { name: half.name, why: "it was never finished" },
      { name: damaged.name, why: "damaged (a file is missing), and older than 28 days" },
    ]);
    expect(isFresh([full, incr], now, USUAL)).toBe(false);
  });
});

describe("what falls due", () => {
  it("is a full one at first, when the newest is a week old, and when there is no whole one", () => {
    expect(nextBackup([], START, USUAL)).toEqual({ kind: "full", base: "" });
    const full = backup(START);
    expect(nextBackup([full], START + 6 * DAY, USUAL)).toEqual({ kind: "incr", base: full.name });
    expect(nextBackup([full], START + 7 * DAY - 60_000, USUAL).kind).toBe("full");
    expect(nextBackup([{ ...full, state: "damaged" }], START + DAY, USUAL).kind).toBe("full");
  });
});

describe("the promise", () => {
  const every = (hours: number) => Array.from({ length: 30 }, (_, i) => START + i * hours * HOUR);

  it("counts the longest time between two, and that of making one", () => {
    expect(reachableRpoHours(every(24), { limitMinutes: 60 })).toBe(25);
    expect(reachableRpoHours([...every(4), START + 30 * 4 * HOUR + 9 * HOUR], { limitMinutes: 30 })).toBe(
      13.5,
    );
  });

  it("is refused where the schedule cannot keep it: increments every four hours under an hour", () => {
    expect(rpoProblem(every(24), USUAL)).toBeUndefined();
    expect(rpoProblem(every(4), { limitMinutes: 60, rpoHours: 1 })).toBe(
      "promises to lose 1 hour of work at most, and its schedule can lose 5 hours: up to 4 hours between two backups and 60 minutes for one",
    );
  });
});

describe("names", () => {
  it("tell start and kind, and nothing else is one", () => {
    expect(readName(nameOf(START, "incr"))).toEqual({ startedAt: START, kind: "incr" });
    for (const other of [
      "",
      "x",
      "../20300101T000000Z-full",
      "20300101T000000Z-full.json",
      "20300101T000000Z-gold",
    ])
      expect(readName(other)).toBeUndefined();
  });
});

describe("the list that ClickHouse writes of a backup", () => {
  it("tells what the backup holds itself", () => {
    const xml = `<config><contents>
      <file><name>data/a</name><size>10</size><checksum>1</checksum></file>
      <file><name>data/in-base</name><size>7</size><checksum>2</checksum><use_base>true</use_base></file>
      <file><name>data/longer</name><size>9</size><use_base>true</use_base><base_size>4</base_size></file>
      <file><name>data/equal</name><size>10</size><data_file>data/a</data_file></file>
      <file><name>data/empty</name><size>0</size></file>
      <file><name>meta/a&amp;b</name><size>3</size></file></contents></config>`;
    expect(readContents(xml)).toEqual([
      { path: "data/a", bytes: 10 },
      { path: "data/longer", bytes: 5 },
      { path: "meta/a&b", bytes: 3 },
    ]);
    expect(withoutKeys(xml)).toBe(xml);
    // As a full disk leaves it, while ClickHouse says that the backup is made.
    expect(readContents("")).toBeUndefined();
    expect(readContents(xml.slice(0, -3))).toBeUndefined();
  });

  it("loses the key to the base's bucket, and nothing else", () => {
    const list = (base: string) =>
      `<config><base_backup>${base}</base_backup><base_backup_uuid>u</base_backup_uuid><contents></contents></config>`;
    for (const secret of ["secret", "a\\'b", "with, comma') <b"]) {
      const escaped = secret.replace("<", "&lt;");
      expect(withoutKeys(list(`S3('https://s/b/p/x', 'id', '${escaped}')`))).toBe(
        list("S3('https://s/b/p/x')"),
      );
    }
    for (const base of ["S3('https://s/b/p/x')", "Disk('backups', 'x')"])
      expect(withoutKeys(list(base))).toBe(list(base));
  });
});
