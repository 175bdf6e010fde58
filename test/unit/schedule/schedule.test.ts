import { describe, expect, test } from "vitest";
import { runSchedule } from "../../../schedule/schedule";
import { parseTimetable } from "../../../schedule/timetable";
import { Simulation, type Behaviour, type SimulationOptions } from "./simulation";
import { VirtualClock } from "./virtual-clock";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Noon in Moscow. */
const NOON = Date.UTC(2030, 0, 15, 9);

const good: Behaviour = { ms: 2 * MINUTE, outcome: "ok" };

/** A schedule every half hour that begins at ten past noon, one hour before anything else. */
function simulate(options: Partial<SimulationOptions> = {}): Simulation {
  const simulation = new Simulation({
    start: NOON + 10 * MINUTE,
    timetable: "*/30 * * * *",
    behave: () => good,
    ...options,
  });
  simulation.up();
  return simulation;
}

/** Slots as minutes after noon, each with the minutes by which it began late. */
function slotsOf({ runs }: Simulation): string[] {
  return runs.map(({ slot, began }) => `${(slot - NOON) / MINUTE}+${Math.round((began - slot) / MINUTE)}`);
}

const texts = ({ lines }: Simulation): string[] => lines.map(({ level, text }) => `${level} ${text}`);

describe("a schedule", () => {
  test("begins nothing before its first slot, then runs each once", async () => {
    const simulation = simulate();
    await simulation.pass(19 * MINUTE);
    expect(simulation.runs).toEqual([]);
    await simulation.pass(HOUR + 2 * MINUTE);
    expect(slotsOf(simulation)).toEqual(["30+0", "60+0", "90+0"]);
    expect(texts(simulation)).toEqual([
      "INFO Schedule of job (*/30 * * * *) begins; the next slot is 2030-01-15 12:30:00 Moscow time",
      "INFO Slot 2030-01-15 12:30:00 Moscow time begins",
      "INFO Slot 2030-01-15 12:30:00 Moscow time ended ok after 120 s; the next slot is 2030-01-15 13:00:00 Moscow time",
      "INFO Slot 2030-01-15 13:00:00 Moscow time begins",
      "INFO Slot 2030-01-15 13:00:00 Moscow time ended ok after 120 s; the next slot is 2030-01-15 13:30:00 Moscow time",
      "INFO Slot 2030-01-15 13:30:00 Moscow time begins",
    ]);
    expect(simulation.lines[1]?.fields).toEqual({ slot: NOON + 30 * MINUTE, late: 0, missed: 0, tries: 1 });
  });

  test("begins a slot later by chance, and by less than the jitter", async () => {
    const simulation = simulate({
      jitter: 10 * MINUTE,
      clock: new VirtualClock(NOON + 10 * MINUTE, () => 0.5),
    });
    await simulation.pass(2 * HOUR);
    expect(slotsOf(simulation)).toEqual(["30+5", "60+5", "90+5", "120+5"]);
  });

  test("refuses a jitter in which two slots could meet", async () => {
    const never = (): never => {
      throw new Error("must not be called");
    };
    const running = runSchedule({
      name: "job",
      timetable: parseTimetable("30 0,7 * * *"),
      jitter: 7 * HOUR,
      timeout: HOUR,
      run: never,
      stop: new AbortController().signal,
      state: { read: never, write: never },
      health: never,
      clock: new VirtualClock(NOON),
      log: { error: never, warning: never, info: never, debug: never },
    });
    await expect(running).rejects.toThrow("must be less than the 25200 s between two slots");
  });

  test("catches up by one run what passed while it was down", async () => {
    const simulation = simulate();
    await simulation.pass(25 * MINUTE);
    await simulation.stop();
    await simulation.pass(2 * HOUR);
    simulation.up();
    await simulation.pass(30 * MINUTE);
    // Up again at 14:35; 13:00, 13:30 and 14:00 are not run one after another.
    expect(slotsOf(simulation)).toEqual(["30+0", "150+6", "180+0"]);
    const caughtUp = simulation.lines.find(({ fields }) => fields["slot"] === NOON + 150 * MINUTE);
    expect(caughtUp?.text).toBe(
      "Slot 2030-01-15 14:30:00 Moscow time begins and makes up for 3 missed before it",
    );
    expect(caughtUp?.fields).toMatchObject({ late: 341, missed: 3, tries: 1 });
  });

  test("runs a slot that came during a long run once that has ended", async () => {
    const simulation = simulate({
      behave: ({ slot }) => ({ ms: slot === NOON + 30 * MINUTE ? 100 * MINUTE : MINUTE, outcome: "ok" }),
      timeout: 2 * HOUR,
    });
    await simulation.pass(170 * MINUTE);
    expect(slotsOf(simulation)).toEqual(["30+0", "120+10", "150+0", "180+0"]);
    expect(simulation.lines.map(({ fields }) => fields["missed"]).filter((n) => n !== undefined)).toEqual([
      0, 2, 0, 0,
    ]);
  });

  test("tries the slot again, minute by minute, while another run is at work", async () => {
    const simulation = simulate({
      behave: ({ slot, began }) => ({ ms: SECOND, outcome: began < slot + 3 * MINUTE ? "busy" : "ok" }),
    });
    await simulation.pass(30 * MINUTE);
    expect(slotsOf(simulation)).toEqual(["30+0", "30+1", "30+2", "30+3"]);
    expect(simulation.health.ok).toBe(true);
    expect(texts(simulation)).toContain(
      "WARNING Slot 2030-01-15 12:30:00 Moscow time: another run is at work; it is tried again in 60 s",
    );
  });

  test("leaves a busy slot for the next one", async () => {
    const simulation = simulate({
      behave: ({ slot }) => ({ ms: SECOND, outcome: slot === NOON + 30 * MINUTE ? "busy" : "ok" }),
    });
    await simulation.pass(80 * MINUTE);
    expect(simulation.runs.filter(({ slot }) => slot === NOON + 30 * MINUTE)).toHaveLength(30);
    expect(slotsOf(simulation).slice(30)).toEqual(["60+0", "90+0"]);
  });

  test("stops a run that has used up its time, and goes on", async () => {
    const simulation = simulate({
      behave: ({ slot }) => (slot === NOON + 30 * MINUTE ? { ms: 24 * HOUR, outcome: "ok" } : good),
      timeout: 10 * MINUTE,
    });
    await simulation.pass(55 * MINUTE);
    expect(simulation.runs[0]).toMatchObject({ outcome: "failed", to: 30 * MINUTE + 2 * SECOND });
    expect(texts(simulation)).toContain(
      "ERROR Slot 2030-01-15 12:30:00 Moscow time has used up its 600 s and is stopped",
    );
    expect(slotsOf(simulation)).toEqual(["30+0", "60+0"]);
  });

  test("says why a run failed, is unwell until one does not, and tries no slot twice for it", async () => {
    const simulation = simulate({
      behave: ({ slot }) => ({
        ms: SECOND,
        outcome: slot === NOON + 30 * MINUTE ? new TypeError("no such thing") : "partial",
      }),
    });
    await simulation.pass(40 * MINUTE);
    expect(simulation.health).toEqual({
      ok: false,
      text: "slot 2030-01-15 12:30:00 Moscow time ended failed; next slot 2030-01-15 13:00:00 Moscow time",
    });
    await simulation.pass(20 * MINUTE);
    expect(simulation.health).toEqual({
      ok: true,
      text: "slot 2030-01-15 13:00:00 Moscow time ended partial; next slot 2030-01-15 13:30:00 Moscow time",
    });
    expect(texts(simulation)).toEqual(
      expect.arrayContaining([
        "ERROR Slot 2030-01-15 12:30:00 Moscow time failed: TypeError: no such thing",
        "ERROR Slot 2030-01-15 12:30:00 Moscow time ended failed after 1 s; the next slot is 2030-01-15 13:00:00 Moscow time",
        "WARNING Slot 2030-01-15 13:00:00 Moscow time ended partial after 1 s; the next slot is 2030-01-15 13:30:00 Moscow time",
      ]),
    );
  });

  test("reports its health during a run too", async () => {
    const simulation = simulate({ behave: () => ({ ms: 20 * MINUTE, outcome: "ok" }) });
    await simulation.pass(25 * MINUTE);
    simulation.health = { ok: false, text: "old" };
    await simulation.pass(31 * SECOND);
    expect(simulation.health).toEqual({
      ok: true,
      text: "slot 2030-01-15 12:30:00 Moscow time is due or at work",
    });
  });
});

