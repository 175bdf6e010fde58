import { spawn } from "node:child_process";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";
import { follow, stopIfInterrupted, type AtInterrupt } from "./interruption";

/** What a program prints that is shown while it runs. */
export type Live = boolean | "stderr";

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface DockerOptions {
  env?: NodeJS.ProcessEnv;
  /** True: what the command prints goes to the terminal as well; `stderr`: what it says beside its output. */
  live?: Live;
  /** `end` by default: most commands only read. */
  atInterrupt?: AtInterrupt;
}

/** What to type when it does not answer. */
export const WAKE_DOCKER = "make up starts it, make doctor shows it";

/** No Docker, or none that answers. */
export class NoDocker extends Failure {
  constructor(
    readonly reason: string,
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`${reason}: ${advice}`, EXIT.error, options);
  }
}

/** What the client says when nobody answers behind its socket, or this user may not ask. */
const NO_ENGINE = /^.*(?:cannot connect to the docker daemon|permission denied while trying to connect).*$/im;

/**
 * Runs the Docker client. Standard input is where secrets go, never the arguments.
 * @throws NoDocker when there is no client, or no engine that answers it; Interrupted after a signal
 */
export function docker(
  args: string[],
  input: string | Buffer = "",
  { env, live = false, atInterrupt = "end" }: DockerOptions = {},
): Promise<Result> {
  stopIfInterrupted();
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, {
      env: { ...process.env, ...env },
      detached: atInterrupt !== "end",
    });
    follow(child, atInterrupt);
    const result: Result = { code: 0, stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        result[name] += chunk;
        if (live === true || live === name) process[name].write(chunk);
      });
    }
    child.once("error", (cause) =>
      reject(new NoDocker(`docker cannot be started (${cause.message})`, "make up sets it up", { cause })),
    );
    child.once("close", (code) => {
      const engine = code === 0 ? null : NO_ENGINE.exec(result.stderr);
      if (engine === null) resolve({ ...result, code: code ?? 1 });
      else reject(new NoDocker(`Docker does not answer (${engine[0].trim()})`, WAKE_DOCKER));
    });
    // A command that fails early does not read its input; its exit code tells more than the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
