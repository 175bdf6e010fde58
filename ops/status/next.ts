import { sourceOf } from "../../loaders/sources";
import { DEFAULT_MINUTES, MOST_MINUTES } from "../diagnosis/window";
import { loadCommand } from "../source";
import type { Status, Table } from "./read";

/** Something to type, and why. */
export interface Step {
  type: string;
  why: string;
}

/** What a server needs that does not serve, by its state. */
const SERVER: Readonly<Record<string, (container: string) => Step>> = {
  absent: () => ({
    type: "make up",
    why: "builds the stack, or what is missing of it; data live in volumes",
  }),
  stopped: (container) => ({ type: `docker start ${container}`, why: "starts the server" }),
  paused: (container) => ({ type: `docker unpause ${container}`, why: "lets the server go on" }),
  starting: () => ({ type: "npx zakaz status", why: "in a few seconds: the server is starting" }),
  restarting: () => ({ type: "npx zakaz diagnose", why: "the server ends again and again" }),
  unhealthy: () => ({ type: "npx zakaz diagnose", why: "the server fails its health check" }),
  silent: () => ({ type: "npx zakaz diagnose", why: "the server does not answer" }),
  refusing: () => ({ type: "npx zakaz diagnose", why: "the server does not let admin in" }),
};

/** What to type next, the most urgent first. */
export function nextSteps(status: Status): Step[] {
  const { server, schema, access } = status;
  const steps = [
    ...[SERVER[server.state]?.(server.container ?? "")],
    ...drifted("schema", schema.state),
    ...drifted("access", access.state),
    ...([schema, access].some(({ state }) => state === "drifted")
      ? [{ type: "pulumi up", why: "makes it as declared; never drops data" }]
      : []),
    ...sandboxDown(status),
    ...alertsDown(status),
    ...schedules(status),
    ...failedRuns(status),
    ...loads(status),
  ].filter((step) => step !== undefined);
  // One command may mend two things.
  const first = steps.filter(({ type }, i) => steps.findIndex((step) => step.type === type) === i);
  if (first.length > 0) return first;
  return [{ type: "pulumi preview", why: "all is well; shows what a change of yours would do" }];
}

function drifted(what: string, state: string): Step[] {
  return state === "drifted"
    ? [{ type: `npx zakaz ${what} diff`, why: "shows what differs, and what fixes it" }]
    : [];
}

function sandboxDown({ sandbox }: Status): Step[] {
  if (sandbox === null || !["absent", "stopped", "paused"].includes(sandbox.state)) return [];
  const { container, state } = sandbox;
  if (state === "paused") return [{ type: `docker unpause ${container}`, why: "lets the sandbox go on" }];
  return [{ type: "make up", why: "brings back the sandbox, which loads read" }];
}

function alertsDown({ alerts }: Status): Step[] {
  if (alerts === null || ["healthy", "running", "starting"].includes(alerts.state)) return [];
  const { container, state } = alerts;
  if (state === "absent") return [{ type: "make up", why: "brings the alerts back" }];
  if (state === "unhealthy")
    return [{ type: `docker logs --tail 20 ${container}`, why: "says why the alerts hang" }];
  return [{ type: `docker start ${container}`, why: "starts the alerts" }];
}

/** What brings back a schedule that does not run, or says why it fails. */
function schedules(status: Status): Step[] {
  return status.schedules.flatMap(({ job, container, state }): Step[] => {
    if (state === "absent") return [{ type: "pulumi up --refresh", why: `brings back what loads ${job}` }];
    if (state === "exited" || state === "created")
      return [{ type: `docker start ${container}`, why: `starts what loads ${job} by itself` }];
    if (state !== "unhealthy") return [];
    return [{ type: `docker logs --tail 20 ${container}`, why: `says why the last load of ${job} failed` }];
  });
}

function failedRuns({ runs }: Status): Step[] {
  const failed = runs.last.filter(({ status }) => status !== "ok");
  if (failed.length === 0) return [];
  const since = Math.max(...failed.map(({ secondsAgo }) => secondsAgo));
  const minutes = Math.min(Math.ceil(since / 60) + 1, MOST_MINUTES);
  const flag = minutes > DEFAULT_MINUTES ? ` --minutes ${minutes}` : "";
  const jobs = failed.map(({ job, status }) => `${job} ended ${status}`).join(", ");
  return [{ type: `npx zakaz diagnose${flag}`, why: `says why: ${jobs}` }];
}

/** A load for each job that is not at work now and whose tables are empty or stale; nobody need bring a file. */
function loads({ tables, running }: Status): Step[] {
  const wanted = (job: string, { state }: Table) =>
    state === "stale" || (state === "empty" && sourceOf(job)?.kind === "api");
  const jobs = [...new Set(tables.map(({ job }) => job))].filter(
    (job) => !running.some((run) => run.job === job),
  );
  return jobs.flatMap((job): Step[] => {
    const own = tables.filter((table) => table.job === job);
    const source = sourceOf(job);
    // One that found nothing for a table is no reason for another.
    if (
      source === undefined ||
      !own.some((table) => wanted(job, table)) ||
      own.some(({ state }) => state === "fresh")
    )
      return [];
    const state = own.some(({ state }) => state === "stale") ? "stale" : "empty";
    return [{ type: loadCommand(source), why: `${source.title} is ${state}` }];
  });
}
