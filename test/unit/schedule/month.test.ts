import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTimetable } from "../../../schedule/timetable";
import { COUNTS } from "../../support/soak";
import { Simulation, type Behaviour, type Run } from "./simulation";
import { VirtualClock } from "./virtual-clock";

/**
 * Thirty days of a schedule in fast time, with slow, failed and hanging runs, runs that find another one at work, kills, stops,
 * outages and clocks that are set. What is checked is counted from the timetable alone.
 */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAYS = 30;
const START = Date.UTC(2030, 0, 15, 9, 10);

const SCHEDULES = {
  qtickets: { timetable: "*/30 * * * *", jitter: MINUTE, timeout: 20 * MINUTE },
  "vk-ads": { timetable: "30 0,7 * * *", jitter: 5 * MINUTE, timeout: HOUR },
} as const;

/** After a start and after each decision no more than this passes until the next: settling, a heartbeat, a busy run's wait. */
const SLACK = 40 * SECOND + 60 * SECOND + 30 * SECOND;

interface Trouble {
  /** Minutes since the last one was over. */
  after: number;
  kind: "kill" | "stop" | "forward" | "back";
  /** How long the container is down, or by how much the clock is set, in minutes. */
  minutes: number;
}

const behaviour = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ seconds: fc.integer({ min: 5, max: 300 }), outcome: fc.constant("ok") }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      seconds: fc.integer({ min: 1, max: 5400 }),
      outcome: fc.constantFrom("ok", "partial", "failed", "busy"),
    }),
  },
);

/** Without the usual bias to small values: of three histories none would say much. */
const history = (kinds: readonly Trouble["kind"][]) =>
  fc.record({
    troubles: fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 4 * 24 * 60 }),
        kind: fc.constantFrom(...kinds),
        minutes: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 36 * 60 })),
      }),
      { minLength: 5, maxLength: 25 },
    ),
    runs: fc.array(behaviour, { minLength: 7, maxLength: 50 }),
    jitter: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      minLength: 5,
      maxLength: 20,
    }),
  });

interface Outcome {
  simulation: Simulation;
  /** Moments at which the container was there. */
  up: { from: number; to: number }[];
  /** Moments at which the clock was set, and by how much. */
  set: { at: number; by: number }[];
}

type History = ReturnType<typeof history> extends fc.Arbitrary<infer T> ? T : never;

async function live(name: keyof typeof SCHEDULES, { troubles, runs, jitter }: History): Promise<Outcome> {
  let draws = 0;
  let begun = 0;
  const clock = new VirtualClock(START, () => jitter[draws++ % jitter.length]!);
  const behave = (): Behaviour => {
    const { seconds, outcome } = runs[begun++ % runs.length]!;
    return { ms: outcome === "busy" ? SECOND : seconds * SECOND, outcome: outcome };
  };
  const simulation = new Simulation({ ...SCHEDULES[name], start: START, clock, behave });
  const up = [{ from: 0, to: Infinity }];
  const set: Outcome["set"] = [];
  const end = DAYS * 24 * HOUR;
  simulation.up();
  for (const { after, kind, minutes } of troubles) {
    if (clock.passed + after * MINUTE > end) break;
    await simulation.pass(after * MINUTE);
    if (kind === "forward" || kind === "back") {
      const by = (kind === "back" ? -1 : 1) * minutes * MINUTE;
      set.push({ at: clock.passed, by });
      clock.set(by);
      continue;
    }
    up.at(-1)!.to = clock.passed;
    if (kind === "kill") simulation.kill();
    else await simulation.stop();
    await simulation.pass(minutes * MINUTE);
    up.push({ from: clock.passed, to: Infinity });
    simulation.up();
  }
  await clock.passTo(end);
  await simulation.stop();
  up.at(-1)!.to = end;
  return { simulation, up, set };
}

function expectNoOverlap(runs: readonly Run[]): void {
  for (const [i, run] of runs.entries()) {
    expect(run.to).toBeGreaterThanOrEqual(run.from);
    if (i > 0) expect(run.from).toBeGreaterThanOrEqual(runs[i - 1]!.to);
  }
}

/** Every run has one line that says it begins; each one that was not killed one that says how it ended. */
function expectEachDecisionInTheLog({ runs, lines }: Simulation): void {
  const begins = lines.filter(({ text }) => / begins( and makes up|$)/.test(text) && text.startsWith("Slot"));
  expect(begins.map(({ fields }) => fields["slot"])).toEqual(runs.map(({ slot }) => slot));
  const ends = lines.filter(({ fields }) => fields["outcome"] !== undefined);
  const ended = runs.filter(({ outcome }) => outcome !== "cut");
  expect(ends.map(({ fields }) => [fields["slot"], fields["outcome"]])).toEqual(
    ended.map(({ slot, outcome }) => [slot, outcome]),
  );
}

/** From this moment on, the first at which the container is there and no run is at work. */
function firstFree(moment: number, { simulation, up }: Outcome): number {
  for (;;) {
    const away = up.every(({ from, to }) => moment < from || moment >= to);
    const back = up.find(({ from }) => from > moment)?.from;
    const busy = simulation.runs.find(({ from, to }) => from <= moment && moment < to);
    if (away && back !== undefined) moment = back;
    else if (busy !== undefined) moment = busy.to;
    else return moment;
  }
}

