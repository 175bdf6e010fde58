import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../../clickhouse/password-hash";
import type { CommandDefinition, CommandGroup } from "../../../ops/command";
import { commands } from "../../../ops/commands";
import { passwordKeys } from "../../../warehouse/catalogue";
import { processesWith } from "../../support/processes";
import { RecordedStack } from "../../support/recorded-stack";
import { sampleOf } from "../../support/soak";
import { ROOT } from "../../support/stack";
import { isCompiled, makeTemporary } from "../../support/temporary";
import { typeInto } from "../../support/terminal";
import { RUNNING, stackOutputs, stubProgram, type Ended } from "../../unit/ops/support";
import { Desk } from "./desk";

/**
 * What every command does when something is wrong around it: one sentence, the right exit code, nothing left half done. Processes
 * are real; Pulumi is where a stack is read wrongly, and answers as it did then where each command is tried. Docker is a script.
 * Not proved here: that containers stop (test/e2e/stack.test.ts), what a loader says of a stopped server (test/integration/loaders).
 */
interface Case {
  /** A whole call behind `zakaz`. */
  args: string[];
  /** What it cannot work without. */
  needs: readonly ("stack" | "server" | "docker")[];
  /** Where Ctrl-C meets it, when it is long under way; `work`: in steps that it ends in good order. */
  stops: "stack" | "server" | "work" | "container" | "update" | "itself";
  /** Its exit code where nothing is wrong, if not 0: those of what stands in the place of Pulumi and Docker. */
  code?: number;
  /** The file that tries it with more than scripts around it; here only its flags and its way to the stack are. */
  elsewhere?: string;
}

const FILE = join(ROOT, "loaders/sales-plan/example.csv");
const DAYS = ["--from", "2030-01-01", "--to", "2030-01-02"];
const onServer = { needs: ["stack", "server"], stops: "server" } as const;
const inContainer = { needs: ["stack", "docker"], stops: "container" } as const;

const onBackups = {
  needs: ["stack"],
  stops: "work",
  elsewhere: "test/e2e/backup.test.ts",
} as const;

const CASES: Record<string, Case> = {
  "access apply": { args: ["access", "apply"], ...onServer, stops: "work" },
  "access check": { args: ["access", "check"], ...onServer },
  "access diff": { args: ["access", "diff"], ...onServer },
  "alert-test": {
    args: ["alert-test"],
    ...{ needs: ["stack"], stops: "itself", elsewhere: "test/e2e/no-leak.test.ts" },
  },
  backup: { args: ["backup"], ...onBackups },
  "check-reader": { args: ["check-reader"], ...onServer },
  cities: { args: ["cities"], ...onServer },
  diagnose: { args: ["diagnose"], needs: ["stack"], stops: "stack" },
  doctor: { args: ["doctor"], needs: [], stops: "itself" },
  drill: { args: ["drill"], ...onBackups },
  import: { args: ["import", "plan", FILE], ...inContainer },
  load: { args: ["load"], ...inContainer },
  plan: { args: ["plan", FILE], ...inContainer },
  probe: { args: ["probe"], ...inContainer },
  recompute: { args: ["recompute", ...DAYS], ...inContainer },
  "release-data": { args: ["release-data", "zakaz-clickhouse-data"], ...onBackups },
  report: { args: ["report"], needs: [], stops: "itself", elsewhere: "test/soak/report.test.ts" },
  restore: { args: ["restore"], ...onBackups },
  rotate: { args: ["rotate", "datalens"], needs: ["stack", "server"], stops: "update", code: 1 },
  sbom: { args: ["sbom"], needs: ["stack", "docker"], stops: "stack" },
  "schema apply": { args: ["schema", "apply"], ...onServer, stops: "work" },
  "schema diff": { args: ["schema", "diff"], ...onServer },
  "schema show": { args: ["schema", "show"], ...onServer },
  smoke: { args: ["smoke"], ...inContainer },
  status: { args: ["status"], needs: [], stops: "stack" },
  "upgrade-check": { args: ["upgrade-check", "--image", "zakaz/none"], ...onBackups },
  validate: { args: ["validate"], needs: [], stops: "itself" },
};

const wordsOf = (definition: CommandDefinition | CommandGroup): string[] =>
  "commands" in definition
    ? definition.commands.map(({ name }) => `${definition.name} ${name}`)
    : [definition.name];

