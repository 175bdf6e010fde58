import { Cron } from "croner";

/** The zone in which timetables are read, whatever that of the machine. */
export const SCHEDULE_ZONE = "Europe/Moscow";

/** The slots of a schedule: the times at which something is due, in milliseconds since 1970 UTC. */
export interface Timetable {
  /** As it was written. */
  readonly text: string;
  /** The first slot after a time. */
  next(after: number): number;
  /** The newest slot at or before a time. */
  latest(at: number): number;
}

/** A timetable or a duration that cannot be used. The message is the end of a sentence that begins with what holds it. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

const SPAN = /^(\d{1,6})([smh])$/;

/** Reads `90s`, `25m`, `2h`, as milliseconds. Throws `ScheduleError`. */
export function parseSpan(text: string): number {
  const [, count, unit] = SPAN.exec(text.trim()) ?? [];
  if (count === undefined) throw new ScheduleError(`must look like 90s, 25m or 2h, not \`${text}\``);
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

/** Moscow is three hours ahead of UTC and changes no clocks: multiples of an interval are counted from its midnight. */
const MIDNIGHT = -3 * UNITS.h;

/**
 * Reads a timetable: a cron expression of five fields in Moscow time (`30 0,7 * * *`), or `every 45m`, whose slots are counted
 * from a midnight, so that a restart does not move them. Throws `ScheduleError`.
 */
export function parseTimetable(text: string): Timetable {
  const [, span] = /^every\s+(\S+)$/.exec(text.trim()) ?? [];
  return span === undefined ? cronTimetable(text) : intervalTimetable(text, span);
}

function intervalTimetable(text: string, span: string): Timetable {
  if (!SPAN.test(span)) throw notATimetable(text, `an interval ends with 90s, 25m or 2h`);
  const ms = parseSpan(span);
  if (ms === 0) throw new ScheduleError(`must be longer than nothing, not \`${text}\``);
  const latest = (at: number): number => Math.floor((at - MIDNIGHT) / ms) * ms + MIDNIGHT;
  return { text, latest, next: (after) => latest(after) + ms };
}

function cronTimetable(text: string): Timetable {
  const cron = openCron(text);
  // Heartbeats ask again and again within one gap, and a zone costs much to calculate with.
  let known = { from: 0, to: 0 };
  const gapAround = (at: number): typeof known => {
    if (at >= known.from && at < known.to) return known;
    const to = cron.nextRun(new Date(at));
    // What croner calls previous lies before the time it is given.
    const [from] = cron.previousRuns(1, new Date(at + 1));
    if (to === null || from === undefined) throw new ScheduleError(`never comes: \`${text}\``);
    return (known = { from: from.getTime(), to: to.getTime() });
  };
  gapAround(Date.UTC(2030, 0, 1));
  return { text, next: (after) => gapAround(after).to, latest: (at) => gapAround(at).from };
}

function openCron(text: string): Cron {
  try {
    return new Cron(text, { timezone: SCHEDULE_ZONE, mode: "5-part", paused: true });
  } catch (error) {
    const why = (error as Error).message.replace(/^CronPattern: /, "");
    throw notATimetable(text, why);
  }
}

function notATimetable(text: string, why: string): ScheduleError {
  return new ScheduleError(
    `must be a cron expression of five fields such as \`*/30 * * * *\`, or an interval such as \`every 45m\`, not \`${text}\` (${why})`,
  );
}

/** So many gaps tell the shortest: two days of half hours. */
const GAPS = 100;

/** The shortest time between two slots, in milliseconds, seen over a hundred of them. */
export function shortestGap(timetable: Timetable): number {
  let shortest = Infinity;
  let slot = timetable.next(Date.UTC(2030, 0, 1));
  for (let i = 0; i < GAPS; i += 1) {
    const next = timetable.next(slot);
    shortest = Math.min(shortest, next - slot);
    slot = next;
  }
  return shortest;
}

const MOSCOW_TIME = new Intl.DateTimeFormat("sv-SE", {
  timeZone: SCHEDULE_ZONE,
  dateStyle: "short",
  timeStyle: "medium",
});

/** A time for people: `2030-01-31 12:30:00 Moscow time`. */
export function moscowTime(ms: number): string {
  return `${MOSCOW_TIME.format(ms)} Moscow time`;
}
