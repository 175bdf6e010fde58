import type { Source } from "./pipeline/source";
import { qtickets } from "./qtickets/source";
import { salesPlan } from "./sales-plan/source";

/** Every source. A new one is a folder beside these and a line here (loaders/README.md shows how). */
export const sources: readonly Source[] = [qtickets, salesPlan];

/** The source that commands take where none is named. */
export const DEFAULT_JOB = qtickets.job;

export function sourceOf(job: string): Source | undefined {
  return sources.find((source) => source.job === job);
}
