import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namesOf } from "../../components/names";
import { newPassword } from "../../ops/password";
import type { PasswordKey } from "../../warehouse/catalogue";
import { commandsOf, type DocumentedCommand, documents } from "../support/documents";
import { reservePort } from "../support/ports";
import { dockerLines, must, type Result, ROOT, run, TestStack } from "../support/stack";

/**
 * Every command that a document tells its readers to type, typed: document by document, from top to bottom, on a `dev` stack of
 * its own in a copy of the checkout. The same command in two documents is run once. What is asked for (a secret) gets an answer.
 */
const stack = new TestStack(`doc${process.pid}`);
const names = namesOf(stack.instance);
const IMAGE = `qtickets_api:${stack.instance}`;
let httpPort = 0;
let nativePort = 0;

const { PULUMI_STACK: _, ...environment } = process.env;
const env = {
  ...environment,
  TMPDIR: stack.temporary,
  PULUMI_SKIP_CONFIRMATIONS: "true",
  NO_COLOR: "1",
  // Where curl finds what makes an error of the server one of curl.
  CURL_HOME: stack.folder,
};

/** Samples of Pulumi.dev.yaml that documents name; a document before may have changed them. */
const SAMPLES: Record<string, PasswordKey> = {
  admin_pass: "adminPassword",
  etl_pass: "loaderPassword",
  "ChangeMe123!": "datalensPassword",
};

/** What documents name of the one ordinary stack, and what this stack has in its place. */
const OWN = (): [RegExp, string][] => [
  [/\bch-zakaz\b/g, names.server],
  [
    /\bzakaz-(?:sandbox|quarantine|clickhouse-data|schedule-[a-z-]+|alerts|backup)\b/g,
    `$&-${stack.instance}`,
  ],
  [/\bclickhouse_default\b/g, names.network],
  [/\bqtickets_api:prod\b/g, IMAGE],
  [/\blocalhost:8123\b/g, `localhost:${httpPort}`],
  [/\bhttpPort=8124\b/g, `httpPort=${httpPort}`],
  [/\bnativePort=9001\b/g, `nativePort=${nativePort}`],
  [/\bzakaz:instance=second\b/g, `zakaz:instance=${stack.instance}`],
];

/** What changes the shell it is typed into: each document begins in a new one. */
const CHANGES_SHELL = /^(?:eval|export|source) /;
/** What the command below it needs, each time. */
const CHANGES_SERVER = /^docker (?:stop|start|restart|exec \S+ sh -c 'until) /;
/** What ends the stack: run behind everything else. */
const LAST = /^(?:make down|pulumi destroy)\b/;

/** All commands in their order, each once; `pulumi up` again where the configuration was changed since the last one. */
function toBeRun(): DocumentedCommand[] {
  const seen = new Set<string>();
  return documents()
    .flatMap(commandsOf)
    .filter(({ text }) => {
      if (CHANGES_SHELL.test(text) || CHANGES_SERVER.test(text)) return true;
      if (seen.has(text)) return false;
      seen.add(text);
      if (text.startsWith("pulumi config ")) seen.delete("pulumi up");
      return true;
    });
}

const all = toBeRun();
const isLast = ({ text }: DocumentedCommand) => LAST.test(text);
const titled = (commands: DocumentedCommand[]) =>
  commands.map((command) => [`${command.document}:${command.line} ${command.text}`, command] as const);

/** Runs a line of a document in the shell of that document, which keeps what a line before has exported. */
function inShellOf(document: string, line: string): Promise<Result> {
  const session = join(stack.folder, document.replaceAll("/", "-"));
  const script = `[[ ! -f $SESSION ]] || . "$SESSION"\n${line}\nstatus=$?\nexport -p >"$SESSION"\nexit $status`;
  const input = `${newPassword()}\n`;
  return run("bash", ["-o", "pipefail", "-c", script], {
    cwd: stack.project,
    env: { ...env, SESSION: session },
    input,
  });
}

/** A documented command as it is typed for this stack. */
async function forThisStack({ document, text }: DocumentedCommand): Promise<string> {
  let typed = OWN().reduce((line, [theirs, own]) => line.replaceAll(theirs, own), text);
  for (const [sample, key] of Object.entries(SAMPLES)) {
    if (!typed.includes(sample)) continue;
    const { stdout } = await must(
      inShellOf(document, `eval "$(make -s env)" && pulumi config get zakaz:${key}`),
    );
    typed = typed.replaceAll(sample, stdout.trim());
  }
  return typed;
}

async function type(command: DocumentedCommand): Promise<void> {
  const typed = await forThisStack(command);
  const { code, stdout, stderr } = await inShellOf(command.document, typed);
  const place = `${command.document}:${command.line}`;
  expect(code, `${place}: \`${command.text}\` ended with ${code} and said:\n${stdout}${stderr}`).toBe(0);
}

beforeAll(async () => {
  writeFileSync(join(stack.folder, ".curlrc"), "fail-with-body\nsilent\nshow-error\n");
  [httpPort, nativePort] = [await reservePort(), await reservePort()];
  // A clone has no packages and no tools: set-up links them.
  for (const path of ["node_modules", ".zakaz"])
    rmSync(join(stack.project, path), { recursive: true, force: true });
  // A clone has git, which some commands ask for the files of the repository.
  await must(run("sh", ["-c", "git init --quiet && git add --all"], { cwd: stack.project }));
  const values = [`instance=${stack.instance}`, `httpPort=${httpPort}`, `nativePort=${nativePort}`];
  const settings = values.map((value) => `--plaintext zakaz:${value}`).join(" ");
  const line = `toolchain/setup && eval "$(make -s env)" && pulumi stack select --create dev && pulumi config set-all ${settings}`;
  await must(inShellOf("beforeAll", line));
});

afterAll(async () => {
  await inShellOf("afterAll", "make down");
  await run("docker", ["image", "rm", IMAGE]);
  await stack.remove();
});

describe("what the documents say to type", () => {
  it.each(titled(all.filter((command) => !isLast(command))))("%s", (_title, command) => type(command));

  it("the picture of README.md shows the lines of today's status", async () => {
    await must(inShellOf("picture", 'eval "$(make -s env)" && npx tsx docs/screen.ts'));
    const labels = (file: string) => [
      ...readFileSync(file, "utf8").matchAll(/>([A-Z][a-z]+(?:\u00a0[a-z]+)?)\u00a0{2,}/g),
    ];
    const shown = labels(join(stack.project, "docs/screen.svg")).map(([, label]) => label);
    expect(shown).toContain("Server");
    expect(labels(join(ROOT, "docs/screen.svg")).map(([, label]) => label)).toEqual(shown);
  });

  it.each(titled(all.filter(isLast)))("at the end: %s", (_title, command) => type(command));

  it("leaves nothing of the stack", async () => {
    const ofStack = ["--filter", `name=${stack.instance}`];
    expect(await dockerLines("ps", "-a", ...ofStack, "--format", "{{.Names}}")).toEqual([]);
    expect(await dockerLines("volume", "ls", ...ofStack, "--format", "{{.Name}}")).toEqual([]);
    expect(await dockerLines("network", "ls", ...ofStack, "--format", "{{.Name}}")).toEqual([]);
  });
});
