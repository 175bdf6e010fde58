import { asMonitor } from "../../warehouse/queries";
import { fromSeconds, oneDecimal, type Rule } from "./rule";

const HOUR = 3_600_000;

/** The age of the newest good backup, where backups were ever begun. */
export const backup: Rule<"backup"> = {
  name: "backup",
  about: "how old the newest backup is",
  asksServer: true,
  find: async ({ warehouse, limits, now }) => {
    const [found] = await warehouse.rows<{ runs: number; first: number; ok: number | null }>(
      asMonitor`SELECT count() AS runs, toUnixTimestamp(min(b.ts)) AS first, toUnixTimestamp(maxOrNullIf(b.ts, b.status = 'ok')) AS ok
FROM meta.backup_runs AS b FINAL`,
    );
    if (found === undefined || found.runs === 0) return [];
    const age = (now - fromSeconds(found.ok ?? found.first)) / HOUR;
    if (age <= limits.hours) return [];
    const what =
      found.ok === null
        ? `There is no good backup; the first was begun ${oneDecimal(age)} hours ago`
        : `The newest good backup is ${oneDecimal(age)} hours old`;
    return [
      {
        subject: "backup",
        severity: "error",
        sentence: `${what}; the limit is ${limits.hours} hours.`,
        command: "npx zakaz status",
        since: fromSeconds(found.ok ?? found.first) + limits.hours * HOUR,
      },
    ];
  },
};
