import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import {
  buildPlugins,
  docker,
  exists,
  finished,
  TestStack,
  uniqueName,
  type PluginHome,
} from "../support/plugins";
import { reservePort } from "../support/ports";

let home: PluginHome;
let stack: TestStack;
beforeAll(() => {
  home = buildPlugins();
});
afterAll(() => home.remove());
beforeEach(async () => {
  stack = new TestStack(home);
  await stack.init();
});
afterEach(() => stack.remove());

/** The lines of Pulumi's diagnostics that carry an error of a docker resource. */
function errors(output: string): string[] {
  const diagnostics = output.slice(output.indexOf("\nDiagnostics:"));
  return [...diagnostics.matchAll(/^ {4}error: (.*)$/gm)]
    .map((match) => match[1]!)
    .filter((line) => /^[A-Z]\w+ /.test(line));
}

describe("an error names its reason in one sentence", () => {
  it("when the image build fails, without colours", async () => {
    const [img, context] = [uniqueName("fail"), join(stack.folder, "context")];
    mkdirSync(context);
    writeFileSync(
      join(context, "Dockerfile"),
      "FROM zakaz/base\nRUN printf '\\033[31mred\\033[0m' && exit 3\n",
    );
    stack.program(`new docker.RemoteImage("img", { name: "${img}:1", build: { context: "${context}" } });`);
    const [error] = errors(await stack.upFails());
    expect(error).toMatch(new RegExp(`^RemoteImage ${img}:1: the image build failed: .*exit code: 3`));
    expect(exists("image", `${img}:1`)).toBe(false);
  });

  it("when the image of a container is missing", async () => {
    const image = "zt-plugins.invalid/missing:1";
    stack.program(`new docker.Container("ch", { name: "${uniqueName("ch")}", image: "${image}" });`);
    const [error] = errors(await stack.upFails());
    expect(error).toContain(`the image ${image} is neither on this machine nor could it be pulled`);
  });

  it("when there is no engine", async () => {
    await stack.remove();
    stack = new TestStack(home, { DOCKER_HOST: "unix:///zt-plugins-no-engine.sock" });
    await stack.init();
    stack.program(`new docker.Volume("vol", { name: "zt-plugins-none" });`);
    const [error] = errors(await stack.upFails());
    expect(error).toMatch(
      /^Volume zt-plugins-none: the Docker engine cannot be reached: start it .*no-engine\.sock/,
    );
  });

  it("when a network is still in use on destroy, and destroy works once it is free", async () => {
    const [net, guest] = [uniqueName("net"), uniqueName("guest")];
    stack.program(`new docker.Network("net", { name: "${net}" });`);
    await stack.up();
    docker("run", "--detach", "--name", guest, "--network", net, "zakaz/base", "sleep", "600");
    try {
      const result = await stack.run("destroy", "--yes", "--skip-preview");
      expect(result.code).not.toBe(0);
      expect(errors(result.output)[0]).toMatch(
        new RegExp(`^Network ${net}: containers are still attached .*; attached: ${guest}$`),
      );
    } finally {
      docker("rm", "--force", guest);
    }
  });

  it("for each of several calls that fail together, and never another one's", async () => {
    const names = ["a", "b", "c"].map(uniqueName);
    stack.program(
      names
        .map(
          (name) =>
            `new docker.Container("${name}", { name: "${name}", image: "zt-plugins.invalid/${name}:1" });`,
        )
        .join("\n"),
    );
    const found = errors(await stack.upFails("--continue-on-error"));
    for (const name of names) {
      const own = found.filter((line) => line.startsWith(`Container ${name}: `));
      expect(own).toHaveLength(1);
      expect(own[0]).toContain(`zt-plugins.invalid/${name}:1`);
    }
  });

  it("hides what environment and uploads hold", async () => {
    const secret = "zt-hunter2-hunter2";
    stack.program(`
      new docker.Container("ch", {
        name: "${uniqueName("ch")}", image: "zakaz/base", command: ["${secret}"], envs: pulumi.secret(["TOKEN=${secret}"]),
      });`);
    const output = await stack.upFails();
    expect(errors(output)[0]).toContain('exec: "[secret]"');
    expect(output).not.toContain(secret);
  });
});

describe("a container that cannot start", () => {
  let server: Server;
  let port: number;
  const ch = uniqueName("ch");
  beforeAll(async () => {
    port = await reservePort();
    server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  it("because its port is taken is not left behind: the next up succeeds", async () => {
    stack.program(`
      new docker.Container("ch", {
        name: "${ch}", image: "zakaz/base", command: ["sleep", "600"], mustRun: true,
        ports: [{ internal: 80, external: ${port}, ip: "127.0.0.1" }],
      });`);
    const [error] = errors(await stack.upFails());
    expect(error).toMatch(new RegExp(`^Container ${ch}: port 127\\.0\\.0\\.1:${port} is taken: `));
    expect(exists("container", ch)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    await stack.up();
    expect(docker("inspect", "--format", "{{.State.Status}}", ch)).toBe("running");
  });

  it("because its health check never passes is removed, and its last lines are shown", async () => {
    const sick = uniqueName("sick");
    stack.program(`
      new docker.Container("ch", {
        name: "${sick}", image: "zakaz/base", command: ["sh", "-c", "echo first; echo cause; sleep 600"],
        healthcheck: { tests: ["CMD", "false"], interval: "300ms", retries: 1 }, wait: true, waitTimeout: 2,
      });`);
    const output = await stack.upFails();
    expect(output).toMatch(
      /the container started but its health check did not pass in time .*last lines were:/,
    );
    expect(output).toMatch(/^\s*first\n\s*cause$/m);
    expect(exists("container", sick)).toBe(false);
  });

  it("in time is given up when pulumi is interrupted, and removed", async () => {
    const slow = uniqueName("slow");
    stack.program(`
      new docker.Container("ch", {
        name: "${slow}", image: "zakaz/base", command: ["sleep", "600"],
        healthcheck: { tests: ["CMD", "false"] }, wait: true, waitTimeout: 600,
      });`);
    const up = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
    const ended = finished(up);
    while (!exists("container", slow)) await sleep(100);
    up.kill("SIGINT");
    expect((await ended).output).toContain(`Container ${slow}: cancelled before it was ready, and removed`);
    expect(exists("container", slow)).toBe(false);
  });

  it("because its name is taken leaves the other container alone", async () => {
    const taken = uniqueName("taken");
    const other = docker("run", "--detach", "--name", taken, "zakaz/base", "sleep", "600");
    try {
      stack.program(
        `new docker.Container("ch", { name: "${taken}", image: "zakaz/base", command: ["sleep", "1"] });`,
      );
      const [error] = errors(await stack.upFails());
      expect(error).toContain(`a container named ${taken} exists already outside this stack`);
      expect(docker("inspect", "--format", "{{.Id}} {{.State.Status}}", taken)).toBe(`${other} running`);
    } finally {
      docker("rm", "--force", taken);
    }
  });
});