/** The first history that fails is shown as it is: making a month smaller takes longer than it helps. */
const counts = { numRuns: COUNTS.months, endOnFailure: true };

test.each(Object.keys(SCHEDULES) as (keyof typeof SCHEDULES)[])(
  "%s: thirty days with outages, restarts and slow runs: each slot is run once, or caught up once",
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.noBias(history(["kill", "stop"])), async (given) => {
        const outcome = await live(name, given);
        const { simulation, up } = outcome;
        const { runs, lines } = simulation;
        expectNoOverlap(runs);
        expectEachDecisionInTheLog(simulation);

        // A slot is begun again only after another run was in the way (any number of times), or it was cut off (once).
        for (const slot of new Set(runs.map((run) => run.slot))) {
          const own = runs.filter((run) => run.slot === slot);
          const cut = (run: Run) =>
            run.outcome === "cut" ||
            (run.outcome === "failed" && up.some(({ to }) => to >= run.from && to <= run.to));
          expect(
            own.slice(0, -1).every((run) => run.outcome === "busy" || cut(run)),
            `slot ${slot}`,
          ).toBe(true);
          expect(own.filter((run) => run.outcome !== "busy").length).toBeLessThanOrEqual(2);
        }

        // Every slot up to the newest begun one was begun, or the log counts it as missed.
        const timetable = parseTimetable(SCHEDULES[name].timetable);
        const begun = new Set(runs.map(({ slot }) => slot));
        let all = 0;
        for (let slot = timetable.next(START); slot <= Math.max(...begun); slot = timetable.next(slot))
          all += 1;
        const missed = lines.reduce((sum, { fields }) => sum + Number(fields["missed"] ?? 0), 0);
        expect(begun.size + missed).toBe(all);

        // And none waits: once the container is there and free, a run of it or of a newer slot begins.
        for (let slot = timetable.next(START); slot < START + DAYS * 24 * HOUR; slot = timetable.next(slot)) {
          let free = firstFree(slot - START + SCHEDULES[name].jitter, outcome);
          for (;;) {
            const ended = up.find(({ from, to }) => from <= free && free < to)?.to ?? free;
            if (ended >= free + SLACK) break;
            if (ended >= DAYS * 24 * HOUR) return;
            free = firstFree(ended, outcome);
          }
          if (free + SLACK >= DAYS * 24 * HOUR) return;
          const served = runs.some((run) => run.slot >= slot && run.from <= free + SLACK);
          expect(served, `slot ${new Date(slot).toISOString()}`).toBe(true);
        }
      }),
      counts,
    );
  },
  300_000,
);

test.each(Object.keys(SCHEDULES) as (keyof typeof SCHEDULES)[])(
  "%s: thirty days in which the clock is set too: runs go on, and none twice for a clock set back a little",
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.noBias(history(["kill", "stop", "forward", "back"])), async (given) => {
        const { simulation, up, set } = await live(name, given);
        const { runs } = simulation;
        expectNoOverlap(runs);
        expectEachDecisionInTheLog(simulation);

        // A slot comes anew only when the clock was set back by a period or more since.
        const gap = name === "qtickets" ? 30 * MINUTE : 7 * HOUR;
        for (const [i, run] of runs.entries()) {
          const former = runs.slice(0, i).findLast(({ slot }) => slot === run.slot);
          if (former === undefined || former.outcome !== "ok") continue;
          const back = set.filter(({ at }) => at >= former.from && at <= run.from);
          const least = Math.min(
            0,
            ...back.map((_, k) => back.slice(0, k + 1).reduce((sum, { by }) => sum + by, 0)),
          );
          const most = Math.max(
            0,
            ...back.map((_, k) => back.slice(0, k + 1).reduce((sum, { by }) => sum + by, 0)),
          );
          expect(most - least, `slot ${new Date(run.slot).toISOString()}`).toBeGreaterThanOrEqual(gap);
        }

        // However the clock was set: while the container is there, no longer passes without a run than a period and what the clock was
        // set back by since the newest slot was first begun, a period at most each time.
        const longest = name === "qtickets" ? 30 * MINUTE : 17 * HOUR;
        for (const { from, to } of up) {
          const own = runs.filter((run) => run.from >= from && run.from < to);
          const former = runs.findLast((run) => run.to <= from);
          const stretches = [former, ...own].map((run, i) => ({
            began: runs.find(({ slot }) => slot === run?.slot)?.from ?? 0,
            from: i === 0 ? from : run!.to,
            to: own[i]?.from ?? to,
          }));
          for (const stretch of stretches) {
            const back = set
              .filter(({ at, by }) => by < 0 && at >= stretch.began && at <= stretch.to)
              .reduce((sum, { by }) => sum + Math.min(-by, longest), 0);
            const limit = longest + back + SCHEDULES[name].jitter + SLACK;
            expect(stretch.to - stretch.from).toBeLessThanOrEqual(limit);
          }
        }
      }),
      counts,
    );
  },
  300_000,
);
