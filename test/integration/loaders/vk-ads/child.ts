import { spawn } from "node:child_process";
import { BUNDLE, envFile } from "../warehouse";

export interface ChildResult {
  code: number | null;
  output: string;
}

/** Runs the loader's bundle as `vk_ads` with nothing in its environment but PATH, settings on standard input. */
export function runVkChild(
  settings: Record<string, string>,
  args: readonly string[] = [],
): Promise<ChildResult> {
  const child = spawn(process.execPath, [BUNDLE, "vk_ads", "--envfile", "-", ...args], {
    env: { PATH: process.env.PATH },
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(envFile(settings));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
