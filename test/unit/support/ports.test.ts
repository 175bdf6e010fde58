import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { transformSync } from "esbuild";
import { afterEach, describe, expect, it, vi } from "vitest";
import { portRange, reservePort } from "../../support/ports";

const children: ChildProcess[] = [];
const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
});

/** Ports that another process reserves and holds until it is killed; all such processes begin at the same one. */
async function reservedElsewhere(count: number): Promise<number[]> {
  const source = readFileSync(join(__dirname, "../../support/ports.ts"), "utf8");
  const script = `
    ${transformSync(source, { loader: "ts", format: "cjs" }).code}
    Math.random = () => 0.5;
    const reserve = async () => {
      const ports = [];
      while (ports.length < ${count}) ports.push(await reservePort());
      console.log(ports.join());
    };
    void reserve();
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return line.split(",").map(Number);
}

describe("a reserved port", () => {
  it("is never given to two processes that live at the same time", async () => {
    const both = (await Promise.all([reservedElsewhere(150), reservedElsewhere(150)])).flat();
    expect(new Set(both).size).toBe(300);
  });

  it("is free again when its process has been killed", async () => {
    const before = await reservedElsewhere(20);
    const [killed] = children;
    killed!.kill("SIGKILL");
    await once(killed!, "exit");
    const after = await reservedElsewhere(20);
    expect(after.filter((port) => before.includes(port))).not.toEqual([]);
  });

  it("is none that something listens on", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.25);
    const first = await reservePort();
    // Whether it is this server or another program that has the port: it is passed over.
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.once("error", () => resolve());
      server.listen(first + 1, "127.0.0.1", resolve);
    });
    expect(await reservePort()).toBeGreaterThan(first + 1);
  });

  it("lies in the range", async () => {
    const { first, end } = portRange();
    const port = await reservePort();
    expect(port).toBeGreaterThanOrEqual(first);
    expect(port).toBeLessThan(end);
  });
});

describe("the range lies below the ports of outgoing connections", () => {
  it.each([
    ["as Linux has them", 32_768, { first: 20_000, end: 30_000 }],
    ["from a higher one on", 49_152, { first: 20_000, end: 30_000 }],
    ["from a lower one on", 15_000, { first: 5_000, end: 15_000 }],
    ["from a low one on: a smaller range", 8_000, { first: 1_024, end: 8_000 }],
    ["which are nearly all: the usual range", 1_024, { first: 20_000, end: 30_000 }],
  ])("%s", (_, outgoing, range) => {
    expect(portRange(outgoing)).toEqual(range);
  });
});
