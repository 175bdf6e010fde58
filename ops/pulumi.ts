import { spawn } from "node:child_process";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";
import type { Result } from "./docker";

/**
 * Runs `pulumi` on the selected stack, without questions.
 * @param input standard input: the way of secrets
 * @param onLine gets each line that Pulumi prints, while it runs
 */
export function pulumi(args: string[], input = "", onLine?: (line: string) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color=never"]);
    const result: Result = { code: 0, stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      let rest = "";
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        result[name] += chunk;
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine?.(line);
      });
    }
    child.once("error", (cause) =>
      reject(
        new Failure(
          `pulumi cannot be started (${cause.message}): eval "$(make -s env)" puts it on PATH`,
          EXIT.error,
          { cause },
        ),
      ),
    );
    child.once("close", (code) => resolve({ ...result, code: code ?? 1 }));
    // A command that fails early does not read its input; its exit code tells more than the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
