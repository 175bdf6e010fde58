import { moscowTime, parseTimetable, type Timetable } from "../../schedule/timetable";
import type { Warehouse } from "../../warehouse/client";
import { asAdmin } from "../../warehouse/queries";
import { JOURNAL } from "../../loaders/pipeline/source";
import { inspectContainer } from "../container";
import type { StackOutputs } from "../stack";

/** A job that loads by itself. */
export interface ScheduleStatus {
  job: string;
  container: string;
  /** Docker's word; of one that runs, how its last load ended: `healthy`, `unhealthy`; `starting` at first. */
  state: string;
  /** Its timetable, in Moscow time. */
  at: string;
  /** When the next load is due, in Moscow time, if it runs by then. */
  next: string;
  /** Loads that were due in the last day, since the container is there; null: the journal cannot be read. */
  due: number | null;
  /** Of those, how many no run in the journal belongs to. */
  missed: number | null;
}

const DAY = 86_400_000;

/** Schedules of a stack without what the journal says, each with the time from which it counts. */
export function readSchedules({ schedules }: StackOutputs): Promise<(ScheduleStatus & { since: number })[]> {
  const now = Date.now();
  return Promise.all(
    Object.entries(schedules).map(async ([job, { container, at }]) => {
      const { status, health, created } = await inspectContainer(container);
      const state = status === "running" && health !== "" ? health : status;
      const next = moscowTime(parseTimetable(at).next(now));
      const since = Math.max(now - DAY, created === undefined ? 0 : Date.parse(created));
      return { job, container, state, at, next, due: null, missed: null, since };
    }),
  );
}

/** The same with the loads that did not happen; `running`: jobs of which a run is under way. */
export async function countMissed(
  warehouse: Warehouse,
  schedules: (ScheduleStatus & { since: number })[],
  running: readonly string[],
): Promise<ScheduleStatus[]> {
  const starts = await readStarts(warehouse);
  return schedules.map(({ since, ...schedule }) => {
    const own = starts.filter(({ job }) => job === schedule.job).map(({ at }) => at * 1000);
    const timetable = parseTimetable(schedule.at);
    // A run gets its row at its end: what the one under way makes up for is not known yet.
    const until = running.includes(schedule.job) ? timetable.next(Math.max(since, ...own)) : Date.now();
    return { ...schedule, ...missedSlots(timetable, { since, until }, own) };
  });
}

/** Slots whose time is over, up to the next one, and how many of them have no run that began in it. */
export function missedSlots(
  timetable: Timetable,
  { since, until }: { since: number; until: number },
  starts: readonly number[],
): { due: number; missed: number } {
  const count = { due: 0, missed: 0 };
  let slot = timetable.next(since);
  for (let next = timetable.next(slot); next <= until; next = timetable.next(slot)) {
    count.due += 1;
    if (!starts.some((start) => start >= slot && start < next)) count.missed += 1;
    slot = next;
  }
  return count;
}

/** When the runs of the last day began, in seconds since 1970 UTC. */
function readStarts(warehouse: Warehouse): Promise<{ job: string; at: number }[]> {
  return warehouse.rows(
    asAdmin`SELECT toString(job) AS job, toUnixTimestamp(started_at) AS at FROM ${JOURNAL} FINAL
WHERE started_at > now() - INTERVAL 1 DAY`,
  );
}
