import { parseTimetable } from "../schedule/timetable";

const YEAR = 366 * 86_400_000;
/** Of a schedule that comes more often, its first ones tell enough: three weeks of half hours. */
const MOST = 1000;

/**
 * Moments at which backups start by a schedule, over a year.
 * @throws ScheduleError
 */
export function backupStarts(schedule: string): number[] {
  const timetable = parseTimetable(schedule);
  const first = timetable.next(Date.UTC(2030, 0, 1));
  const starts = [first];
  while (starts.length < MOST && starts.at(-1)! - first < YEAR) starts.push(timetable.next(starts.at(-1)!));
  return starts;
}
