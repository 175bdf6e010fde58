import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { buildPlugins, finished, TestStack, uniqueName, type PluginHome } from "../support/plugins";
import { processesWith } from "../support/processes";

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

/** What the commands of a test wrote to their journal, line by line. */
const journal = (): string[] => readFileSync(join(stack.folder, "journal"), "utf8").trim().split("\n");

describe("command:local:Command", () => {
  /** One command whose steps write themselves into the journal; `inputs` are further properties. */
  const steps = (inputs: string, update = true): string => `
    const step = (name: string) => name + '() { echo "' + name + ' $V [$PULUMI_COMMAND_STDOUT]" >> journal; echo ' + name + ' $V; }; ' + name;
    const cmd = new command.local.Command("cmd", {
      create: step("created"), ${update ? 'update: step("updated"),' : ""} delete: step("deleted"), dir: "${stack.folder}",
      ${inputs}
    });
    export const out = cmd.stdout;`;

  it("creates once, updates on changed inputs, deletes with the old inputs", async () => {
    stack.program(steps('environment: { V: "1" }'));
    await stack.up();
    await stack.expectNoChanges();
    stack.program(steps('environment: { V: "2" }'));
    expect(await stack.expect(0, "preview", "--diff")).toMatch(/~ environment: \{\s*~ V: "1" => "2"/);
    await stack.up();
    expect(await stack.outputs()).toEqual({ out: "updated 2" });
    stack.program("");
    await stack.up();
    expect(journal()).toEqual(["created 1 []", "updated 2 [created 1]", "deleted 2 [updated 2]"]);
  });

  it("runs create again where there is no update", async () => {
    stack.program(steps('environment: { V: "1" }', false));
    await stack.up();
    stack.program(steps('environment: { V: "2" }', false));
    await stack.up();
    expect(journal()).toEqual(["created 1 []", "created 2 [created 1]"]);
  });

  it("is replaced on changed triggers, with or without update: the official SDK asks for that", async () => {
    const triggers = (value: string, update: boolean): string =>
      steps(`environment: { V: "1" }, triggers: ["${value}"]`, update);
    stack.program(triggers("a", true));
    await stack.up();
    stack.program(triggers("b", true));
    expect(await stack.expect(0, "preview", "--diff")).toMatch(/command:local:Command: \(replace\)/);
    await stack.up();
    expect(journal()).toEqual(["created 1 []", "created 1 []", "deleted 1 [created 1]"]);
  });

  it("shows in a preview that its outputs are not known yet, and runs nothing", async () => {
    stack.program(`
      const cmd = new command.local.Command("cmd", { create: "touch journal; echo 1", dir: "${stack.folder}" });
      new command.local.Command("next", { create: pulumi.interpolate\`echo \${cmd.stdout}\` });`);
    expect(await stack.expect(0, "preview", "--diff")).toMatch(
      /create\s*: \[unknown\]|create\s*: output<string>/,
    );
    expect(() => journal()).toThrow("ENOENT");
  });

  it("keeps secret inputs and, where asked to, outputs out of state, display and errors", async () => {
    const secret = "zt-hunter2";
    stack.program(`
      const good = new command.local.Command("good", {
        create: "cat", stdin: pulumi.secret("${secret}"), environment: { TOKEN: pulumi.secret("${secret}") },
      }, { additionalSecretOutputs: ["stdout", "stderr"] });
      new command.local.Command("bad", {
        create: "echo before; echo $TOKEN; cat >&2; exit 4",
        stdin: pulumi.secret("${secret}"), environment: { TOKEN: pulumi.secret("${secret}") },
      }, { dependsOn: good });
      export const out = good.stdout;`);
    const output = await stack.upFails();
    expect(output).toContain('exit status 4: running "echo before; echo $TOKEN; cat >&2; exit 4":');
    expect(output).toContain("before");
    expect(output).toContain("[secret]");
    expect(output).not.toContain(secret);
    expect(await stack.expect(0, "stack", "export")).not.toContain(secret);
  });

  it("shows its lines while it runs, and none with logging none", async () => {
    stack.program(`
      new command.local.Command("loud", { create: "echo seen-out; echo seen-err >&2" });
      new command.local.Command("quiet", { create: "echo hidden-out; echo hidden-err >&2", logging: "none" });`);
    const events = await stack.expect(0, "up", "--yes", "--skip-preview", "--json");
    const shown = [...events.matchAll(/"message":"([^"\\]*)\\n"[^}]*"ephemeral":true/g)].map(
      (match) => match[1],
    );
    expect(shown.sort()).toEqual(["seen-err", "seen-out"]);
  });

  it("ends its processes when pulumi is interrupted", async () => {
    const marker = uniqueName("marker");
    stack.program(`new command.local.Command("cmd", { create: "echo ${marker} > /dev/null; sleep 600" });`);
    const up = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
    const ended = finished(up);
    while (processesWith(marker).size === 0) await sleep(100);
    up.kill("SIGINT");
    expect((await ended).code).not.toBe(0);
    await expect.poll(() => processesWith(marker).size, { timeout: 30_000 }).toBe(0);
  });

  it("names wrong inputs, the property and what is expected", async () => {
    stack.program(
      `new command.local.Command("cmd", { create: "true", logging: "all" as any, assetPaths: ["*"] });`,
    );
    const output = await stack.upFails();
    expect(output).toContain("logging must be one of stdout, stderr, stdoutAndStderr, none");
    expect(output).toContain("assetPaths is not served by this build of the command plugin");
  });
});

describe("command:local:run", () => {
  it("runs at every preview and up and answers its outputs", async () => {
    stack.program(`
      const ran = command.local.runOutput({ command: "echo ran >> journal; cat", stdin: "in", dir: "${stack.folder}" });
      export const out = pulumi.all([ran.stdout, ran.stderr]);`);
    await stack.expect(0, "preview");
    await stack.up();
    expect(await stack.outputs()).toEqual({ out: ["in", ""] });
    expect(journal()).toEqual(["ran", "ran"]);
  });

  it("waits for inputs that are not known in a preview, and gives what it answers to another resource", async () => {
    stack.program(`
      const cmd = new command.local.Command("cmd", { create: "echo made", dir: "${stack.folder}" });
      const ran = command.local.runOutput({ command: "echo ran >> journal; cat", stdin: cmd.stdout, dir: "${stack.folder}" });
      new command.local.Command("next", { create: "true", environment: { SEEN: ran.stdout } });`);
    await stack.expect(0, "preview");
    expect(() => journal()).toThrow("ENOENT");
    await stack.up();
    expect(journal()).toEqual(["ran"]);
    expect(await stack.expect(0, "stack", "export")).toContain('"SEEN": "made"');
    await stack.expectNoChanges();
  });

  it("fails preview and update with the command, its exit status and all that it wrote", async () => {
    stack.program(
      `export const out = command.local.runOutput({ command: "echo out; echo err >&2; exit 3" }).stdout;`,
    );
    for (const output of [await stack.expect(1, "preview"), await stack.upFails()]) {
      expect(output).toContain('exit status 3: running "echo out; echo err >&2; exit 3":');
      expect(output).toMatch(/:\n\s*out\n\s*err\n/);
    }
  });

  it("names a missing command", async () => {
    stack.program(`export const out = command.local.runOutput({} as any).stdout;`);
    expect(await stack.expect(1, "preview")).toContain("command is missing");
  });
});
