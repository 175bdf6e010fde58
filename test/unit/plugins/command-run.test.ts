import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import type { CommandInputs } from "../../../toolchain/plugins/command/inputs";
import { quote, Runner, type Outputs, type RunOptions } from "../../../toolchain/plugins/command/run";
import { isRunning } from "../../support/processes";
import { masker } from "../../../toolchain/plugins/common/mask";

const NONE: Outputs = { stdout: "", stderr: "" };

function run(
  command: string,
  inputs: CommandInputs = {},
  options: Partial<RunOptions> = {},
): Promise<Outputs> {
  return new Runner().run(command, inputs, {
    previous: NONE,
    mask: (text) => text,
    log: () => undefined,
    ...options,
  });
}

describe("a command", () => {
  it("runs in /bin/sh and answers both outputs without one final line break", async () => {
    expect(await run("echo out; echo; echo err >&2; printf x >&2")).toEqual({
      stdout: "out\n",
      stderr: "err\nx",
    });
  });

  it("takes interpreter, standard input, environment and folder", async () => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), "zt-plugins-")));
    try {
      const inputs = { interpreter: ["/bin/sh", "-c"], stdin: "given", environment: { A: "1 2" }, dir };
      expect((await run('cat; echo " $A"; pwd', inputs)).stdout).toBe(`given 1 2\n${dir}`);
      expect(
        (await run("process.stdout.write('js')", { interpreter: [process.execPath, "-e"] })).stdout,
      ).toBe("js");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("has an empty standard input when none is given, and need not read what is given", async () => {
    expect((await run("cat")).stdout).toBe("");
    expect((await run("echo done", { stdin: "x".repeat(1_000_000) })).stdout).toBe("done");
  });

  it("finds the previous outputs in its environment unless told otherwise", async () => {
    const previous = { stdout: "o", stderr: "e" };
    const show = 'echo "$PULUMI_COMMAND_STDOUT|$PULUMI_COMMAND_STDERR"';
    expect((await run(show, {}, { previous })).stdout).toBe("o|e");
    expect((await run(show, { addPreviousOutputInEnv: false }, { previous })).stdout).toBe("|");
  });

  it.each([
    [undefined, ["out", "err"]],
    ["stdoutAndStderr", ["out", "err"]],
    ["stdout", ["out"]],
    ["stderr", ["err"]],
    ["none", []],
  ] as const)("logs with logging %s", async (logging, expected) => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    await run("echo out; echo err >&2", logging === undefined ? {} : { logging }, { log });
    expect(lines.sort()).toEqual([...expected].sort());
  });

  it("logs lines while it runs, masked, also the unfinished last one", async () => {
    const dir = mkdtempSync(join(tmpdir(), "zt-plugins-"));
    const lines: string[] = [];
    // The command goes on only when its first line has been logged.
    const log = (line: string): void => {
      lines.push(line);
      writeFileSync(join(dir, "logged"), "");
    };
    try {
      const command = "echo hunter2; until test -e logged; do sleep 0.01; done; printf äö";
      await run(command, { dir }, { log, mask: masker(["hunter2"]) });
    } finally {
      rmSync(dir, { recursive: true });
    }
    expect(lines).toEqual(["[secret]", "äö"]);
  });

  it("fails with status, command and all output, masked", async () => {
    const failing = run('echo "a hunter2"; echo b >&2; exit 3', {}, { mask: masker(["hunter2"]) });
    await expect(failing).rejects.toThrow(
      'exit status 3: running "echo \\"a [secret]\\"; echo b >&2; exit 3":\na [secret]\nb\n',
    );
  });

  it("says what cannot be started, and which signal ended it", async () => {
    await expect(run("x", { interpreter: ["zt-no-such-program"] })).rejects.toThrow(
      'exec: "zt-no-such-program": executable file not found in $PATH',
    );
    await expect(run("x", { dir: "/zt-no-such-folder" })).rejects.toThrow(
      "in /zt-no-such-folder: no such file",
    );
    await expect(run("kill -9 $$")).rejects.toThrow("signal: killed");
  });

  it("is ended with its children on cancel, and nothing is started after it", async () => {
    const runner = new Runner();
    const pids: number[] = [];
    const options = {
      previous: NONE,
      mask: (text: string) => text,
      log: (line: string) => void pids.push(Number(line)),
    };
    const running = runner.run("echo $$; sleep 300 & echo $!; wait", {}, options);
    const outcome = expect(running).rejects.toThrow(/^signal: terminated/);
    while (pids.length < 2) await sleep(10);
    await runner.cancel();
    await outcome;
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
    await expect(runner.run("true", {}, options)).rejects.toThrow("cancelled before");
  });

  it("may clear up before it ends on cancel", async () => {
    const runner = new Runner();
    const lines: string[] = [];
    const options = {
      previous: NONE,
      mask: (text: string) => text,
      log: (line: string) => void lines.push(line),
    };
    const running = runner.run("trap 'echo cleared; exit 5' TERM; echo up; sleep 300 & wait", {}, options);
    const outcome = expect(running).rejects.toThrow(/^exit status 5/);
    while (lines.length < 1) await sleep(10);
    await runner.cancel();
    await outcome;
    expect(lines).toEqual(["up", "cleared"]);
  });
});

describe("a command in an error text", () => {
  it("is quoted as Go does it", () => {
    expect(quote('a "b"\n\t\\ \u0007\u000b\u001b ä')).toBe('"a \\"b\\"\\n\\t\\\\ \\a\\v\\x1b ä"');
  });
});