const all = Object.entries(CASES);
const needing = (what: Case["needs"][number]) => all.filter(([, { needs }]) => needs.includes(what));
/** Those that scripts in the place of Pulumi and Docker can try. */
const tried = all.filter(([, { elsewhere }]) => elsewhere === undefined);

const PASSWORD = "a password of the recorded stack";
const ONE_SENTENCE = /^zakaz: [^\n]+\n$/;
/** An address at which nobody listens. */
const NOBODY = "http://127.0.0.1:9";

let folder: string;
let stack: RecordedStack;
const JOBS = ["qtickets_api", "vk_ads", "plan", "yandex_direct", "recompute"];
function outputsAt(url: string) {
  const { accessTarget, ...outputs } = stackOutputs(url, JOBS);
  const logins = Object.keys(passwordKeys).map((user) => ({
    user,
    passwordSha256: sha256Hex(PASSWORD),
    hosts: [],
  }));
  return { ...outputs, accessTarget: { ...accessTarget, logins } };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-every-"));
  stack = await RecordedStack.make(outputsAt(NOBODY), "loaderTargets");
});
afterAll(() => {
  stack?.remove();
  rmSync(folder, { recursive: true });
});

interface Call {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** True: nobody reads what it prints. */
  isUnread?: boolean;
}

function zakaz(args: string[], { env = {}, cwd = ROOT, isUnread = false }: Call = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "ops/zakaz.cjs"), ...args], {
      cwd,
      // A test's own passphrase, or none.
      env: { ...process.env, PULUMI_CONFIG_PASSPHRASE_FILE: undefined, ...env },
    });
    const ended: Ended = { code: null, stdout: "", stderr: "" };
    if (isUnread) child.stdout.destroy();
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (ended.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (ended.stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ended, code }));
    child.stdin.end();
  });
}

/** A folder whose programs stand in the place of Pulumi and Docker; its own temporary folder is `tmp`. */
function stubs(
  name: string,
  pulumi: string,
  dockerRun = "exit 1",
  status = "running",
): { place: string; env: NodeJS.ProcessEnv } {
  const place = join(folder, name);
  makeTemporary(join(place, "tmp"));
  stubProgram(place, "pulumi", pulumi);
  const inspected = JSON.stringify([{ State: { Status: status, Health: { Status: RUNNING.health } } }]);
  stubProgram(
    place,
    "docker",
    `case "$1" in run) ${dockerRun} ;; image) echo built ;; *) echo '${inspected}' ;; esac`,
  );
  return { place, env: { PATH: `${place}${delimiter}${process.env["PATH"]}`, TMPDIR: join(place, "tmp") } };
}

/** A script that answers what Pulumi answers for a stack with these outputs. */
function pulumiOf(name: string, outputs: object, up = "true"): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(outputs));
  const config = join(folder, `${name}-config.json`);
  const keys = Object.values(passwordKeys).map((key) => [`zakaz:${key}`, { value: PASSWORD }]);
  writeFileSync(config, JSON.stringify(Object.fromEntries(keys)));
  return `case "$1 $2" in
"stack output") cat "${file}" ;;
"config get") echo "${PASSWORD}" ;;
"config set") cat >/dev/null ;;
"config "*) cat "${config}" ;;
"up "*) ${up} ;;
esac`;
}

it("knows every command of zakaz", () => {
  expect(commands.flatMap(wordsOf).sort()).toEqual(Object.keys(CASES).sort());
});

