import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Output } from "./check";

/** How long a command that is told to stop may take, and then what it started, until they are killed, in ms. */
const GRACE_MS = 60_000;
const REST_MS = 5_000;
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
export async function runInShell(line: string, { cwd, env, signal }: ShellOptions): Promise<Output> {
  const child = spawn("bash", ["-c", line], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const output: Output = { code: 1, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output.stderr += chunk));
  let ended = false;
  let stopping: Promise<void> | undefined;
  const stop = (): void => void (stopping = stopGroup(child.pid, () => ended));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      ended = true;
      output.code = code ?? 1;
      signal.removeEventListener("abort", stop);
      const drained = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MS);
      child.once("close", () => clearTimeout(drained));
    });
    child.once("close", () => resolve());
  });
  await stopping;
  return output;
}

/** Interrupts a process group and waits for its end; what does not heed that is killed. */
async function stopGroup(pid: number | undefined, hasEnded: () => boolean): Promise<void> {
  if (pid === undefined || !signalGroup(pid, "SIGINT")) return;
  let deadline = Date.now() + GRACE_MS;
  for (let headless = false; Date.now() < deadline;) {
    await sleep(100);
    if (!signalGroup(pid, 0)) return;
    if (headless || !hasEnded()) continue;
    // What is left runs in the background, where a shell lets it ignore an interrupt.
    headless = true;
    deadline = Math.min(deadline, Date.now() + REST_MS);
  }
  signalGroup(pid, "SIGKILL");
}

/** False when there is no such group any more. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
