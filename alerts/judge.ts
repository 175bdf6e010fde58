import { StatementFailure, Unreachable } from "../warehouse/failure";
import type { Incident, Trouble } from "./incidents";
import type { Rule, Sight } from "./rules/rule";
import type { AlertSettings } from "./settings";

/** What a round has found. */
export interface Judgement {
  troubles: Trouble[];
  /** Whether a rule has been asked of a subject, or is switched off for good. */
  isJudged: (one: Pick<Incident, "rule" | "subject">) => boolean;
  /** Rules that could not be asked because the server went away. */
  unanswered: string[];
}

/** What rules look at, but for their own limits. */
export type CommonSight = Omit<Sight, "limits">;

/** Asks the rules; remembers which of them need not be asked in every round. */
export class Judge {
  private readonly askedAt = new Map<string, number>();

  constructor(
    private readonly rules: readonly Rule[],
    private readonly settings: AlertSettings["rules"],
  ) {}

  async judge(sight: CommonSight): Promise<Judgement> {
    const troubles: Trouble[] = [];
    const asked = new Set<string>();
    const unanswered: string[] = [];
    for (const rule of this.rules) {
      const limits = this.settings[rule.name];
      if (!limits.on || !this.isDue(rule, sight)) continue;
      try {
        const found = await rule.find({ ...sight, limits });
        troubles.push(...found.map((one) => ({ ...one, rule: rule.name })));
        asked.add(rule.name);
        this.askedAt.set(rule.name, sight.now);
      } catch (error) {
        if (error instanceof StatementFailure) troubles.push(...this.blindness(rule, error));
        else if (error instanceof Unreachable) unanswered.push(rule.name);
        else throw error;
      }
    }
    const refused = new Set(troubles.filter(({ rule }) => rule === "blind").map(({ subject }) => subject));
    const isJudged: Judgement["isJudged"] = ({ rule, subject }) => {
      const limits = (this.settings as Record<string, { on: boolean } | undefined>)[rule];
      if (limits?.on !== true) return true;
      return rule === "blind"
        ? asked.has(subject) || this.isOff(subject)
        : asked.has(rule) && !refused.has(rule);
    };
    return { troubles, isJudged, unanswered };
  }

  private isOff(rule: string): boolean {
    return (this.settings as Record<string, { on: boolean } | undefined>)[rule]?.on !== true;
  }

  private isDue({ name, asksServer, everyMinutes }: Rule, { now, silence }: CommonSight): boolean {
    if (asksServer && silence !== undefined) return false;
    const last = this.askedAt.get(name);
    if (everyMinutes === undefined || last === undefined || last > now) return true;
    return now - last >= everyMinutes(this.settings[name]) * 60_000;
  }

  /** A question that ClickHouse refuses is a trouble of its own: its rule would find nothing ever again. */
  private blindness({ name, about }: Rule, { code }: StatementFailure): Trouble[] {
    if (!this.settings.blind.on) return [];
    return [
      {
        rule: "blind",
        subject: name,
        severity: "warning",
        sentence: `The alerts cannot see ${about}: ClickHouse refuses the question with code ${code}.`,
        command: "npx zakaz access diff",
        // A busy moment passes.
        holdMs: 300_000,
      },
    ];
  }
}
