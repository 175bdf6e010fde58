import type { z } from "zod";
import { DATABASE } from "../warehouse/catalogue";
import type { WrittenTable } from "../warehouse/access/agreements";
import { direct } from "./direct/source";
import type { Recompute } from "./pipeline/recompute";
import { RUN_TABLES, type Source } from "./pipeline/source";
import { qtickets } from "./qtickets/source";
import { recompute } from "./recompute/source";
import { salesPlan } from "./sales-plan/source";
import { vkAds } from "./vk-ads/source";

/** What a source's `main.ts` exports. */
export interface SourceModule {
  /** Runs the program; answers the exit code and never throws. */
  main: (argv: readonly string[]) => Promise<number>;
  /** All its settings. */
  settingsSchema: z.ZodObject<Record<string, z.ZodType>>;
  /** How its facts are made anew of what the warehouse holds. */
  recompute?: Recompute;
}

/** A source with its code, which is loaded only where it runs. */
export interface RegisteredSource extends Source {
  loadModule: () => Promise<SourceModule>;
}

/** Every source. A new one is a folder beside these and a line here (loaders/README.md shows how). */
export const sources: readonly RegisteredSource[] = [
  { ...qtickets, loadModule: () => import("./qtickets/main.js") },
  { ...vkAds, loadModule: () => import("./vk-ads/main.js") },
  { ...salesPlan, loadModule: () => import("./sales-plan/main.js") },
  { ...direct, loadModule: () => import("./direct/main.js") },
  {
    ...recompute,
    loadModule: async () => (await import("./recompute/main.js")).recomputeOver(readRecomputes),
  },
];

/** The job that commands and the image take where none is named. */
export const DEFAULT_JOB = qtickets.job;

export function sourceOf(job: string): RegisteredSource | undefined {
  return sources.find((source) => source.job === job);
}

/** Tables that the sources write, those of every run first. */
export function writtenTables(): WrittenTable[] {
  return [
    ...RUN_TABLES.map(({ name }) => ({ name, writeOnly: false, file: "loaders/pipeline/source.ts" })),
    ...sources.flatMap(({ folder, tables }) =>
      tables.map(({ name, writeOnly = false }) => ({
        name: `${DATABASE}.${name}`,
        writeOnly,
        file: `loaders/${folder}/source.ts`,
      })),
    ),
  ];
}

/** What the sources recompute, in their order. */
export async function readRecomputes(): Promise<Recompute[]> {
  const others = sources.filter(({ kind }) => kind !== "warehouse");
  const modules = await Promise.all(others.map(({ loadModule }) => loadModule()));
  return modules.flatMap((module) => module.recompute ?? []);
}
