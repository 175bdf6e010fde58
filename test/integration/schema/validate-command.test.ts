import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../../images";
import { sampleOf } from "../../support/soak";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "zt-validate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  pid: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs the command where no Docker answers: it can neither need one nor leave an image or a container in it. */
function start(
  args: string[],
  checkout = ROOT,
): { pid: number; hasEnded: () => boolean; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ["ops/zakaz.cjs", "validate", ...args], {
    cwd: checkout,
    env: { ...process.env, DOCKER_HOST: "tcp://127.0.0.1:9" },
  });
  const pid = child.pid!;
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code, signal) => resolve({ pid, code, signal, stdout, stderr })),
  );
  return { pid, hasEnded: () => child.exitCode !== null, ended };
}

/** Folders of servers that a process has started. */
const foldersOf = (pid: number): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`zakaz-server-${pid}-`));

/** Processes of such servers: their command lines name the folder. */
function serversOf(pid: number): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`zakaz-server-${pid}-`)
      );
    } catch {
      return false; // ended meanwhile
    }
  });
}

const leftBy = (pid: number): string[] => [...serversOf(pid), ...foldersOf(pid)];

/** Ends a validation by a signal as soon as its server runs. */
async function interrupted(signal: NodeJS.Signals): Promise<Ended> {
  const { pid, hasEnded, ended } = start([]);
  while (serversOf(pid).length === 0 && !hasEnded()) await sleep(5);
  process.kill(pid, signal);
  return ended;
}

/** Waits until the kernel has ended the servers of a process that was killed. */
async function untilEnded(pid: number): Promise<void> {
  for (let tries = 0; tries < 100 && serversOf(pid).length > 0; tries++) await sleep(20);
}

describe("zakaz validate", () => {
  it("passes for this repository, and leaves nothing", async () => {
    const { pid, code, stdout, stderr } = await start([]).ended;
    expect(stdout).toMatch(/^42 objects with \d+ columns .* s\nSchema validation passed\.\n$/);
    expect({ code, stderr, left: leftBy(pid) }).toEqual({ code: 0, stderr: "", left: [] });
  });

  it.each(sampleOf(["SIGINT", "SIGTERM", "SIGHUP"] as const))("leaves nothing after %s", async (signal) => {
    const ended = await interrupted(signal);
    const name = { SIGINT: "Ctrl-C", SIGTERM: "SIGTERM", SIGHUP: "its terminal's end" }[signal];
    const stderr = `zakaz: stopped by ${name}; nothing was left half done\n`;
    expect(ended).toEqual({ pid: ended.pid, code: null, signal, stdout: "", stderr });
    expect(leftBy(ended.pid)).toEqual([]);
  });

  it("leaves no server after SIGKILL; the next one removes the folder", async () => {
    const { pid } = await interrupted("SIGKILL");
    await untilEnded(pid);
    expect(serversOf(pid)).toEqual([]);
    expect(foldersOf(pid)).toHaveLength(1);
    await interrupted("SIGINT");
    expect(foldersOf(pid)).toEqual([]);
  });

  it("compares files given by path with sql/", async () => {
    const file = join(folder, "old.sql");
    writeFileSync(file, "CREATE VIEW meta.v_sli_latest AS SELECT 1 AS a;\n");
    const { code, stdout } = await start(["--sql", file]).ended;
    expect(stdout.split("\n")[0]).toContain(`critical: ${file}:1 meta.v_sli_latest: `);
    expect(stdout).toMatch(/\nSchema validation failed: \d+ findings, [\d.]+ s\.\n$/);
    expect(code).toBe(1);
  });

  it("says in one sentence which path cannot be read", async () => {
    const path = join(folder, "none.sql");
    const { pid, code, stderr } = await start(["--sql", path]).ended;
    expect(stderr).toBe(`zakaz: ${path} cannot be read (ENOENT): name SQL files or folders with --sql\n`);
    expect({ code, left: leftBy(pid) }).toEqual({ code: 2, left: [] });
  });

  it("says in one sentence what to do where ClickHouse is not installed", async () => {
    const checkout = join(folder, "checkout");
    mkdirSync(checkout);
    const sources = [
      "clickhouse",
      "components",
      "config",
      "exit-codes.ts",
      "lint",
      "loaders",
      "ops",
      "sql",
      "warehouse",
      "images.ts",
      "tsconfig.json",
    ];
    for (const name of sources) cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    const { pid, code, stdout, stderr } = await start([], checkout).ended;
    expect({ code, stdout, left: leftBy(pid) }).toEqual({ code: 1, stdout: "", left: [] });
    expect(stderr).toMatch(
      /^zakaz: ClickHouse \S+ is not installed for this checkout: run toolchain\/setup\n$/,
    );
  });
});
