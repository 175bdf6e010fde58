import type { z } from "zod";
import type { Source } from "./pipeline/source";
import { qtickets } from "./qtickets/source";
import { salesPlan } from "./sales-plan/source";

/** What a source's `main.ts` exports. */
export interface SourceModule {
  /** Runs the program; answers the exit code and never throws. */
  main: (argv: readonly string[]) => Promise<number>;
  /** All its settings. */
  settingsSchema: z.ZodObject<Record<string, z.ZodType>>;
}

/** A source with its program, which is loaded only where it runs. */
export interface RegisteredSource extends Source {
  program: () => Promise<SourceModule>;
}

/** Every source. A new one is a folder beside these and a line here (loaders/README.md shows how). */
export const sources: readonly RegisteredSource[] = [
  { ...qtickets, program: () => import("./qtickets/main.js") },
  { ...salesPlan, program: () => import("./sales-plan/main.js") },
];

/** The job that commands and the image take where none is named. */
export const DEFAULT_JOB = qtickets.job;

export function sourceOf(job: string): RegisteredSource | undefined {
  return sources.find((source) => source.job === job);
}
