import { spawn } from "node:child_process";
import type { Output } from "./check";

/** How long a command that is told to stop may take until it is killed, in ms. */
const GRACE_MS = 60_000;
/** How long output may come after a command has ended, from what it left running, in ms. */
const DRAIN_MS = 2_000;

export interface ShellOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Stops the command and what it started. */
  signal: AbortSignal;
}

/**
 * Runs a line of bash to its end, in a process group of its own: Ctrl-C at the terminal reaches the command through `signal` alone,
 * so that what is at work ends in order.
 */
export function runInShell(line: string, { cwd, env, signal }: ShellOptions): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", line], {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: Output = { code: 1, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output.stderr += chunk));
    let killing: NodeJS.Timeout | undefined;
    const stop = (): void => {
      endGroup(child.pid, "SIGINT");
      killing = setTimeout(() => endGroup(child.pid, "SIGKILL"), GRACE_MS);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    child.once("error", reject);
    child.once("exit", (code) => {
      output.code = code ?? 1;
      clearTimeout(killing);
      signal.removeEventListener("abort", stop);
      const drained = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MS);
      child.once("close", () => clearTimeout(drained));
    });
    child.once("close", () => resolve(output));
  });
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
