import { spawn } from "node:child_process";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";

/** What a program prints that is shown while it runs. */
export type Live = boolean | "stderr";

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the Docker client. Standard input is where secrets go, never the arguments.
 * @param live true: what the command prints goes to the terminal as well; `stderr`: what it says beside its output
 */
export function docker(
  args: string[],
  input: string | Buffer = "",
  options: { env?: NodeJS.ProcessEnv; live?: Live } = {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, { env: { ...process.env, ...options.env } });
    const result: Result = { code: 0, stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        result[name] += chunk;
        if (options.live === true || options.live === name) process[name].write(chunk);
      });
    }
    child.once("error", (cause) =>
      reject(
        new Failure(`docker cannot be started (${cause.message}): make up sets it up`, EXIT.error, { cause }),
      ),
    );
    child.once("close", (code) => resolve({ ...result, code: code ?? 1 }));
    // A command that fails early does not read its input; its exit code tells more than the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
