import { spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../../ops/container";

const ROOT = join(__dirname, "../../..");

/** What Docker says of a server that is well. */
export const RUNNING: Container = {
  status: "running",
  health: "healthy",
  outOfMemory: false,
  exitCode: 0,
  memory: 4096,
};

/** What `pulumi stack output` prints of a stack whose server is at a URL. */
export function stackOutputs(url: string, jobs: string[] = ["qtickets_api", "plan", "yandex_direct"]) {
  const target = { url, user: "u", password: "p", container: "c" };
  const loaderTarget = {
    ...{ url, container: "c", network: "n", image: "sha256:i", volumes: ["q:/q"], labels: ["a=b"] },
    settings: { CLICKHOUSE_USER: "etl_writer", CLICKHOUSE_PASSWORD: "secret of the loader" },
  };
  return {
    ...{ clickhouseUrl: url, database: "zakaz", container: "c", network: "n", loaderImage: "i" },
    loaderTargets: Object.fromEntries(jobs.map((job) => [job, loaderTarget])),
    schedules: {},
    readerTarget: target,
    warehouseTarget: target,
    accessTarget: { warehouse: target, logins: [] },
    backupContainer: "zakaz-backup",
  };
}

/** Puts a program that is a shell script into a folder. */
export function stubProgram(folder: string, name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `zakaz` as a process of its own. */
export function zakaz(
  args: string[],
  { env = {}, input = "", node = [] }: { env?: NodeJS.ProcessEnv; input?: string; node?: string[] } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, "ops/zakaz.cjs", ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
    });
    const ended: Ended = { code: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (ended.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (ended.stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ended, code }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
