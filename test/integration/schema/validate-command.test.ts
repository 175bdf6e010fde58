import { spawn } from "node:child_process";
import { readdirSync, rmSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../../images";
import { run } from "../../support/stack";

const IMAGE = "zakaz/validate";
let imagesBefore: string[];
let folder: string;

beforeAll(async () => {
  imagesBefore = await images();
  folder = mkdtempSync(join(tmpdir(), "zakaz-validate-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  // The command keeps its image for the next time; a test leaves nothing.
  const made = (await images()).filter((image) => !imagesBefore.includes(image));
  if (made.length > 0) await run("docker", ["rmi", ...made]);
});

async function images(): Promise<string[]> {
  const { stdout } = await run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", IMAGE]);
  return stdout.split("\n").filter(Boolean);
}

/** Engines that a process has started. */
async function enginesOf(pid: number): Promise<string[]> {
  const filter = ["--filter", `name=^zakaz-scratch-${pid}-`];
  return (await run("docker", ["ps", "-a", ...filter, "--format", "{{.Names}}"])).stdout
    .split("\n")
    .filter(Boolean);
}

/** Folders with the configuration of such engines. */
const foldersOf = (pid: number) =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`zakaz-scratch-${pid}-`));

const validate = (...args: string[]) =>
  run(process.execPath, ["ops/zakaz.cjs", "validate", ...args], { cwd: ROOT });

/** Ends a validation by a signal as soon as its engine is there. */
async function interrupted(signal: NodeJS.Signals): Promise<number> {
  const child = spawn(process.execPath, ["ops/zakaz.cjs", "validate"], { cwd: ROOT, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  while ((await enginesOf(child.pid!)).length === 0 && child.exitCode === null) await sleep(20);
  child.kill(signal);
  await ended;
  return child.pid!;
}

describe("zakaz validate", () => {
  it("leaves no engine when it is interrupted", async () => {
    const pid = await interrupted("SIGINT");
    expect([...(await enginesOf(pid)), ...foldersOf(pid)]).toEqual([]);
  });

  it("passes for this repository, and removes the engine of a run that was killed", async () => {
    const pid = await interrupted("SIGKILL");
    expect(await enginesOf(pid)).toHaveLength(1);
    const { code, stdout } = await validate();
    expect(stdout).toMatch(/^42 objects with \d+ columns .* s\nSchema validation passed\.\n$/);
    expect(code).toBe(0);
    expect([...(await enginesOf(pid)), ...foldersOf(pid)]).toEqual([]);
  });

  it("compares files given by path with sql/", async () => {
    const file = join(folder, "old.sql");
    writeFileSync(file, "CREATE VIEW meta.v_sli_latest AS SELECT 1 AS a;\n");
    const { code, stdout } = await validate("--sql", file);
    expect(stdout.split("\n")[0]).toContain(`critical: ${file}:1 meta.v_sli_latest: `);
    expect(stdout).toMatch(/\nSchema validation failed: \d+ findings, [\d.]+ s\.\n$/);
    expect(code).toBe(1);
  });

  it("says in one sentence which path cannot be read", async () => {
    const path = join(folder, "none.sql");
    const { code, stderr } = await validate("--sql", path);
    expect(stderr).toBe(`zakaz: ${path} cannot be read (ENOENT): name SQL files or folders behind --sql\n`);
    expect(code).toBe(2);
  });
});
