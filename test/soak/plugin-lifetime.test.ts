import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildPlugins, exists, finished, TestStack, uniqueName, type PluginHome } from "../support/plugins";
import { isRunning, processesWith } from "../support/processes";

let home: PluginHome;
/** Where the plugins of this file put temporary files. */
let temporary: string;
beforeAll(() => {
  home = buildPlugins();
  temporary = join(home.path, "tmp");
  mkdirSync(temporary);
});
afterAll(() => home.remove());

/** Every process of this home's plugins: the plugins themselves, the bridge and the upstream provider. */
const alive = (): string[] => [...processesWith(home.path).values()];

/** Whether something comes about; on a machine at work with other things too. */
async function eventually(what: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (what()) return true;
    await sleep(50);
  }
  return what();
}

/** Starts a plugin as Pulumi does and waits until its whole family runs. */
async function startPlugin(program: string, family: number): Promise<ChildProcess> {
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(program, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"], env });
  const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  expect(port).toMatch(/^\d+$/);
  expect(await eventually(() => alive().length >= family)).toBe(true);
  return child;
}

/** How a plugin may end. The docker plugin's family: itself, the guard, the bridge, the upstream provider. */
const ends: [string, (child: ChildProcess) => unknown][] = [
  ["SIGTERM", (child) => child.kill("SIGTERM")],
  ["SIGINT", (child) => child.kill("SIGINT")],
  ["a closed standard input", (child) => child.stdin?.end()],
  ["kill -9", (child) => child.kill("SIGKILL")],
];

describe("no process and no file of the docker plugin outlives it", () => {
  it.each(ends)("after %s", async (_, end) => {
    const child = await startPlugin(home.dockerPlugin, 4);
    const sockets = () => readdirSync(temporary, { recursive: true, encoding: "utf8" });
    expect(await eventually(() => sockets().some((name) => /\/plugin\d+$/.test(name)))).toBe(true);
    end(child);
    expect(await eventually(() => alive().length === 0), alive().join("\n")).toBe(true);
    expect(sockets()).toEqual([]);
  });

  it("after the death of its parent, even when somebody else holds the pipe", async () => {
    // The middle process starts the plugin and dies; the pipe stays open in this one.
    const script = `
      const { spawn } = require("node:child_process");
      spawn(process.argv[1], [], { stdio: ["inherit", "inherit", "inherit"] });
      setInterval(() => {}, 1000);`;
    const middle = spawn(process.execPath, ["-e", script, home.dockerPlugin], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: temporary },
    });
    await once(createInterface({ input: middle.stdout }), "line");
    middle.kill("SIGKILL");
    expect(await eventually(() => alive().length === 0), alive().join("\n")).toBe(true);
  });

  it("and the death of the bridge fails calls instead of hanging", async () => {
    const ch = uniqueName("bridge");
    const stack = new TestStack(home);
    try {
      await stack.init();
      stack.program(`new docker.Container("ch", {
        name: "${ch}", image: "zakaz/base", command: ["sleep", "600"],
        healthcheck: { tests: ["CMD", "false"] }, wait: true, waitTimeout: 600 });`);
      const up = finished(stack.start("up", "--yes", "--skip-preview", "--non-interactive"));
      const bridge = (): number[] =>
        [...processesWith(home.path)]
          .filter(([, line]) => /^\S*terraform-provider 127/.test(line))
          .map(([pid]) => pid);
      // Now the call waits for a health check that never passes.
      expect(await eventually(() => exists("container", ch))).toBe(true);
      expect(bridge()).not.toEqual([]);
      bridge().forEach((pid) => process.kill(pid, "SIGKILL"));
      expect((await up).code).not.toBe(0);
    } finally {
      await stack.remove();
    }
    expect(await eventually(() => alive().length === 0), alive().join("\n")).toBe(true);
    expect(exists("container", ch)).toBe(false);
  });
});

describe("no process of the command plugin outlives it", () => {
  it.each(ends)("after %s", async (_, end) => {
    const child = await startPlugin(home.commandPlugin, 1);
    end(child);
    expect(await eventually(() => alive().length === 0), alive().join("\n")).toBe(true);
  });
});

describe("a kill -9 of pulumi in the middle of an up", () => {
  it("leaves no process, no temporary folder of a plugin, no half-made container, and a stack that comes up again", async () => {
    const ch = uniqueName("killed");
    const marker = uniqueName("marker");
    const program = (tests: string): string => `
      new docker.Container("ch", { name: "${ch}", image: "zakaz/base", command: ["sleep", "600"],
        healthcheck: { tests: ["CMD", "${tests}"], interval: "300ms" }, wait: true, waitTimeout: 60 });
      new command.local.Command("cmd", { create: "echo ${marker} >/dev/null; ${tests === "true" ? "true" : "sleep 600"}" });`;
    const stack = new TestStack(home);
    try {
      await stack.init();
      stack.program(program("false"));
      const up = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
      const ended = finished(up);
      const busy = (): boolean => exists("container", ch) && processesWith(marker).size > 0;
      expect(await eventually(busy)).toBe(true);
      const folders = () => readdirSync(stack.temporary).filter((name) => name.startsWith("zakaz-docker-"));
      expect(folders()).toHaveLength(1);
      up.kill("SIGKILL");
      await ended;
      expect(await eventually(() => alive().length === 0), alive().join("\n")).toBe(true);
      expect(await eventually(() => processesWith(marker).size === 0)).toBe(true);
      expect(isRunning(up.pid!)).toBe(false);
      expect(folders()).toEqual([]);
      expect(exists("container", ch)).toBe(false);

      await stack.expect(0, "cancel", "--yes");
      stack.program(program("true"));
      await stack.expect(0, "up", "--yes", "--skip-preview", "--refresh");
      expect(exists("container", ch)).toBe(true);
    } finally {
      await stack.remove();
    }
  });
});
