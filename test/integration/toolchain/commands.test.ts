import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Machine, WITHIN } from "../../support/machine";

const ROOT = dirname(dirname(dirname(__dirname)));
let machine: Machine;

beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

describe("make", () => {
  test("without a target lists the targets, one line each", async () => {
    const { code, stdout } = await machine.run(machine.checkout(), "make");
    expect(code).toBe(0);
    const targets = stdout
      .trim()
      .split("\n")
      .map((line) => line.slice("make ".length, 29).trim());
    expect(targets).toEqual([
      "help",
      "up",
      "down",
      "test",
      "unit integration e2e",
      "vk-ads",
      "soak",
      "coverage",
      "lint",
      "validate",
      "image",
      "server-smoke",
      "preview",
      "report",
      "smoke",
      "load",
      "bench",
      "env",
      "doctor",
    ]);
  });

  test("doctor shows a bare machine, says what fixes it, and fails", async () => {
    machine.command("make", 'exec /usr/bin/make "$@"');
    const { code, stdout } = await machine.run(machine.checkout(), "make doctor");
    expect(code).not.toBe(0);
    expect(stdout).toContain("Pulumi           ! pulumi is not on PATH; `make up` installs it");
    expect(stdout).toContain("ClickHouse       ! 25.8.2 is missing; `make up` installs it");
    expect(stdout).toContain("Docker           ! no client on PATH; `make up` installs it");
  });

  test("CI runs the newcomer's command", () => {
    expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toMatch(/exec make test\n$/);
  });
});

describe("make -s env", () => {
  test("prints exports only, which work from any folder and a checkout with a space in its name", async () => {
    const checkout = machine.checkout("a check'out");
    mkdirSync(join(checkout, ".zakaz/bin"), { recursive: true });
    machine.command("pulumi", "true", join(checkout, ".zakaz/bin"));
    const { code, stdout, stderr } = await machine.run(checkout, "make -s env");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => /^export ([A-Z_]+)=/.exec(line)?.[1]);
    expect(names).toEqual([
      "PATH",
      "PULUMI_HOME",
      "PULUMI_BACKEND_URL",
      "PULUMI_CONFIG_PASSPHRASE_FILE",
      "PULUMI_STACK",
      "PULUMI_SKIP_UPDATE_CHECK",
      "GOGC",
      "NODE_COMPILE_CACHE",
    ]);
    const shown = await machine.run(
      checkout,
      'eval "$(make -s env)" && cd / && type -P pulumi && echo "$PULUMI_BACKEND_URL" && cat "$PULUMI_CONFIG_PASSPHRASE_FILE"',
    );
    expect(shown.stdout.split("\n")).toEqual([
      `${checkout}/.zakaz/bin/pulumi`,
      `file://${checkout}/.zakaz/state`,
      "zakaz-dev",
      "",
    ]);
  });

  test("twice does not lengthen PATH", async () => {
    const script = 'eval "$(make -s env)"; echo "$PATH"';
    const { stdout } = await machine.run(machine.checkout(), `${script}; ${script}`);
    const [once, twice] = stdout.trim().split("\n");
    expect(twice).toBe(once);
  });

  test("plugins built here are not looked for elsewhere", async () => {
    const checkout = machine.checkout();
    const plugin = join(checkout, ".zakaz/pulumi/plugins/resource-docker-v5.2.0");
    mkdirSync(plugin, { recursive: true });
    writeFileSync(join(plugin, "plugin.cjs"), "");
    const { stdout } = await machine.run(checkout, "make -s env");
    expect(stdout).toContain("export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true\n");
  });
});

describe("make up", () => {
  /** A checkout whose parts only say that they ran; with `SETUP_WAITS`, set-up waits first. */
  function hollow(wait = "true"): string {
    const checkout = machine.checkout();
    machine.command(
      "setup",
      `[[ -z \${SETUP_WAITS:-} ]] || ${wait}; echo set-up`,
      join(checkout, "toolchain"),
    );
    machine.command("recover", "echo recover", join(checkout, "toolchain"));
    machine.command("pulumi", 'echo "pulumi $*"; exit ${PULUMI_ENDS:-0}');
    machine.command("node", 'echo "node $*"');
    return checkout;
  }

  test("sets up, recovers, makes the stack, updates, shows the status", async () => {
    const { code, stdout } = await machine.run(hollow(), "make up");
    expect(code).toBe(0);
    expect(stdout.replace(/\d+\.\d s/g, "T").split("\n")).toEqual([
      "set-up",
      "recover",
      "recover   done  [T]",
      "pulumi stack select --create dev --non-interactive",
      "stack     done  [T]",
      "pulumi up --refresh --yes --skip-preview --non-interactive",
      "pulumi    done  [T]",
      "",
      "node ops/zakaz.cjs status",
      "make up   done  [T]",
      "",
    ]);
  });

  test("a failed update fails it, without another word and without a status", async () => {
    machine.env.PULUMI_ENDS = "255";
    const { code, stdout, stderr } = await machine.run(hollow(), "make up");
    expect(code).toBe(2);
    expect(stdout).not.toContain("status");
    expect(stderr).not.toContain("zakaz:");
  });

  test("a second one waits for the first and says so", async () => {
    const { wait, open } = machine.gate();
    const checkout = hollow(wait);
    machine.env.SETUP_WAITS = "yes";
    const first = machine.run(checkout, "make up");
    await expect.poll(() => machine.called("setup"), WITHIN).toBe(1);
    const second = machine.start(checkout, "make up");
    await expect
      .poll(second.said, WITHIN)
      .toMatch(/^up {8}… another `make up` \(process \d+\) is running in this checkout: waiting for it\n$/);
    open();
    expect((await first).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    expect(second.said()).toContain("waiting for it\nset-up\n");
  });

  test("its lock is gone with it, though a child lives on", async () => {
    const { wait, open } = machine.gate();
    const checkout = hollow(wait);
    machine.env.SETUP_WAITS = "yes";
    const killed = machine.start(checkout, "toolchain/up");
    await expect.poll(() => machine.called("setup"), WITHIN).toBe(1);
    killed.process.kill("SIGKILL");
    delete machine.env.SETUP_WAITS;
    const { code, stdout } = await machine.run(checkout, "make up");
    expect(code).toBe(0);
    expect(stdout).not.toContain("waiting");
    open();
  });
});
