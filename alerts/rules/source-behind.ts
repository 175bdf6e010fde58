import { asMonitor } from "../../warehouse/queries";
import { fromSeconds, oneDecimal, type Rule } from "./rule";

interface Freshness {
  job: string;
  /** End of the newest good run; null: never. */
  ok: number | null;
}

const HOUR = 3_600_000;

/** A source that has been run, and has had no good run within its limit. One that was never run is a matter of its schedule. */
export const sourceBehind: Rule<"sourceBehind"> = {
  name: "sourceBehind",
  about: "how old the data of the sources are",
  asksServer: true,
  find: async ({ warehouse, sources, limits, now }) => {
    const rows = await warehouse.rows<Freshness>(
      asMonitor`SELECT f.source AS job, toUnixTimestamp(f.last_ok_at) AS ok FROM bi.v_ops_freshness AS f WHERE f.last_run_at IS NOT NULL`,
    );
    return rows.flatMap(({ job, ok }) => {
      const source = sources.find((one) => one.job === job);
      const hours = limits.hours[job] ?? source?.freshHours;
      if (source === undefined || hours === undefined) return [];
      const base = { subject: job, severity: "error" as const, command: "npx zakaz status" };
      if (ok === null) return [{ ...base, sentence: `No run of ${job} has ever been good.` }];
      const age = (now - fromSeconds(ok)) / HOUR;
      if (age <= hours) return [];
      return [
        {
          ...base,
          sentence: `The last good run of ${job} ended ${oneDecimal(age)} hours ago; its limit is ${hours}.`,
          since: fromSeconds(ok) + hours * HOUR,
        },
      ];
    });
  },
};
