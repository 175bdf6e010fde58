import { closestMatch } from "leven";
import { EXIT } from "../exit-codes";
import type { Source } from "../loaders/pipeline/source";
import { DEFAULT_JOB, sourceOf, sources } from "../loaders/sources";
import { Failure } from "../warehouse/failure";

/** The jobs of sources of a kind, for people. */
export function jobList(kind: Source["kind"]): string {
  return sources
    .filter((source) => source.kind === kind)
    .map(({ job }) => job)
    .join(", ");
}

/**
 * The source of a job that somebody named.
 * @throws Failure when there is none, or it is of the other kind and has another command
 */
export function findSource(job: string, kind: Source["kind"]): Source {
  const source = sourceOf(job);
  if (source === undefined) throw new Failure(unknownJob(job), EXIT.usage);
  if (source.kind === kind) return source;
  throw new Failure(`\`${job}\` ${WAY[source.kind](job)}`, EXIT.usage);
}

/** The jobs of sources that have a probe, for people. */
export function probedJobs(): string {
  return sources
    .filter(({ probe }) => probe)
    .map(({ job }) => job)
    .join(", ");
}

/**
 * The source of a job that somebody named, if its vendor can be asked.
 * @throws Failure when there is none, or it has no probe
 */
export function findProbed(job: string): Source {
  const source = sourceOf(job);
  if (source === undefined) throw new Failure(unknownJob(job), EXIT.usage);
  if (source.probe) return source;
  throw new Failure(`\`${job}\` has no vendor to ask: npx zakaz probe takes ${probedJobs()}`, EXIT.usage);
}

/** How the data of a source come, as the end of a sentence. */
const WAY: Record<Source["kind"], (job: string) => string> = {
  api: (job) => `is read from its API: npx zakaz load ${job}`,
  file: (job) => `is brought by a file: npx zakaz import ${job} FILE`,
  warehouse: (job) => `works on what is loaded: npx zakaz ${job} --help`,
};

/** The command that brings the data of a source once more. */
export function loadCommand({ job, kind }: Source): string {
  if (kind === "api") return job === DEFAULT_JOB ? "npx zakaz load" : `npx zakaz load ${job}`;
  return kind === "file" ? `npx zakaz import ${job} FILE` : `npx zakaz ${job} --from DAY --to DAY`;
}

function unknownJob(job: string): string {
  const jobs = sources.map((source) => source.job);
  const nearest = closestMatch(job, jobs, { maxDistance: Math.ceil(job.length / 2) });
  const hint = nearest === undefined ? "" : `, the nearest is \`${nearest}\``;
  return `There is no source \`${job}\`${hint}; sources are ${jobs.join(", ")}`;
}
