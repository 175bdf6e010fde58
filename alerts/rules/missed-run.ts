import { moscowTime, parseTimetable } from "../../schedule/timetable";
import { asMonitor } from "../../warehouse/queries";
import { fromSeconds, type Rule } from "./rule";

interface NewestRun {
  job: string;
  started: number;
}

/** A scheduled job of which two slots in a row have passed, with all the time that a run may take, and none was run. */
export const missedRun: Rule<"missedRun"> = {
  name: "missedRun",
  about: "whether scheduled jobs are run",
  asksServer: true,
  find: async ({ warehouse, schedules, watchedSince, now }) => {
    if (schedules.length === 0) return [];
    const runs = await warehouse.rows<NewestRun>(
      asMonitor`SELECT toString(r.job) AS job, toUnixTimestamp(max(r.started_at)) AS started FROM zakaz.meta_job_runs AS r FINAL
WHERE has({jobs:Array(String)}, toString(r.job)) GROUP BY r.job`,
      { jobs: schedules.map(({ job }) => job) },
    );
    return schedules.flatMap(({ job, timetable: text, longestSeconds }) => {
      const timetable = parseTimetable(text);
      const newestSlot = timetable.latest(now - longestSeconds * 1000);
      const slotBefore = timetable.latest(newestSlot - 1);
      const run = runs.find((one) => one.job === job);
      const started = run === undefined ? undefined : fromSeconds(run.started);
      if (Math.max(started ?? 0, watchedSince[job] ?? now) >= slotBefore) return [];
      const last = started === undefined ? "there was none before" : `the last began ${moscowTime(started)}`;
      return [
        {
          subject: job,
          severity: "error",
          sentence: `No run of ${job} was begun at ${moscowTime(slotBefore)}, nor at the next time it was due (${text}); ${last}.`,
          command: "npx zakaz status",
          since: slotBefore,
        },
      ];
    });
  },
};