describe.concurrent("a flag that there is not", () => {
  it.each(sampleOf(all))("%s", async (words, { args }) => {
    const { code, stdout, stderr } = await zakaz([...args, "--nonsense"]);
    // One that has a hint of its own says it behind this.
    const sentence = `zakaz: unknown option '--nonsense'; npx zakaz ${words} --help shows what it takes`;
    expect(stderr.slice(0, sentence.length)).toBe(sentence);
    expect(stderr.slice(sentence.length)).toMatch(/^(; [^\n]+)?\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("a stack that cannot be read", () => {
  const passphrase =
    'eval "$(make -s env)" sets that of dev, PULUMI_CONFIG_PASSPHRASE_FILE names the file that holds another';
  const troubles = [
    [
      "none selected",
      { PULUMI_STACK: undefined },
      1,
      'No stack is selected: select one with eval "$(make -s env)", and build it with make up',
    ],
    [
      "an unknown one",
      { PULUMI_STACK: "nope" },
      1,
      "There is no stack nope: pulumi stack ls lists those that are, make up builds dev",
    ],
    [
      "a wrong passphrase",
      { PULUMI_CONFIG_PASSPHRASE: "wrong" },
      2,
      `The passphrase is not that of the stack: ${passphrase}`,
    ],
    [
      "no passphrase",
      { PULUMI_CONFIG_PASSPHRASE: undefined },
      2,
      `The passphrase of the stack is missing: ${passphrase}`,
    ],
  ] as const;

  it.each(troubles)("%s, as Pulumi itself says it", async (_, env, code, sentence) => {
    const ended = await zakaz(["load"], { cwd: stack.folder, env: { ...stack.env, ...env } });
    expect(ended).toEqual({ code, stdout: "", stderr: `zakaz: ${sentence}\n` });
  });

  it("is read where nothing is wrong with it", async () => {
    const env = { ...stack.env, DOCKER_HOST: "unix:///nope" };
    const { stderr } = await zakaz(["load"], { cwd: stack.folder, env });
    expect(stderr).toMatch(
      /^zakaz: Docker does not answer \(Cannot connect to the Docker daemon at unix:\/\/\/nope\./,
    );
  });

  it("needs a Pulumi, and a checkout around", async () => {
    const none = await zakaz(["load"], { env: { PATH: join(process.execPath, "..") } });
    expect(none.stderr).toBe(
      'zakaz: pulumi cannot be started (spawn pulumi ENOENT): eval "$(make -s env)" puts it on PATH\n',
    );
    const outside = await zakaz(["load"], { cwd: tmpdir(), env: stack.env });
    expect(outside.stderr).toBe("zakaz: This folder is in no checkout of Zakaz: run the command in one\n");
    expect([none.code, outside.code]).toEqual([1, 2]);
  });

  describe.concurrent.each([
    ["none selected", "no stack selected; please use `pulumi stack select` to choose one", troubles[0]],
    [
      "a wrong passphrase",
      "failed to decrypt: incorrect passphrase, please set PULUMI_CONFIG_PASSPHRASE",
      troubles[2],
    ],
  ])("%s", (name, words, [, , code, sentence]) => {
    it.each(sampleOf(needing("stack")))("%s", async (command, { args }) => {
      const { env } = stubs(`${name} ${command}`, `echo 'error: ${words}' >&2; exit 255`);
      const ended = await zakaz(args, { env: { ...env, PULUMI_STACK: "" } });
      expect(ended).toEqual({ code, stdout: "", stderr: `zakaz: ${sentence}\n` });
    });
  });

  it("is a state to status, unless it is locked away", async () => {
    const missing = await zakaz(["status"], {
      cwd: stack.folder,
      env: { ...stack.env, PULUMI_STACK: "nope" },
    });
    expect(missing).toMatchObject({ code: 0, stderr: "" });
    expect(missing.stdout).toMatch(/^Server {5}absent, There is no stack nope: /);
    const locked = await zakaz(["status"], {
      cwd: stack.folder,
      env: { ...stack.env, PULUMI_CONFIG_PASSPHRASE: "wrong" },
    });
    expect(locked).toEqual({ code: 2, stdout: "", stderr: `zakaz: ${troubles[2][3]}\n` });
  });
});

describe.concurrent("a stopped server", () => {
  it.each(sampleOf(needing("server")))("%s", async (command, { args }) => {
    const { env } = stubs(
      `stopped ${command}`,
      pulumiOf(`stopped ${command}`, outputsAt(NOBODY)),
      "",
      "exited",
    );
    const { code, stdout, stderr } = await zakaz(args, { env });
    expect(stderr).toMatch(ONE_SENTENCE);
    expect(stderr).toMatch(
      /^zakaz: ClickHouse does not answer at \S+ \(.*\): start it with docker start c, or make up\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  it.each([
    [
      "smoke",
      1,
      "",
      /^zakaz: ClickHouse's container c is exited: start it with docker start c, or make up\n$/,
    ],
    [
      "diagnose",
      1,
      "server stopped: The server is stopped: its container ended with code 0; docker start c starts it.\n",
      /^$/,
    ],
    ["status", 0, "Server     c: stopped, http://127.0.0.1:9\n", /^$/],
  ])("%s", async (command, code, shown, sentence) => {
    const { env } = stubs(
      `stopped ${command}`,
      pulumiOf(`stopped ${command}`, outputsAt(NOBODY)),
      "",
      "exited",
    );
    const ended = await zakaz([command], { env });
    expect(ended.stderr).toMatch(sentence);
    expect(ended.stdout.slice(0, shown.length)).toBe(shown);
    expect(ended.code).toBe(code);
  });
});

describe.concurrent("no Docker", () => {
  const engine = "Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?";
  const silent = `Docker does not answer (${engine})`;
  const none = `${silent}: make up starts it, make doctor shows it`;

  /** The real client, which asks where nobody answers. */
  const withoutEngine = (command: string) => {
    const { place, env } = stubs(`engine ${command}`, pulumiOf(`engine ${command}`, outputsAt(NOBODY)));
    rmSync(join(place, "docker"));
    return { ...env, DOCKER_HOST: "unix:///nope" };
  };

  it.each(sampleOf(needing("docker")))("%s", async (command, { args }) => {
    const ended = await zakaz(args, { env: withoutEngine(command) });
    expect(ended).toEqual({ code: 1, stdout: "", stderr: `zakaz: ${none}\n` });
  });

  it.each([
    ["status", 0, `Server     c: silent, connect ECONNREFUSED 127.0.0.1:9; ${silent}, `],
    [
      "diagnose",
      1,
      `server stopped: The server does not answer, nor does Docker (connect ECONNREFUSED 127.0.0.1:9; ${silent}); make up starts both.`,
    ],
  ])("%s says so in its answer", async (command, code, shown) => {
    const ended = await zakaz([command], { env: withoutEngine(command) });
    expect(ended.stdout).toContain(shown);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: "" });
  });

  it("not even its client", async () => {
    const { place, env } = stubs("client", pulumiOf("client", outputsAt(NOBODY)));
    rmSync(join(place, "docker"));
    // What the scripts of this test need of the system, and nothing else.
    for (const program of ["cat", "sh"]) stubProgram(place, program, `exec /bin/${program} "$@"`);
    const ended = await zakaz(["load"], { env: { ...env, PATH: place } });
    expect(ended.stderr).toBe("zakaz: docker cannot be started (spawn docker ENOENT): make up sets it up\n");
    expect(ended.code).toBe(1);
  });
});

describe("an output that nobody reads", () => {
  let desk: Desk;
  let outputs: object;
  beforeAll(async () => {
    desk = await Desk.start();
    const { loaderTargets, ...others } = desk.stack;
    outputs = {
      ...others,
      loaderTargets: {
        ...loaderTargets,
        vk_ads: loaderTargets["qtickets_api"],
        recompute: loaderTargets["plan"],
      },
    };
  });
  afterAll(() => desk?.stop());

  const lines = "i=0; while [ $i -lt 200 ]; do echo a line of the loader; i=$((i+1)); done";

  describe.concurrent("changes nothing but what is seen", () => {
    it.each(sampleOf(tried))("%s", async (command, { args, code = 0 }) => {
      const { place, env } = stubs(
        `unread ${command}`,
        pulumiOf(`unread ${command}`, outputs),
        `${lines}; touch "$0.ended"`,
      );
      // The passwords of the desk are the users' own.
      writeFileSync(join(folder, `unread ${command}-config.json`), JSON.stringify(deskConfig(desk)));
      const ended = await zakaz(args, { env, isUnread: true });
      expect(ended.stderr).not.toMatch(/EPIPE|^ +at /m);
      if (command !== "rotate")
        expect(ended.stderr.replace(/^(\[.*|.*line of the loader.*)\n/gm, "")).toBe("");
      // It may well find what another command of this test was refused.
      if (command !== "diagnose") expect(ended.code).toBe(code);
      if (CASES[command]!.stops === "container") expect(existsSync(join(place, "docker.ended"))).toBe(true);
    });
  });

  it.each([
    ["closed", '"$@" >&-', 0, /^$/],
    ["closed for errors too", '"$@" >&- 2>&-', 0, /^$/],
    [
      "full",
      '"$@" >/dev/full',
      1,
      /^zakaz: The output cannot be written \(ENOSPC\): make room, or send it elsewhere\n$/,
    ],
  ])("is %s", async (_, script, wanted, sentence) => {
    const { env } = stubs("closed", pulumiOf("closed", outputs));
    const child = spawn("sh", ["-c", script, "sh", process.execPath, "ops/zakaz.cjs", "status"], {
      cwd: ROOT,
      env: { ...process.env, ...env },
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(stderr).toMatch(sentence);
    expect(code).toBe(wanted);
  });
});

const deskConfig = ({ passwords }: Desk): object =>
  Object.fromEntries(
    Object.entries(passwordKeys).map(([user, key]) => [
      `zakaz:${key}`,
      { value: passwords[user] ?? PASSWORD },
    ]),
  );

describe.concurrent("Ctrl-C", () => {
  const ORDERLY = "zakaz: Ctrl-C: ends in good order, once more ends at once";
  const AT_ONCE = "zakaz: stopped by Ctrl-C; nothing was left half done";

  it.each(sampleOf(tried))("%s", async (command, { args, stops }) => {
    const name = `zt-stop-${command.replaceAll(" ", "-")}-${process.pid}`;
    const at = join(folder, `at ${command}`);
    /** What is told to stop: it does, a little later, and says so. */
    const stoppable = `trap 'sleep 0.3; echo stopped >"${at}.stopped"; exit 1' INT TERM; touch "${at}"; while :; do sleep 0.1; done`;
    const isHanging = stops === "server" || stops === "work";
    const server = createServer((_, response) => {
      if (isHanging) writeFileSync(at, "");
      // An update begins behind a login; the journal of a new stack is empty.
      else if (stops === "update") refuse(response);
      else response.end("0\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outputs = outputsAt(url);
    for (const target of Object.values(outputs.loaderTargets)) target.container = name;
    const pulumi =
      stops === "stack"
        ? `touch "${at}"; exec sleep 60`
        : pulumiOf(name, { ...outputs, container: name }, stoppable);
    const { place, env } = stubs(name, pulumi, stoppable);
    const words = [process.execPath, "ops/zakaz.cjs", ...args].map((word) => `'${word}'`).join(" ");
    const terminal = typeInto(words, env as Record<string, string>);
    try {
      if (command === "doctor") await terminal.expect("checkout");
      const isThere = () =>
        stops === "itself"
          ? command === "doctor" || temporary(place).some((name) => name.startsWith("zakaz-server-"))
          : existsSync(at);
      for (let tries = 0; tries < 1500 && !isThere(); tries++) await sleep(20);
      expect(isThere()).toBe(true);
      await terminal.type("\u0003");
      if (stops === "container" || stops === "update") {
        await terminal.expect(ORDERLY);
        await terminal.expect("zakaz: stopped by Ctrl-C: ");
        await terminal.expect(stops === "update" ? "`pulumi up` goes on from here" : "code 1");
        expect(existsSync(`${at}.stopped`)).toBe(true);
      } else if (stops === "work") {
        await terminal.expect(ORDERLY);
        await terminal.type("\u0003");
        await terminal.expect("zakaz: stopped by Ctrl-C at once; npx zakaz status shows how things stand");
      } else {
        await terminal.expect(AT_ONCE);
      }
      expect(await terminal.ended).toBe(130);
      for (let tries = 0; tries < 250 && left(name, place).length > 0; tries++) await sleep(20);
      expect(left(name, place)).toEqual([]);
      expect(temporary(place)).toEqual([]);
    } finally {
      terminal.kill();
      server.closeAllConnections();
      server.close();
    }
  });
});

/** What it has put into its temporary folder. */
const temporary = (place: string): string[] =>
  readdirSync(join(place, "tmp")).filter((name) => !isCompiled(name));

/** Processes that a command has left: its children run under its name, or out of its folder. */
const left = (name: string, place: string): string[] => [
  ...processesWith(name).values(),
  ...processesWith(place).values(),
];

function refuse(response: import("node:http").ServerResponse): void {
  response.writeHead(516, { "X-ClickHouse-Exception-Code": "516" });
  response.end("Code: 516. DB::Exception: u: Authentication failed. (AUTHENTICATION_FAILED)");
}
