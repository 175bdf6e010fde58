import { asMonitor } from "../../warehouse/queries";
import { fromSeconds, oneDecimal, type Rule } from "./rule";

interface Rejected {
  job: string;
  finished: number;
  rejected: number;
  written: number;
}

/** Rows that the newest run of a job put aside, against all that it had. A run that failed says nothing of them. */
export const quarantine: Rule<"quarantine"> = {
  name: "quarantine",
  about: "how many rows were put aside",
  asksServer: true,
  find: async ({ warehouse, sources, limits }) => {
    const runs = await warehouse.rows<Rejected>(
      asMonitor`SELECT toString(r.job) AS job, toUnixTimestamp(argMax(r.finished_at, (r.started_at, r._ver))) AS finished,
  argMax(arraySum(mapValues(JSONExtract(r.message, 'quarantined', 'Map(String, UInt64)'))), (r.started_at, r._ver)) AS rejected,
  argMax(r.rows_processed, (r.started_at, r._ver)) AS written
FROM zakaz.meta_job_runs AS r FINAL
WHERE r.status IN ('ok', 'partial') AND has({jobs:Array(String)}, toString(r.job)) GROUP BY r.job`,
      { jobs: sources.map(({ job }) => job) },
    );
    return runs.flatMap(({ job, finished, rejected, written }) => {
      const percent = (100 * rejected) / Math.max(1, rejected + written);
      if (rejected < limits.rows || percent <= limits.percent) return [];
      return [
        {
          subject: job,
          severity: "warning",
          sentence: `The last run of ${job} put ${rejected} rows aside and wrote ${written} (${oneDecimal(percent)} %); the limit is ${limits.percent} %.`,
          command: "npx zakaz diagnose",
          since: fromSeconds(finished),
        },
      ];
    });
  },
};
