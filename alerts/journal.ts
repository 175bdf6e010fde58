import { z } from "zod";
import type { Warehouse } from "../warehouse/client";
import { asMonitor } from "../warehouse/queries";
import { keyOf, severity, type Book, type Event, type Incident } from "./incidents";

/** A row of `meta.etl_alerts` by the alerts themselves. */
export const row = z.object({
  id: z.string(),
  /** Milliseconds since 1970 UTC. */
  at: z.number(),
  severity: z.enum(["info", "warning", "error"]),
  job: z.string(),
  code: z.string(),
  message: z.string(),
  context: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Row = z.infer<typeof row>;

/**
 * An incident has one `alert_id` and two rows: one of its alert, one of severity `info` of its end, which is the later one
 * also where the clock was set back meanwhile.
 */
export function rowOf({ kind, incident, at: now }: Event): Row {
  const { id, rule, subject, sentence, command, since, alertedAt } = incident;
  const at = kind === "alert" ? now : Math.max(now, (alertedAt ?? now) + 1000);
  return {
    id,
    at,
    severity: kind === "alert" ? incident.severity : "info",
    job: subject,
    code: rule,
    message: kind === "alert" ? sentence : `Recovered. It was: ${sentence}`,
    context: { incident: kind, since, command, severity: incident.severity },
  };
}

/** The row of a test. */
export function testRow(id: string, at: number, message: string): Row {
  return { id, at, severity: "info", job: "alerts", code: "test", message, context: { incident: "test" } };
}

/** Writes rows; to write one again changes nothing. Throws StatementFailure, Unreachable. */
export async function writeRows(warehouse: Pick<Warehouse, "command">, rows: readonly Row[]): Promise<void> {
  for (const one of rows) {
    await warehouse.command(
      asMonitor`INSERT INTO meta.etl_alerts (ts, alert_id, severity, job, code, message, context_json, _ver)
SELECT toDateTime({at:UInt32}, 'Europe/Moscow'), {id:UUID}, {severity:String}, {job:String}, {code:String}, {message:String}, {context:String}, {version:UInt64}`,
      {
        at: Math.floor(one.at / 1000),
        id: one.id,
        severity: one.severity,
        job: one.job,
        code: one.code,
        message: one.message,
        context: JSON.stringify(one.context),
        version: one.at,
      },
    );
  }
}

interface Told {
  id: string;
  kind: "alert" | "recovered";
  rule: string;
  subject: string;
  severity: string;
  sentence: string;
  command: string;
  since: number;
  alertedAt: number;
}

/**
 * The incidents as the table knows them, for a start without a state of one's own: those that were told and have not ended, and
 * the last alerts. Throws StatementFailure, Unreachable.
 */
export async function readBook(warehouse: Pick<Warehouse, "rows">): Promise<Book> {
  const told = await warehouse.rows<Told>(
    asMonitor`SELECT toString(a.alert_id) AS id, argMax(JSONExtractString(a.context_json, 'incident'), a._ver) AS kind,
  toString(any(a.code)) AS rule, toString(any(a.job)) AS subject, argMin(JSONExtractString(a.context_json, 'severity'), a._ver) AS severity,
  argMin(a.message, a._ver) AS sentence, argMin(JSONExtractString(a.context_json, 'command'), a._ver) AS command,
  argMin(JSONExtractUInt(a.context_json, 'since'), a._ver) AS since, min(a._ver) AS alertedAt
FROM meta.etl_alerts AS a FINAL WHERE JSONExtractString(a.context_json, 'incident') IN ('alert', 'recovered')
GROUP BY a.alert_id ORDER BY alertedAt`,
  );
  const incidents = told
    .filter(({ kind }) => kind === "alert")
    .map(({ kind: _, ...one }): Incident => ({
      ...one,
      severity: severity.parse(one.severity),
      firstSeen: one.since,
    }));
  return {
    incidents,
    lastAlerts: Object.fromEntries(told.map((one) => [keyOf(one), one.alertedAt])),
  };
}
