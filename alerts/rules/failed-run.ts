import { asMonitor } from "../../warehouse/queries";
import { fromSeconds, type Rule } from "./rule";

interface LastRun {
  job: string;
  status: string;
  finished: number;
}

/** The newest run of each source that is loaded by itself or by `zakaz load`; who imports a file sees what comes of it. */
export const failedRun: Rule<"failedRun"> = {
  name: "failedRun",
  about: "how the last runs ended",
  asksServer: true,
  find: async ({ warehouse, sources, limits }) => {
    const runs = await warehouse.rows<LastRun>(
      asMonitor`SELECT toString(r.job) AS job, toString(argMax(r.status, (r.started_at, r._ver))) AS status,
  toUnixTimestamp(argMax(r.finished_at, (r.started_at, r._ver))) AS finished
FROM zakaz.meta_job_runs AS r FINAL WHERE has({jobs:Array(String)}, toString(r.job)) GROUP BY r.job`,
      { jobs: sources.map(({ job }) => job) },
    );
    return runs
      .filter(({ status }) => status === "error" || (status === "partial" && limits.partial))
      .map(({ job, status, finished }) => ({
        subject: job,
        severity: status === "error" ? "error" : "warning",
        sentence:
          status === "error"
            ? `The last run of ${job} failed.`
            : `The last run of ${job} was partial: something was left out.`,
        command: "npx zakaz diagnose",
        since: fromSeconds(finished),
      }));
  },
};
