import { z } from "zod";
import { docker, NoDocker } from "./docker";
import { parseJson } from "./stack";

/** What `docker inspect` says of a container, as far as an operator needs it. */
const inspected = z.object({
  Created: z.string().optional(),
  State: z.object({
    Status: z.string(),
    OOMKilled: z.boolean().default(false),
    ExitCode: z.number().default(0),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  HostConfig: z.object({ Memory: z.number().default(0) }).default({ Memory: 0 }),
});

/** A container as Docker knows it. */
export interface Container {
  /** Docker's word (`running`, `exited`, `paused`, `restarting` …); `absent`: there is none; `unknown`: Docker does not tell. */
  status: string;
  /** Docker's word (`healthy`, `starting`, `unhealthy`); empty without a health check. */
  health: string;
  /** Killed because the container used up its memory. */
  outOfMemory: boolean;
  exitCode: number;
  /** Its limit in MiB; 0: none. */
  memory: number;
  /** When it was made, as Docker writes times. */
  created?: string;
  /** Of an unknown one, what keeps Docker from telling. */
  why?: string;
}

/** Docker's words for a container that does not run, and will not by itself. */
const STOPPED: readonly string[] = ["created", "dead", "exited"];

/** Docker's word for how a container is; `stopped` for those that do not run and will not by themselves. */
export const stateOf = ({ status }: Container): string => (STOPPED.includes(status) ? "stopped" : status);

const NONE: Container = { status: "absent", health: "", outOfMemory: false, exitCode: 0, memory: 0 };

/** Asks Docker for a container. That there is none, or no Docker, is an answer too. */
export async function inspectContainer(name: string): Promise<Container> {
  try {
    const { code, stdout, stderr } = await docker(["container", "inspect", name]);
    if (code !== 0 && /no such container/i.test(stderr)) return NONE;
    const parsed = z.tuple([inspected]).safeParse(parseJson(stdout));
    if (!parsed.success) return { ...NONE, status: "unknown", why: stderr.trim().split("\n")[0] ?? "" };
    const [{ Created: created, State: state, HostConfig: limits }] = parsed.data;
    return {
      ...(created === undefined ? {} : { created }),
      status: state.Status,
      health: state.Health?.Status ?? "",
      outOfMemory: state.OOMKilled,
      exitCode: state.ExitCode,
      memory: limits.Memory / 2 ** 20,
    };
  } catch (error) {
    if (!(error instanceof NoDocker)) throw error;
    return { ...NONE, status: "unknown", why: error.reason };
  }
}
