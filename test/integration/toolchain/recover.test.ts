import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Machine, WITHIN } from "../../support/machine";
import { isRunning } from "../../support/processes";

let machine: Machine;
let checkout: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  machine = new Machine();
  checkout = machine.checkout();
  machine.realNode();
  mkdirSync(join(checkout, ".zakaz/state/.pulumi"), { recursive: true });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  machine.remove();
});

function write(path: string, content: unknown): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const state = (...parts: string[]) => join(checkout, ".zakaz/state/.pulumi", ...parts);

/** A lock as Pulumi writes it. */
function lock(pid: number, host = hostname()): string {
  const content = { pid, username: "somebody", hostname: host, timestamp: "2026-01-02T03:04:05Z" };
  return write(state("locks/organization/zakaz/dev/0e1d.json"), content);
}

/** A process that the kernel knows as `pulumi`. */
function livingPulumi(): ChildProcess {
  const path = join(machine.folder, "pulumi");
  symlinkSync("/bin/sleep", path);
  const child = spawn(path, ["600"], { stdio: "ignore" });
  children.push(child);
  return child;
}

/**
 * A `pulumi up` of a checkout's state with a child that it has forked and that is not yet another program: alike in all that
 * the kernel shows. Both end with the standard input.
 */
async function forkedPulumi(folder: string): Promise<ChildProcess> {
  const path = join(machine.folder, "pulumi");
  if (!existsSync(path)) symlinkSync("/bin/sh", path);
  // `sh up` runs this script under the name of Pulumi.
  writeFileSync(join(machine.folder, "up"), "exec 3<&0\n(read -r _ <&3) &\necho forked\nread -r _\nwait\n");
  const env = { ...process.env, PULUMI_BACKEND_URL: `file://${folder}/.zakaz/state` };
  const child = spawn(path, ["up"], { cwd: machine.folder, env, stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  await once(createInterface({ input: child.stdout }), "line");
  return child;
}

const recover = (flags = "") => machine.run(checkout, `toolchain/recover ${flags}`);

/** Starts `recover --wait` and answers when it says that it waits. */
async function waiting() {
  const command = machine.start(checkout, "toolchain/recover --wait");
  await expect.poll(command.said, WITHIN).toContain("waiting for it");
  return command;
}

describe("the lock of the state", () => {
  test("nothing to recover: no word", async () => {
    expect(await recover()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("of a dead process is removed, and said so", async () => {
    const gone = spawn("true");
    await new Promise((resolve) => gone.on("close", resolve));
    const path = lock(gone.pid!);
    const { code, stdout } = await recover();
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `recover   … removed the lock of process ${gone.pid}, which is dead\n`,
    });
    expect(existsSync(path)).toBe(false);
  });

  test("of a number that another program has by now is removed", async () => {
    const path = lock(process.pid);
    expect((await recover()).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test("of a living Pulumi stays, with one sentence", async () => {
    const { pid } = livingPulumi();
    const path = lock(pid!);
    expect(await recover()).toEqual({
      code: 1,
      stdout: "",
      stderr: `zakaz: Pulumi (process ${pid}) is at work on this stack; wait for it, or stop it with \`kill ${pid}\`\n`,
    });
    expect(existsSync(path)).toBe(true);
  });

  test("of a living Pulumi is waited for with --wait", async () => {
    const pulumi = livingPulumi();
    const { pid } = pulumi;
    const path = lock(pid!);
    const command = await waiting();
    expect(existsSync(path)).toBe(true);
    pulumi.kill();
    const { code, stdout } = await command.ended;
    expect(code).toBe(0);
    expect(stdout).toContain(
      `Pulumi (process ${pid}) of an earlier run is still at work on this stack: waiting`,
    );
    expect(existsSync(path)).toBe(false);
  });

  test("a Pulumi of this state that has not locked it yet is waited for; one of another state is not", async () => {
    await forkedPulumi(join(machine.folder, "elsewhere"));
    expect((await recover()).code).toBe(0);
    const ours = await forkedPulumi(checkout);
    expect((await recover()).stderr).toContain(`Pulumi (process ${ours.pid}) is at work on this stack`);
    const command = await waiting();
    expect(command.said()).toContain(`Pulumi (process ${ours.pid}) of an earlier run`);
    ours.stdin!.end();
    expect((await command.ended).code).toBe(0);
    expect(isRunning(ours.pid!)).toBe(false);
  });

  test("of another host stays, with one sentence", async () => {
    const path = lock(1, "elsewhere.example");
    const { code, stderr } = await recover();
    expect(code).toBe(1);
    expect(stderr).toBe(
      "zakaz: the state is locked by Pulumi (process 1) on elsewhere.example since 2026-01-02T03:04:05Z: if that run is dead, `pulumi cancel` frees it\n",
    );
    expect(existsSync(path)).toBe(true);
  });
});

describe("processes of plugins", () => {
  /** Starts a plugin from the cache; `orphaned`: its parent ends at once. */
  async function plugin(orphaned: boolean): Promise<number> {
    const folder = join(machine.tools, "plugins/1-abc/resource-docker-v5.2.0");
    const path = join(folder, "pulumi-resource-terraform-provider");
    mkdirSync(folder, { recursive: true });
    if (!existsSync(path)) symlinkSync("/bin/sleep", path);
    if (orphaned)
      return Number(execFileSync("bash", ["-c", `${path} 60 >/dev/null 2>&1 & echo $!`]).toString());
    const child = spawn(path, ["60"], { stdio: "ignore" });
    children.push(child);
    await new Promise((resolve) => child.once("spawn", resolve));
    return child.pid!;
  }
  test("without a Pulumi are ended; those of a living parent stay", async () => {
    const kept = await plugin(false);
    const orphan = await plugin(true);
    const { code, stdout } = await recover();
    expect(code).toBe(0);
    expect(stdout).toBe(`recover   … ending 1 processes of plugins whose Pulumi is dead (${orphan})\n`);
    await expect.poll(() => isRunning(orphan), WITHIN).toBe(false);
    expect(isRunning(kept)).toBe(true);
  });
});

describe("pending operations", () => {
  const TYPES = { container: "docker:index/container:Container", network: "docker:index/network:Network" };
  const urn = (type: string, name: string) => `urn:pulumi:dev::zakaz::${type}::${name}`;
  const labels = [{ label: "zakaz.checkout", value: "here" }];

  function pending(kind: string, type: string, name: string, inputs: object) {
    return { type: kind, resource: { urn: urn(type, name), custom: true, type, inputs } };
  }

  /** Puts the stack's state where Pulumi keeps it, with a `pulumi` that exports and imports it. */
  function stack(operations: object[], resources: object[] = []): () => unknown {
    const deployment = { manifest: {}, resources, pending_operations: operations };
    const file = write(state("stacks/zakaz/dev.json"), { version: 3, deployment });
    machine.command(
      "pulumi",
      `case "$2" in export) cat ${file} ;; import) cat >${machine.folder}/imported ;; esac`,
    );
    return () => JSON.parse(readFileSync(join(machine.folder, "imported"), "utf8")) as unknown;
  }

  /** A Docker that holds these objects: name → labels; an object's id is `id-<name>`. */
  function docker(objects: Record<string, Record<string, string>>): void {
    const cases = Object.entries(objects).map(
      ([name, its]) => `"$1 inspect ${name}") echo '"id-${name}" ${JSON.stringify(its)}' ;;`,
    );
    machine.command("docker", `case "$1 $2 \${*: -1}" in ${cases.join("\n")} *inspect*) exit 1 ;; esac`);
  }

  test("are forgotten, and what an unfinished creation left in Docker is removed", async () => {
    const imported = stack([
      pending("creating", TYPES.container, "server", { name: "ch-zakaz", labels }),
      pending("creating", TYPES.network, "bridge", { name: "net", labels }),
      pending("updating", "command:local:Command", "apply", {}),
    ]);
    docker({ "ch-zakaz": { "zakaz.checkout": "here", more: "x" }, net: { "zakaz.checkout": "here" } });
    const { code, stdout, stderr } = await recover();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "recover   … removed container ch-zakaz, which an interrupted run had begun to make",
      "recover   … removed network net, which an interrupted run had begun to make",
      "recover   … forgot operations that an interrupted run had begun: creating server, creating bridge, updating apply",
      "",
    ]);
    expect([
      machine.called("docker rm --force id-ch-zakaz"),
      machine.called("docker network rm id-net"),
    ]).toEqual([1, 1]);
    expect(imported()).toEqual({ version: 3, deployment: { manifest: {}, resources: [] } });
  });

  test("another's container, one of the state, and volumes are left alone", async () => {
    stack(
      [
        pending("creating", TYPES.container, "server", { name: "ch-zakaz", labels }),
        pending("creating", TYPES.container, "known", { name: "known", labels }),
        pending("creating", TYPES.container, "bare", { name: "bare" }),
        pending("deleting", TYPES.container, "going", { name: "going", labels }),
        pending("creating", "docker:index/volume:Volume", "data", { name: "data", labels }),
      ],
      [{ urn: urn(TYPES.container, "known"), id: "id-known", type: TYPES.container }],
    );
    const ours = { "zakaz.checkout": "here" };
    docker({ "ch-zakaz": { "zakaz.checkout": "there" }, known: ours, bare: ours, going: ours, data: ours });
    const { code, stdout } = await recover();
    expect(code).toBe(0);
    expect(stdout).not.toContain("removed");
    expect(
      machine.called("docker rm") + machine.called("docker network") + machine.called("docker volume"),
    ).toBe(0);
  });

  test("none: Pulumi is not even started", async () => {
    write(state("stacks/zakaz/dev.json"), { version: 3, deployment: { resources: [] } });
    machine.command("pulumi", "exit 1");
    expect(await recover()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("that cannot be cleared fail the command", async () => {
    stack([pending("creating", TYPES.network, "bridge", { name: "net", labels })]);
    docker({});
    machine.command("pulumi", "echo 'error: incorrect passphrase' >&2; exit 255");
    const { code, stderr } = await recover();
    expect(code).toBe(1);
    expect(stderr).toBe(
      "zakaz: operations of an interrupted run could not be cleared: error: incorrect passphrase\n",
    );
  });
});
