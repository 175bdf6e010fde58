import type { Warehouse } from "../../warehouse/client";
import { asAdmin } from "../../warehouse/queries";
import type { AlertsTarget } from "../../warehouse/target";
import { inspectContainer } from "../container";

/** The alerts of a stack that has them. */
export interface Alerts {
  container: string;
  /** Docker's word for its health, or for the container where nobody checks. */
  state: string;
  /** What was told and has not ended; null: the server does not say. */
  open: OpenAlert[] | null;
}

/** Times in Moscow time. */
export interface OpenAlert {
  severity: string;
  rule: string;
  /** Of what: a job, a disk. */
  subject: string;
  since: string;
  sentence: string;
}

/** How the container is that watches; null: the stack has none. */
export async function readAlerts(target: AlertsTarget | undefined): Promise<Alerts | null> {
  if (target === undefined) return null;
  const { status, health } = await inspectContainer(target.container);
  return { container: target.container, state: status === "running" ? health || status : status, open: null };
}

/** Alerts that were told and have not ended, the newest first. Throws StatementFailure, Unreachable. */
export function readOpenAlerts(warehouse: Warehouse): Promise<OpenAlert[]> {
  return warehouse.rows(
    asAdmin`SELECT argMin(toString(a.severity), a._ver) AS severity, toString(any(a.code)) AS rule, toString(any(a.job)) AS subject,
  toString(toDateTime(intDiv(argMin(JSONExtractInt(a.context_json, 'since'), a._ver), 1000), 'Europe/Moscow')) AS since,
  argMin(a.message, a._ver) AS sentence
FROM meta.etl_alerts AS a FINAL WHERE JSONExtractString(a.context_json, 'incident') IN ('alert', 'recovered')
GROUP BY a.alert_id HAVING argMax(JSONExtractString(a.context_json, 'incident'), a._ver) = 'alert' ORDER BY since DESC, subject`,
  );
}
