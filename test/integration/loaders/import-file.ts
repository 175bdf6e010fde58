import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLE, envFile, ROOT, type RunResult } from "./warehouse";

/** How the image starts Node: what memory it has. */
const NODE_FLAGS = readFileSync(join(ROOT, "loaders/Dockerfile"), "utf8").match(/--max-[\w-]+=\d+/g) ?? [];

/** Runs an import as `zakaz import` does, in the image's memory: settings and file on standard input. */
export function importFile(
  settings: Record<string, string>,
  job: string,
  csv: string | Buffer,
  flags: string[] = [],
): Promise<RunResult> {
  const started = Date.now();
  const child = spawn(process.execPath, [...NODE_FLAGS, BUNDLE, job, "-", "--envfile", "-", ...flags], {
    env: { PATH: process.env.PATH },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(Buffer.concat([Buffer.from(`${envFile(settings)}---\n`), Buffer.from(csv)]));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ code, signal, stdout, stderr, seconds: (Date.now() - started) / 1000 }),
    );
  });
}