describe("a schedule that is interrupted", () => {
  test("ends the run under way when it is stopped, and begins it once more", async () => {
    const simulation = simulate();
    await simulation.pass(21 * MINUTE);
    await simulation.stop();
    expect(simulation.runs[0]).toMatchObject({ outcome: "failed", to: 21 * MINUTE + 2 * SECOND });
    expect(texts(simulation).slice(-2)).toEqual([
      "WARNING Slot 2030-01-15 12:30:00 Moscow time was cut off; it is due again at the next start",
      "INFO Schedule of job ends: stopped by SIGTERM",
    ]);
    simulation.up();
    await simulation.pass(20 * MINUTE);
    expect(slotsOf(simulation)).toEqual(["30+0", "30+2"]);
    expect(simulation.runs[1]).toMatchObject({ outcome: "ok" });
  });

  test("begins a killed run once more, after a while, and not a third time", async () => {
    const simulation = simulate();
    for (let i = 0; i < 3; i += 1) {
      await simulation.pass(i === 0 ? 21 * MINUTE : MINUTE);
      simulation.kill();
      await simulation.pass(10 * SECOND);
      simulation.up();
    }
    await simulation.pass(40 * MINUTE);
    expect(slotsOf(simulation)).toEqual(["30+0", "30+2", "60+0"]);
    expect(texts(simulation)).toContain(
      "ERROR Slot 2030-01-15 12:30:00 Moscow time was cut off 2 times and is given up",
    );
  });

  test("starts nothing when its timetable is another one, also for a run that was cut off", async () => {
    const simulation = simulate();
    await simulation.pass(21 * MINUTE);
    simulation.kill();
    simulation.timetable = "every 1m";
    await simulation.pass(10 * MINUTE + SECOND);
    simulation.up();
    await simulation.pass(30 * SECOND);
    expect(slotsOf(simulation)).toEqual(["30+0"]);
    await simulation.pass(30 * SECOND);
    expect(slotsOf(simulation)).toEqual(["30+0", "42+0"]);
  });
});

