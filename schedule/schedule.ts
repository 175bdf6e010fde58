import type { Clock } from "../loaders/core/clock";
import { describeError } from "../loaders/core/errors";
import type { Log } from "../loaders/core/log";
import type { HealthReport } from "./health";
import type { ScheduleState, StateStore } from "./state";
import { moscowTime, ScheduleError, shortestGap, type Timetable } from "./timetable";

/**
 * How the run of a slot ended. `partial`: with something left out. `failed`: the next slot tries again. `busy`: another run was
 * at work and this one did nothing; the slot is tried again until that run is over or a newer slot has come.
 */
export type RunOutcome = "ok" | "partial" | "failed" | "busy";

export interface ScheduleOptions {
  /** What is run, for the log. */
  name: string;
  timetable: Timetable;
  /** A slot begins up to so much after its time, by chance; less than the shortest time between two slots. Milliseconds, as all below. */
  jitter: number;
  /** A run is told to stop after so much. */
  timeout: number;
  /**
   * How long nothing is caught up after a start, 40 s unless given: after a reboot everything starts at once, and what a killed run
   * held (a lease) must expire.
   */
  settle?: number;
  /**
   * Does the work of a slot. Must end soon after the signal is aborted, which happens at the timeout and when the schedule is
   * stopped. What it throws is logged and counts as `failed`.
   */
  run: (signal: AbortSignal, slot: number) => Promise<RunOutcome>;
  /** Aborted when the schedule must end: the run under way ends first. */
  stop: AbortSignal;
  state: StateStore;
  health: HealthReport;
  clock: Clock;
  log: Log;
}

/** The health is reported, and a clock that was set is noticed, at least so often. */
const BEAT = 30_000;

/** After so long the slot of a busy run is tried again. */
const BUSY_WAIT = 60_000;

const SETTLE = 40_000;

/** How often the run of one slot is begun when it is cut off: by a kill, a reboot, a new container. */
const MOST_TRIES = 2;

/** Missed slots are counted up to here. */
const MOST_MISSED = 1000;

/** What begins when. */
interface Plan {
  slot: number;
  at: number;
}

/**
 * Runs something by a timetable until it is told to stop; then the run under way has ended.
 *
 * - Each slot is run once, and no two runs overlap.
 * - Slots that pass during a run or while the process is down are caught up by one run, of the newest of them.
 * - A run that is cut off (kill, reboot, stop) is begun once more after the next start.
 * - With no state, or that of another timetable, slots count from now: a new or changed schedule starts nothing at once.
 * - A clock that is set forward makes slots late, and one run catches them up. One that is set back by less than a period runs no
 *   slot twice; by more, slots come anew by the new time.
 * - Every decision is one line of the log.
 *
 * ```ts
 * await runSchedule({
 *   name: "backup",
 *   timetable: parseTimetable("30 3 * * *"),          // or "every 5m"; Moscow time
 *   jitter: parseSpan("60s"), timeout: parseSpan("2h"),
 *   run: async (signal) => ((await backUp(signal)) ? "ok" : "failed"),
 *   stop: stopSignal(),                                // SIGTERM, SIGINT
 *   state: stateFile("/var/lib/zakaz/schedule/backup.json"),   // in a volume
 *   health: healthFile("/tmp/health"),                 // the container's check: healthCheck("/tmp/health")
 *   clock: systemClock, log,
 * });
 * ```
 */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const gap = shortestGap(options.timetable);
  if (options.jitter >= gap) {
    throw new ScheduleError(`must be less than the ${gap / 1000} s between two slots`);
  }
  await new Schedule(options).run();
}

