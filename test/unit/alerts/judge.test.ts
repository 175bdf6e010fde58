import { describe, expect, it } from "vitest";
import { Judge, type CommonSight } from "../../../alerts/judge";
import type { Rule } from "../../../alerts/rules/rule";
import { rules } from "../../../alerts/rules";
import { alertSettings } from "../../../alerts/settings";
import { StatementFailure, Unreachable } from "../../../warehouse/failure";

/** Which rules are asked when, and what a refused question means. What they find on a server: test/integration/alerts. */
const NOON = Date.UTC(2030, 0, 31, 9);
const settings = (given: object = {}) => alertSettings.parse({ rules: given }).rules;

function sight(more: Partial<CommonSight> = {}): CommonSight {
  return {
    now: NOON,
    warehouse: { rows: () => Promise.resolve([]) },
    sources: [],
    schedules: [],
    watchedSince: {},
    silence: undefined,
    channels: [],
    ...more,
  };
}

/** A rule that finds one thing, or throws. */
function rule(
  name: Rule["name"],
  outcome: Error | "fine" | "bad",
  more: Partial<Rule> = {},
): Rule & { asked: number } {
  const made = {
    name,
    about: `the ${name}`,
    asksServer: true,
    asked: 0,
    find: () => {
      made.asked += 1;
      if (outcome instanceof Error) return Promise.reject(outcome);
      const found = { subject: "it", severity: "error" as const, sentence: "Bad.", command: "look" };
      return Promise.resolve(outcome === "bad" ? [found] : []);
    },
    ...more,
  };
  return made;
}

describe("the judge", () => {
  it("knows every rule that has settings", () => {
    const names = rules.map(({ name }) => name);
    expect([...names, "blind"].sort()).toEqual(Object.keys(settings()).sort());
  });

  it("asks each rule that is on, and knows of one that is off that it finds nothing any more", async () => {
    const [disk, backup] = [rule("disk", "bad"), rule("backup", "bad")];
    const judge = new Judge([disk, backup], settings({ backup: { on: false } }));
    const { troubles, isJudged } = await judge.judge(sight());
    expect(troubles.map((one) => one.rule)).toEqual(["disk"]);
    expect(backup.asked).toBe(0);
    for (const one of ["disk", "backup", "a rule of yesterday"]) {
      expect(isJudged({ rule: one, subject: "it" }), one).toBe(true);
    }
    expect(isJudged({ rule: "reader", subject: "it" })).toBe(false);
  });

  it("asks nothing of a server that does not answer, and lets what was found stand", async () => {
    const [disk, channel] = [rule("disk", "fine"), rule("channel", "fine", { asksServer: false })];
    const { isJudged } = await new Judge([disk, channel], settings()).judge(
      sight({ silence: "does not answer" }),
    );
    expect([disk.asked, channel.asked]).toEqual([0, 1]);
    expect(isJudged({ rule: "disk", subject: "it" })).toBe(false);
    expect(isJudged({ rule: "channel", subject: "it" })).toBe(true);
  });

  it("lets what was found stand when the server goes away in the middle", async () => {
    const disk = rule("disk", new Unreachable("gone"));
    const { troubles, isJudged, unanswered } = await new Judge([disk], settings()).judge(sight());
    expect({ troubles, unanswered }).toEqual({ troubles: [], unanswered: ["disk"] });
    expect(isJudged({ rule: "disk", subject: "it" })).toBe(false);
  });

  it("finds a refused question a trouble of its own, until it is answered", async () => {
    const refused = rule(
      "disk",
      new StatementFailure(497, "ACCESS_DENIED", "zakaz_monitor: no rights on 'x'"),
    );
    const judge = new Judge([refused], settings());
    const { troubles, isJudged } = await judge.judge(sight());
    expect(troubles).toEqual([
      {
        rule: "blind",
        subject: "disk",
        severity: "warning",
        sentence: "The alerts cannot see the disk: ClickHouse refuses the question with code 497.",
        command: "npx zakaz access diff",
        holdMs: 300_000,
      },
    ]);
    expect(isJudged({ rule: "disk", subject: "it" })).toBe(false);
    const again = await new Judge([rule("disk", "fine")], settings()).judge(sight());
    expect(again.isJudged({ rule: "blind", subject: "disk" })).toBe(true);
  });

  it("asks a slow rule no more often than its settings say, and at once after the clock was set back", async () => {
    const reader = rule("reader", "bad", { everyMinutes: () => 15 });
    const judge = new Judge([reader], settings());
    const minutes = [0, 1, 14, 15, 16, -60, -59];
    const asked = [];
    for (const minute of minutes) {
      const { isJudged } = await judge.judge(sight({ now: NOON + minute * 60_000 }));
      asked.push(isJudged({ rule: "reader", subject: "it" }));
    }
    expect(asked).toEqual([true, false, false, true, false, true, false]);
  });
});