describe("a clock that is set", () => {
  test("forward makes slots late: one run catches up", async () => {
    const simulation = simulate();
    await simulation.pass(25 * MINUTE);
    simulation.clock.set(3 * HOUR);
    await simulation.pass(HOUR);
    expect(slotsOf(simulation)).toEqual(["30+0", "210+6", "240+0", "270+0"]);
  });

  test("back by less than a period runs no slot twice", async () => {
    const simulation = simulate();
    await simulation.pass(25 * MINUTE);
    simulation.clock.set(-10 * MINUTE);
    await simulation.pass(HOUR);
    expect(slotsOf(simulation)).toEqual(["30+0", "60+0"]);
    expect(texts(simulation)).toContain(
      "WARNING The clock was set back by 570 s to 2030-01-15 12:25:30 Moscow time",
    );
  });

  test("back by more lets slots come anew by the new time", async () => {
    const simulation = simulate();
    await simulation.pass(25 * MINUTE);
    simulation.clock.set(-24 * HOUR);
    await simulation.pass(HOUR);
    expect(slotsOf(simulation)).toEqual(["30+0", "-1380+0", "-1350+0"]);
    expect(texts(simulation)).toContain(
      "WARNING Slot 2030-01-15 12:30:00 Moscow time lies ahead of a clock that was set back by a period: slots count from now",
    );
  });

  test("back by a period, to just before the newest slot, lets that one come anew", async () => {
    const simulation = simulate();
    await simulation.pass(43 * MINUTE);
    simulation.clock.set(-38 * MINUTE);
    await simulation.pass(20 * MINUTE);
    expect(slotsOf(simulation)).toEqual(["30+0", "30+0"]);
  });

  test("back while the process was down is seen at its start", async () => {
    const simulation = simulate();
    await simulation.pass(25 * MINUTE);
    await simulation.stop();
    simulation.clock.set(-366 * 24 * HOUR);
    simulation.up();
    await simulation.pass(HOUR);
    expect(simulation.runs).toHaveLength(3);
  });
});