/** Aborted by SIGTERM and SIGINT. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  return stop.signal;
}

class Schedule {
  private state: ScheduleState;
  private plan: Plan | undefined;
  private newestTime: number;
  /** How the last run of this process ended: one that has just begun answers for no other. */
  private last: { outcome: RunOutcome; slot: number; at: number } | undefined;

  constructor(private readonly options: ScheduleOptions) {
    this.newestTime = options.clock.now();
    this.state = this.resume();
  }

  async run(): Promise<void> {
    const { clock, stop, settle = SETTLE } = this.options;
    let plan = this.makePlan();
    if (plan.at <= clock.now()) {
      this.report(plan);
      await this.pause(settle);
    }
    while (!stop.aborted) {
      this.noticeSetBack();
      plan = this.makePlan();
      this.report(plan);
      const wait = plan.at - clock.now();
      if (wait > 0) await this.pause(Math.min(wait, BEAT));
      else await this.runSlot(plan.slot);
    }
    this.options.log.info(`Schedule of ${this.options.name} ends: ${describeError(stop.reason).message}`);
  }

  /** Where the last process left off. */
  private resume(): ScheduleState {
    const { name, timetable, clock, log, state } = this.options;
    const now = clock.now();
    const kept = state.read();
    const what = `Schedule of ${name} (${timetable.text})`;
    if (kept === undefined || kept.timetable !== timetable.text) {
      log.info(`${what} begins; the next slot is ${moscowTime(timetable.next(now))}`);
      return this.startAt(timetable.latest(now));
    }
    log.info(`${what} goes on; its newest slot was ${moscowTime(kept.slot)}`);
    if (!kept.open) return kept;
    if (kept.tries < MOST_TRIES) {
      log.warning(`Slot ${moscowTime(kept.slot)} was not finished: it is due again`);
      return kept;
    }
    log.error(`Slot ${moscowTime(kept.slot)} was cut off ${kept.tries} times and is given up`);
    return this.save({ ...kept, open: false });
  }

  /** What comes next. A plan stays until its time has come or the clock was set. */
  private makePlan(): Plan {
    const { timetable, jitter, clock } = this.options;
    const now = clock.now();
    const newest = timetable.latest(now);
    const isDue = newest > this.state.slot;
    const isOpen = this.state.open;
    const slot = isDue ? newest : isOpen ? this.state.slot : timetable.next(Math.max(now, this.state.slot));
    if (this.plan?.slot !== slot) {
      // What is found after its time begins at once.
      this.plan = { slot, at: isDue || isOpen ? slot : slot + Math.floor(jitter * clock.random()) };
    }
    // Also where the clock was set back meanwhile.
    if (isOpen && !isDue) this.plan.at = Math.min(this.plan.at, now + BUSY_WAIT);
    return this.plan;
  }

  private noticeSetBack(): void {
    const { timetable, clock, log } = this.options;
    const now = clock.now();
    const { slot } = this.state;
    const back = this.newestTime - now;
    this.newestTime = now;
    const seconds = Math.round(back / 1000);
    if (seconds > 0) {
      log.warning(`The clock was set back by ${seconds} s to ${moscowTime(now)}`);
    }
    // Also when little by little.
    const isFarAhead = timetable.next(now) < slot;
    const isAhead = slot > now && back >= timetable.next(slot) - slot;
    if (!isFarAhead && !isAhead) return;
    log.warning(
      `Slot ${moscowTime(slot)} lies ahead of a clock that was set back by a period: slots count from now`,
    );
    this.state = this.startAt(timetable.latest(now));
  }

  private async runSlot(slot: number): Promise<void> {
    const { clock, log, stop, timetable } = this.options;
    const isAgain = slot === this.state.slot;
    const tries = (isAgain ? this.state.tries : 0) + 1;
    const missed = isAgain ? 0 : this.countMissed(slot);
    const late = Math.round((clock.now() - slot) / 1000);
    this.state = this.save({ timetable: timetable.text, slot, tries, open: true });
    const name = `Slot ${moscowTime(slot)}`;
    log.info(`${name} begins${describeMissed(missed)}`, {
      slot,
      late,
      missed,
      tries,
    });

    const startedAt = clock.now();
    const outcome = await this.runGuarded(slot);
    const seconds = Math.round((clock.now() - startedAt) / 1000);
    this.plan = undefined;
    this.last = { outcome, slot, at: clock.now() };
    if (outcome === "busy") {
      this.state = this.save({ ...this.state, tries: tries - 1 });
      this.plan = { slot, at: clock.now() + BUSY_WAIT };
      log.warning(`${name}: another run is at work; it is tried again in ${BUSY_WAIT / 1000} s`, {
        slot,
        outcome,
      });
    } else if (outcome === "failed" && stop.aborted) {
      log.warning(`${name} was cut off; it is due again at the next start`, { slot, outcome, seconds });
    } else {
      this.state = this.save({ ...this.state, open: false });
      const level = outcome === "ok" ? "info" : outcome === "partial" ? "warning" : "error";
      const next = moscowTime(timetable.next(clock.now()));
      log[level](`${name} ended ${outcome} after ${seconds} s; the next slot is ${next}`, {
        slot,
        outcome,
        seconds,
      });
    }
  }

  /** One run with its time limit; meanwhile the health is reported. */
  private async runGuarded(slot: number): Promise<RunOutcome> {
    const { name, run, stop, timeout, clock, log } = this.options;
    const limit = new AbortController();
    const over = new AbortController();
    const end = (): void => limit.abort(stop.reason);
    stop.addEventListener("abort", end, { once: true });
    const whileRunning = async (): Promise<void> => {
      for (let left = timeout; left > 0; left -= BEAT) {
        await clock.sleep(Math.min(left, BEAT), over.signal);
        this.report({ slot, at: slot });
      }
      log.error(`Slot ${moscowTime(slot)} has used up its ${timeout / 1000} s and is stopped`);
      limit.abort(new Error(`${name} has used up its ${timeout / 1000} s`));
      for (;;) {
        await clock.sleep(BEAT, over.signal);
        this.report({ slot, at: slot });
      }
    };
    whileRunning().catch((error: unknown) => {
      if (!over.signal.aborted) limit.abort(error);
    });
    try {
      return await run(limit.signal, slot);
    } catch (error) {
      const { error_type: type, message } = describeError(error);
      log.error(`Slot ${moscowTime(slot)} failed: ${type}: ${message}`);
      return "failed";
    } finally {
      over.abort();
      stop.removeEventListener("abort", end);
    }
  }

  /** Slots between the newest one that was begun and this one. */
  private countMissed(slot: number): number {
    const { timetable } = this.options;
    let missed = 0;
    let passed = timetable.next(this.state.slot);
    for (; passed < slot && missed < MOST_MISSED; missed += 1) passed = timetable.next(passed);
    return missed;
  }

  private report({ slot, at }: Plan): void {
    const { health, clock } = this.options;
    const next =
      at > clock.now() ? `next slot ${moscowTime(slot)}` : `slot ${moscowTime(slot)} is due or at work`;
    const last = this.last && `slot ${moscowTime(this.last.slot)} ended ${this.last.outcome}`;
    health({ ok: this.last?.outcome !== "failed", text: [last, next].filter(Boolean).join("; ") });
  }

  private startAt(slot: number): ScheduleState {
    return this.save({ timetable: this.options.timetable.text, slot, tries: 0, open: false });
  }

  private save(state: ScheduleState): ScheduleState {
    this.options.state.write(state);
    return state;
  }

  /** Waits; a stop ends it. */
  private async pause(ms: number): Promise<void> {
    await this.options.clock.sleep(ms, this.options.stop).catch(() => undefined);
  }
}

function describeMissed(missed: number): string {
  if (missed === 0) return "";
  return ` and makes up for ${missed >= MOST_MISSED ? "at least " : ""}${missed} missed before it`;
}
