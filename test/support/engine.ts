import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { must, run } from "./stack";

const ip = (...args: string[]) => must(run("ip", args));

/** Whether this machine can have one: network namespaces are a matter of root. */
export function canHaveEngine(): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const programs = ["dockerd", "containerd", "ip", "iptables", "nsenter"];
  const has = (program: string) => folders.some((folder) => existsSync(join(folder, program)));
  return process.getuid?.() === 0 && programs.every(has);
}

/**
 * A Docker engine of a test's own, which may be restarted and killed: the machine's own has other stacks. It lives in a network
 * namespace, since two engines in one would fight for the rules of the firewall; a pair of virtual cards leads there.
 */
export class Engine {
  readonly folder = mkdtempSync(join(tmpdir(), "zakaz-engine-"));
  /** For DOCKER_HOST. */
  readonly host = `unix://${this.folder}/docker.sock`;
  /** This machine as the engine's containers reach it. */
  readonly hostAddress: string;
  private readonly address: string;
  private readonly namespace = `zakaz${process.pid}`;
  /** What a command begins with that is to run in the engine's network, where ports of its containers are published. */
  readonly prefix = ["nsenter", `--net=/run/netns/${this.namespace}`];

  private constructor() {
    // 198.18.0.0/15 is set aside for tests of networks (RFC 2544): four addresses for each process.
    const block = (process.pid % 32_768) * 4;
    const addressOf = (n: number) => `198.${18 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
    [this.hostAddress, this.address] = [addressOf(block + 1), addressOf(block + 2)];
  }

  /** An engine that runs, with some of the images of the one that `docker` means otherwise. */
  static async start(images: string[]): Promise<Engine> {
    const engine = new Engine();
    try {
      await engine.makeNetwork();
      await engine.start();
      const copy = `docker save ${images.join(" ")} | docker --host ${engine.host} load`;
      await must(run("sh", ["-c", copy]));
      return engine;
    } catch (error) {
      await engine.remove();
      throw error;
    }
  }

  private async makeNetwork(): Promise<void> {
    const { namespace } = this;
    const [outside, inside] = [`${namespace}o`, `${namespace}i`];
    await ip("netns", "add", namespace);
    await ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", namespace);
    await ip("addr", "add", `${this.hostAddress}/30`, "dev", outside);
    await ip("link", "set", outside, "up");
    await ip("-n", namespace, "addr", "add", `${this.address}/30`, "dev", inside);
    for (const card of [inside, "lo"]) await ip("-n", namespace, "link", "set", card, "up");
    await ip("-n", namespace, "route", "add", "default", "via", this.hostAddress);
  }

  /** Starts it, and waits until it answers: until then it has started its containers. */
  async start(): Promise<void> {
    const { folder } = this;
    const log = openSync(join(folder, "log"), "a");
    const flags = ["--data-root", `${folder}/data`, "--exec-root", `${folder}/exec`];
    // `ip netns exec` would hide the cgroups.
    const [nsenter, ...args] = [...this.prefix, "dockerd", ...flags];
    args.push("--pidfile", join(folder, "pid"), "--host", this.host);
    spawn(nsenter!, args, { detached: true, stdio: ["ignore", log, log] }).unref();
    const answers = async () => (await run("docker", ["--host", this.host, "version"])).code === 0;
    for (const deadline = Date.now() + 120_000; !(await answers()); await sleep(200)) {
      if (Date.now() > deadline) throw new Error(readFileSync(join(folder, "log"), "utf8").slice(-2000));
    }
  }

  /** Stops it in good order, as its service is stopped: its containers are told to end. */
  stop(): Promise<void> {
    return this.end("SIGTERM", [this.pid()]);
  }

  /**
   * Kills it; its containers live on without it. Its containerd ends with it, a moment later: an engine that is started before
   * that, or before somebody has taken note of that end, would wait for that one for ever.
   */
  async crash(): Promise<void> {
    const file = join(this.folder, "exec/containerd/containerd.pid");
    const containerd = Number(readFileSync(file, "utf8"));
    await this.end("SIGKILL", [this.pid()]);
    await this.awaitEnd([containerd]);
    rmSync(file);
  }

  /** What a power cut leaves: no process of it or its containers, and nothing of what lies in memory. */
  async cutPower(): Promise<void> {
    await this.end("SIGKILL", this.processes());
    // A process that was starting another one just now.
    await this.end("SIGKILL", this.processes());
    await this.unmount();
    rmSync(join(this.folder, "exec"), { recursive: true, force: true });
    rmSync(join(this.folder, "pid"), { force: true });
  }

  async remove(): Promise<void> {
    await this.cutPower();
    await run("ip", ["netns", "delete", this.namespace]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private pid(): number {
    return Number(readFileSync(join(this.folder, "pid"), "utf8"));
  }

  private async end(signal: NodeJS.Signals, pids: number[]): Promise<void> {
    for (const pid of pids.filter(isAlive)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
    await this.awaitEnd(pids);
  }

  private async awaitEnd(pids: number[]): Promise<void> {
    for (const deadline = Date.now() + 120_000; pids.some(isAlive); await sleep(100)) {
      if (Date.now() > deadline) throw new Error(`Processes ${pids.join(", ")} do not end`);
    }
  }

  /** The engine, what it has started to keep containers, and these containers' processes, the parents first. */
  private processes(): number[] {
    const all = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
    const parentOf = (pid: string) => / \S (\d+)/.exec(readText(`/proc/${pid}/stat`).split(")").at(-1)!)?.[1];
    const parents = all.map((pid) => ({ pid, parent: parentOf(pid) ?? "" }));
    const isOwn = (pid: string) => readText(`/proc/${pid}/cmdline`).includes(this.folder);
    const own = new Set(all.filter((pid) => isOwn(pid) && Number(pid) !== process.pid));
    for (let size = -1; size !== own.size;) {
      size = own.size;
      for (const { pid, parent } of parents) if (own.has(parent)) own.add(pid);
    }
    return [...own].map(Number);
  }

  /** File systems of containers whose engine is gone. */
  private async unmount(): Promise<void> {
    const mounts = readText("/proc/mounts")
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "");
    for (const mount of mounts.filter((path) => path.startsWith(`${this.folder}/`)).reverse()) {
      await run("umount", ["--lazy", mount]);
    }
  }
}

function isAlive(pid: number): boolean {
  return readText(`/proc/${pid}/cmdline`) !== "";
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Of a process that has ended.
    return "";
  }
}
