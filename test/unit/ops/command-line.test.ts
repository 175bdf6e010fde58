import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildProgram, runProgram, type CommandDefinition, type CommandGroup } from "../../../ops/command";
import { commands } from "../../../ops/commands";
import { zakaz } from "./support";

type Definition = CommandDefinition | CommandGroup;

/** Every command and group with the words that call it. */
const named = (definitions: readonly Definition[], before: string[] = []): [string, Definition][] =>
  definitions.flatMap((definition) => {
    const words = [...before, definition.name];
    const own: [string, Definition] = [words.join(" "), definition];
    return "commands" in definition ? [own, ...named(definition.commands, words)] : [own];
  });

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "zakaz-commands-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in this process. */
async function runHere(program: Command, args: string[]): Promise<{ code: unknown; stdout: string }> {
  const { argv, exitCode } = process;
  let stdout = "";
  const spy = vi
    .spyOn(process.stdout, "write")
    .mockImplementation((text) => ((stdout += String(text)), true));
  process.argv = [process.execPath, "zakaz", ...args];
  try {
    await runProgram(program);
    return { code: process.exitCode, stdout };
  } finally {
    Object.assign(process, { argv, exitCode });
    spy.mockRestore();
  }
}

describe.each(named(commands))("zakaz %s", (words, { summary, example }) => {
  it("has a summary and an example, and its help shows both", async () => {
    expect(summary).not.toBe("");
    expect(`${example} `).toContain(`npx zakaz ${words} `);
    const { code, stdout } = await runHere(buildProgram(commands), [...words.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: zakaz ${words} `);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(summary);
    expect(stdout).toContain(`Example:\n  ${example}\n`);
  });
});

describe("zakaz --help", () => {
  it("lists every command, and loads no client, no configuration and no implementation", async () => {
    const list = join(folder, "list.cjs");
    writeFileSync(
      list,
      `process.on("exit", () => process.stderr.write(JSON.stringify(Object.keys(require.cache))));`,
    );
    const { code, stdout, stderr } = await zakaz(["--help"], { node: ["--require", list] });
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    const loaded = JSON.parse(stderr) as string[];
    expect(loaded.some((file) => file.endsWith("/ops/commands/index.ts"))).toBe(true);
    const heavy =
      /\/node_modules\/(@clickhouse|@pulumi|@cyclonedx|undici|zod|typescript)\/|\/ops\/(actions|stack)|\/images\.ts$|\/config(\/|\.ts$)/;
    expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
  });
});

describe("zakaz complete", () => {
  it.each([
    ["commands", ["sta"], ["status"]],
    ["the commands of a group", ["schema", "a"], ["apply"]],
    ["flags", ["status", "--js"], ["--json"]],
    ["choices", ["rotate", ""], ["admin", "backup", "datalens", "loader", "monitor"]],
  ])("knows %s", async (_, typed, wanted) => {
    const { code, stdout } = await zakaz(["complete", "--", ...typed]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n").slice(0, -1);
    expect(lines.map((line) => line.split("\t")[0])).toEqual(wanted);
  });

  it.each(["bash", "zsh"])("prints what %s takes", async (shell) => {
    const { code, stdout } = await zakaz(["complete", shell]);
    expect(code).toBe(0);
    expect(stdout).toContain("zakaz");
    expect(stdout).toContain("complete --");
  });

  it("has an example in its help", async () => {
    const { code, stdout } = await zakaz(["complete", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Example:\n  source <(npx zakaz complete bash)\n");
  });
});

describe("wrong usage", () => {
  const sources = "sources are qtickets_api, vk_ads, plan, yandex_direct, recompute";
  it.each([
    [["fly"], "zakaz: unknown command 'fly'; npx zakaz --help shows what it takes\n"],
    [
      ["statu"],
      "zakaz: unknown command 'statu' (Did you mean status?); npx zakaz --help shows what it takes\n",
    ],
    [
      ["status", "--jso"],
      "zakaz: unknown option '--jso' (Did you mean --json?); npx zakaz status --help shows what it takes\n",
    ],
    [
      ["schema", "dif"],
      "zakaz: unknown command 'dif' (Did you mean diff?); npx zakaz schema --help shows what it takes\n",
    ],
    [["plan"], "zakaz: missing required argument 'file'; npx zakaz plan --help shows what it takes\n"],
    [
      ["rotate", "bob"],
      /Allowed choices are admin, backup, datalens, loader, monitor; npx zakaz rotate --help shows what it takes; a further reader gets another password by pulumi config/,
    ],
    [
      ["load", "--since-hours", "48"],
      "zakaz: unknown option '--since-hours'; npx zakaz load --help shows what it takes; " +
        "flags of the loader stand after --: npx zakaz load qtickets_api -- --since-hours 48\n",
    ],
    [["load", "--target", "x"], "zakaz: --target takes only - (standard input)\n"],
    [
      ["load", "qtickets"],
      `zakaz: There is no source \`qtickets\`, the nearest is \`qtickets_api\`; ${sources}\n`,
    ],
    [["smoke", "nothing_like_it"], `zakaz: There is no source \`nothing_like_it\`; ${sources}\n`],
    [["load", "plan"], "zakaz: `plan` is brought by a file: npx zakaz import plan FILE\n"],
    [["smoke", "plan"], "zakaz: `plan` is brought by a file: npx zakaz import plan FILE\n"],
    [
      ["import", "qtickets_api", "a.csv"],
      "zakaz: `qtickets_api` is read from its API: npx zakaz load qtickets_api\n",
    ],
    [
      ["load", "yandex_direct"],
      "zakaz: `yandex_direct` is brought by a file: npx zakaz import yandex_direct FILE\n",
    ],
    [["import", "plan", "none.csv"], /^zakaz: none\.csv cannot be read \(ENOENT\)/],
    [["plan", "none.csv"], /^zakaz: none\.csv cannot be read \(ENOENT\)/],
    [["schema", "diff", "--target", "-"], "zakaz: The target on standard input is not a warehouseTarget\n"],
  ])("%j is one sentence and exit code 2", async (args, sentence) => {
    const { code, stdout, stderr } = await zakaz(args, { input: '{"password": "hush-hush"' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain("hush");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("an error that nobody expects", () => {
  it("is thrown as it is, with its stack and its cause", async () => {
    const error = new Error("unexpected", { cause: new Error("why") });
    const boom: CommandDefinition = {
      ...{ name: "boom", summary: "fails", example: "npx zakaz boom" },
      action: () => Promise.reject(error),
    };
    await expect(runHere(buildProgram([boom]), ["boom"])).rejects.toBe(error);
  });
});
