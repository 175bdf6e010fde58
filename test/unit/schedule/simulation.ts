import type { Fields, Log } from "../../../loaders/core/log";
import { runSchedule, type RunOutcome } from "../../../schedule/schedule";
import type { ScheduleState } from "../../../schedule/state";
import { parseTimetable } from "../../../schedule/timetable";
import { VirtualClock } from "./virtual-clock";

/** A run as the simulated job saw it. Moments are of the clock that nobody sets. */
export interface Run {
  slot: number;
  /** By the clock on the wall. */
  began: number;
  from: number;
  /** Infinity: still at work. */
  to: number;
  /** `cut`: killed in the middle. */
  outcome: RunOutcome | "cut" | undefined;
}

export interface Line {
  level: string;
  text: string;
  fields: Fields;
}

/** How long a run takes and how it ends; one that is stopped ends failed after `grace`. */
export interface Behaviour {
  ms: number;
  outcome: RunOutcome | Error;
  grace?: number;
}

export interface SimulationOptions {
  /** The clock on the wall at the beginning. */
  start: number;
  timetable: string;
  jitter?: number;
  timeout?: number;
  behave: (run: Run) => Behaviour;
  clock?: VirtualClock;
}

/** One schedule with its container: it can be started, stopped and killed, and its state outlives that. */
export class Simulation {
  readonly clock: VirtualClock;
  readonly runs: Run[] = [];
  readonly lines: Line[] = [];
  health = { ok: true, text: "" };
  kept: ScheduleState | undefined;
  timetable: string;
  private life: { stop: AbortController; dead: boolean; ended: Promise<void> } | undefined;

  constructor(private readonly options: SimulationOptions) {
    this.clock = options.clock ?? new VirtualClock(options.start);
    this.timetable = options.timetable;
  }

  /** Starts the process. */
  up(): void {
    const stop = new AbortController();
    const life = { stop, dead: false, ended: Promise.resolve() };
    const alive = <T>(value: T): T => {
      // A killed process does nothing any more.
      if (life.dead) throw new Error("killed");
      return value;
    };
    const clock = this.clock;
    life.ended = runSchedule({
      name: "job",
      timetable: parseTimetable(this.timetable),
      jitter: this.options.jitter ?? 0,
      timeout: this.options.timeout ?? 3_600_000,
      run: (signal, slot) => this.runOnce(signal, slot, life),
      stop: stop.signal,
      state: {
        read: () => this.kept,
        write: (state) => void (this.kept = alive(state)),
      },
      health: (health) => void (this.health = alive(health)),
      clock: {
        now: () => clock.now(),
        random: () => clock.random(),
        sleep: async (ms, signal) => {
          await clock.sleep(ms, signal);
          if (life.dead) await new Promise<never>(() => undefined);
        },
      },
      log: this.log(life),
    });
    life.ended.catch(() => undefined);
    this.life = life;
  }

  get isUp(): boolean {
    return this.life !== undefined;
  }

  /** The run under way. */
  get current(): Run | undefined {
    const last = this.runs.at(-1);
    return last?.to === Infinity ? last : undefined;
  }

  /** `docker kill`. */
  kill(): void {
    if (this.life !== undefined) this.life.dead = true;
    const run = this.current;
    if (run !== undefined) Object.assign(run, { to: this.clock.passed, outcome: "cut" });
    this.life = undefined;
  }

  /** `docker stop`: the process ends by itself; answers when it has. */
  async stop(): Promise<void> {
    const life = this.life;
    if (life === undefined) return;
    life.stop.abort(new Error("stopped by SIGTERM"));
    let ended = false;
    void life.ended.then(() => (ended = true));
    for (let second = 0; !ended; second += 1) {
      if (second > 120) throw new Error("does not end");
      await this.clock.passTo(this.clock.passed + 1000);
    }
    this.life = undefined;
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.passTo(this.clock.passed + ms);
  }

  private async runOnce(signal: AbortSignal, slot: number, life: { dead: boolean }): Promise<RunOutcome> {
    const run: Run = {
      slot,
      began: this.clock.now(),
      from: this.clock.passed,
      to: Infinity,
      outcome: undefined,
    };
    if (this.current !== undefined) throw new Error("two runs at once");
    this.runs.push(run);
    const { ms, outcome, grace = 2000 } = this.options.behave(run);
    const whole = await this.clock.sleep(ms, signal).then(
      () => true,
      () => false,
    );
    if (!whole) await this.clock.sleep(grace);
    if (life.dead) await new Promise<never>(() => undefined);
    run.to = this.clock.passed;
    run.outcome = !whole || outcome instanceof Error ? "failed" : outcome;
    if (whole && outcome instanceof Error) throw outcome;
    return run.outcome;
  }

  private log(life: { dead: boolean }): Log {
    const at =
      (level: string) =>
      (text: string, fields: Fields = {}) => {
        if (!life.dead) this.lines.push({ level, text, fields });
      };
    return { error: at("ERROR"), warning: at("WARNING"), info: at("INFO"), debug: at("DEBUG") };
  }
}
