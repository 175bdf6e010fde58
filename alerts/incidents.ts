import { randomUUID } from "node:crypto";
import { z } from "zod";

export const severity = z.enum(["warning", "error"]);

/** Something that is wrong now, as a rule has found it. */
export const trouble = z.object({
  /** Name of the rule. */
  rule: z.string(),
  /** Of what: a job, a disk. One rule has one incident of a subject at a time. */
  subject: z.string(),
  severity,
  /** One sentence of names and figures; nothing secret, nothing personal. */
  sentence: z.string(),
  /** What shows more. */
  command: z.string(),
  /** When it began, where the rule knows; else when it was first seen. Milliseconds since 1970 UTC, as all times here. */
  since: z.number().optional(),
  /** How long it must be seen before anybody is told. */
  holdMs: z.number().optional(),
});
export type Trouble = z.infer<typeof trouble>;

const incident = trouble.omit({ holdMs: true }).extend({
  id: z.uuid(),
  since: z.number(),
  firstSeen: z.number(),
  /** When people were told; null: not yet. */
  alertedAt: z.number().nullable(),
});
/** A trouble from its first sight to its end. */
export type Incident = z.infer<typeof incident>;

/** All that must be known of incidents from one round to the next. */
export const book = z.object({
  incidents: z.array(incident),
  /** When the last alert of a rule and subject was, by `keyOf`, as far as the cooldown goes back. */
  lastAlerts: z.record(z.string(), z.number()),
});
export type Book = z.infer<typeof book>;

export const EMPTY_BOOK: Book = { incidents: [], lastAlerts: {} };

/** That people are to be told. */
export interface Event {
  kind: "alert" | "recovered";
  incident: Incident;
  at: number;
}

export interface Advance {
  now: number;
  /** Shortest time between two alerts of one rule and subject. */
  cooldownMs: number;
  /** Whether its rule was asked this time, or will never be again: what was not asked stays as it is. */
  isJudged: (one: Pick<Incident, "rule" | "subject">) => boolean;
}

export const keyOf = ({ rule, subject }: Pick<Trouble, "rule" | "subject">): string => `${rule} ${subject}`;

/**
 * The next state of all incidents, and what people are told: one alert when a trouble has been seen long enough and the last
 * alert of its kind is long enough ago, one recovery when it is gone. A trouble that goes before its alert was due is never
 * told.
 */
export function advance(
  { incidents, lastAlerts }: Book,
  found: readonly Trouble[],
  { now, cooldownMs, isJudged }: Advance,
): { book: Book; events: Event[] } {
  const events: Event[] = [];
  const alerts = new Map(
    Object.entries(lastAlerts)
      // A clock that was set back must not make a cooldown longer.
      .map(([key, at]): [string, number] => [key, Math.min(at, now)])
      .filter(([, at]) => now - at < cooldownMs),
  );
  const next: Incident[] = [];
  const seen = new Set<string>();

  const keep = (one: Incident, holdMs: number): void => {
    const due = now - one.firstSeen >= holdMs && !alerts.has(keyOf(one));
    if (one.alertedAt !== null || !due) {
      next.push(one);
      return;
    }
    const told = { ...one, alertedAt: now };
    alerts.set(keyOf(one), now);
    events.push({ kind: "alert", incident: told, at: now });
    next.push(told);
  };

  for (const { holdMs = 0, ...one } of found) {
    const key = keyOf(one);
    if (seen.has(key)) continue;
    seen.add(key);
    const known = incidents.find((other) => keyOf(other) === key);
    const firstSeen = Math.min(known?.firstSeen ?? now, now);
    // What is told once stays as it was told; until then the newest facts count.
    if (known !== undefined && known.alertedAt !== null) next.push(known);
    else
      keep(
        {
          ...one,
          id: known?.id ?? randomUUID(),
          since: one.since ?? firstSeen,
          firstSeen,
          alertedAt: null,
        },
        holdMs,
      );
  }
  for (const one of incidents.filter((other) => !seen.has(keyOf(other)))) {
    if (!isJudged(one)) next.push(one);
    else if (one.alertedAt !== null) events.push({ kind: "recovered", incident: one, at: now });
  }
  return { book: { incidents: next, lastAlerts: Object.fromEntries(alerts) }, events };
}
