import { type ExecFileOptions, execFile, execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { namesOf } from "../../components/names";
import { requiredKeys } from "../../config/secrets";
import type { PasswordKey } from "../../warehouse/catalogue";
import type { Settings } from "../../config/settings";
import { newPassword } from "../../ops/password";
import { reservePort } from "./ports";
import { statementsOf } from "./sql";
import { makeTemporary } from "./temporary";

export const ROOT = dirname(dirname(__dirname));

type StackSecrets = Record<PasswordKey | "qticketsToken", string> & Record<string, string | undefined>;

/** A step of a preview. */
interface Step {
  op: string;
  urn: string;
  newState?: { inputs?: Record<string, unknown> };
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; never throws for its exit code. */
export function run(
  file: string,
  args: string[],
  options: ExecFileOptions & { input?: string } = {},
): Promise<Result> {
  const { input, ...rest } = options;
  return new Promise((resolve) => {
    const child = execFile(file, args, { maxBuffer: 1 << 28, ...rest }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout: String(stdout), stderr: String(stderr) });
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

/** Values of settings as `pulumi config set` takes them; undefined leaves a key to the program's own default. */
type GivenSettings = Partial<Record<keyof Settings, string | undefined>>;

/** Settings of every test stack: those of a small machine, little data, nothing worth protecting, and health checks seldom, as many stacks stand. */
const USUAL = {
  healthInterval: "8s",
  nofile: "16384",
  protectData: "false",
  source: "sandbox",
  load: "live",
  backup: JSON.stringify({ schedule: "off" }),
  sandbox: JSON.stringify({ ordersPerDay: 5, days: 10, events: 4 }),
} satisfies GivenSettings;

/**
 * A stack of its own: a copy of the tracked files (so that a test may change sources), its own state, its own
 * instance of every name, its own ports and secrets. Nothing of it touches the checkout or a running dev stack.
 */
export class TestStack {
  readonly name = "e2e";
  readonly folder = mkdtempSync(join(tmpdir(), "zakaz-e2e-"));
  readonly project = join(this.folder, "checkout");
  /** Where its programs put temporary files: some leave theirs when they are killed. */
  readonly temporary = join(this.folder, "tmp");
  /** Pulumi's home: its logs and notes; the plugins are the checkout's. */
  readonly home = join(this.folder, "home");
  readonly env: NodeJS.ProcessEnv;
  /** The server's container. */
  readonly server: string;
  /** The secrets as the stack's configuration has them; a test that changes one otherwise notes it here. */
  readonly secrets = Object.fromEntries(requiredKeys.map((key) => [key, newPassword()])) as StackSecrets;
  /** What a command of its programs begins with, where they run in another network than this one. */
  prefix: string[] = [];
  private isProtected = false;
  /** Ports of the host; 0 before `configure`. */
  httpPort = 0;
  nativePort = 0;

  /** @param release commit whose files make the copy; by default those of the checkout as they are */
  constructor(
    readonly instance: string,
    private readonly release?: string,
  ) {
    this.server = namesOf(instance).server;
    if (release === undefined) this.copyCheckout();
    else {
      mkdirSync(this.project);
      const archive = execFileSync("git", ["archive", release], { cwd: ROOT, maxBuffer: 1 << 28 });
      execFileSync("tar", ["-x", "-C", this.project], { input: archive });
      this.linkTools();
    }
    for (const folder of [join(this.folder, "state"), this.home]) mkdirSync(folder);
    makeTemporary(this.temporary);
    // What Node has compiled is kept by path, and the paths of the copy never come again: what is compiled for them goes with it.
    const [shared, own] = [process.env["NODE_COMPILE_CACHE"], join(this.project, ".zakaz/compiled")];
    // Not cpSync, which fails for a file that another process renames meanwhile; what is not copied is compiled anew.
    if (shared !== undefined) spawnSync("cp", ["-r", shared, own]);
    symlinkSync(join(process.env["PULUMI_HOME"]!, "plugins"), join(this.home, "plugins"));
    const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...environment } = process.env;
    this.env = {
      ...environment,
      TMPDIR: this.temporary,
      NODE_COMPILE_CACHE: own,
      PULUMI_HOME: this.home,
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e passphrase",
      PULUMI_STACK: this.name,
    };
  }

  /** Puts the files of the checkout, as they are, into the copy; those of the release go, what lies beside them stays. */
  copyCheckout(): void {
    const list = (...args: string[]): string[] =>
      execFileSync("git", [...args, "-z"], { cwd: ROOT })
        .toString()
        .split("\0")
        .filter(Boolean);
    const former = this.release === undefined ? [] : list("ls-tree", "-r", "--name-only", this.release);
    for (const file of former) rmSync(join(this.project, file));
    for (const file of list("ls-files", "--cached", "--others", "--exclude-standard")) {
      cpSync(join(ROOT, file), join(this.project, file), { recursive: true });
    }
    this.linkTools();
  }

  /** What set-up gives to a checkout: packages, and the empty server that `sql/` is compared by. */
  private linkTools(): void {
    for (const path of ["node_modules", ".zakaz/clickhouse"]) {
      const link = join(this.project, path);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(join(ROOT, path), link);
    }
  }

  /**
   * Makes the stack and its configuration, the usual one but for what a test asks for; answers what was said. By one command, as
   * Pulumi derives the key of the secrets anew for each.
   */
  async configure({
    secrets = {},
    settings = {},
  }: {
    /** Undefined: not set. */
    secrets?: { [Key in keyof StackSecrets]?: StackSecrets[Key] | undefined };
    settings?: GivenSettings;
  } = {}): Promise<string> {
    const said = [(await must(this.pulumi("stack", "init", this.name))).all];
    [this.httpPort, this.nativePort] = [await reservePort(), await reservePort()];
    const values: GivenSettings = {
      ...USUAL,
      instance: this.instance,
      httpPort: String(this.httpPort),
      nativePort: String(this.nativePort),
      ...settings,
    };
    const flags = (kind: string, pairs: object): string[] =>
      Object.entries(pairs).flatMap(([key, value]) =>
        value === undefined ? [] : [kind, `zakaz:${key}=${value}`],
      );
    this.isProtected = values.protectData === "true";
    Object.assign(this.secrets, secrets);
    const pairs = [...flags("--plaintext", values), ...flags("--secret", this.secrets)];
    said.push((await must(this.pulumi("config", "set-all", ...pairs))).all);
    return said.join("");
  }

  /** Sets a setting of a stack that is configured already. */
  async set(key: keyof Settings | "vkAds", value: string): Promise<void> {
    await must(this.pulumi("config", "set", `zakaz:${key}`, value));
  }

  /** Gives a secret a value, a new random one unless it is named; it is in no argument; answers what was said. */
  async setSecret(key: string, value = newPassword()): Promise<string> {
    const args = ["config", "set", "--secret", `zakaz:${key}`, "--non-interactive"];
    const { all } = await must(this.runWith({ input: value }, "pulumi", ...args));
    (this.secrets as Record<string, string>)[key] = value;
    return all;
  }

  /** Sets a part of a list such as `readers[0].name`; answers what was said. */
  async setPart(path: string, value: string): Promise<string> {
    return (await must(this.pulumi("config", "set", "--path", `zakaz:${path}`, value))).all;
  }

  /** The same for a secret; it is in no argument. */
  async setSecretPart(path: string, input: string): Promise<string> {
    const args = ["config", "set", "--secret", "--path", `zakaz:${path}`, "--non-interactive"];
    return (await must(this.runWith({ input }, "pulumi", ...args))).all;
  }

  /** Switches VK Ads on: one account of each API; answers what was said. */
  async useVkAds(parts: { clientId: string; clientSecret: string; accessToken: string }): Promise<string> {
    await this.set("vkAds", "true");
    return [
      await this.setPart("vkAdsAccounts[0].account", "1001"),
      await this.setSecretPart("vkAdsAccounts[0].clientId", parts.clientId),
      await this.setSecretPart("vkAdsAccounts[0].clientSecret", parts.clientSecret),
      await this.setPart("vkAdsAccounts[1].account", "1002"),
      await this.setPart("vkAdsAccounts[1].api", "legacy"),
      await this.setSecretPart("vkAdsAccounts[1].accessToken", parts.accessToken),
    ].join("");
  }

  /** Runs `pulumi` in the copy, without questions. */
  pulumi(...args: string[]): Promise<Result> {
    return this.run("pulumi", ...args, "--non-interactive", "--color=never");
  }

  /** Brings the stack up; answers what was said, throws it when anything failed. */
  async up(...args: string[]): Promise<string> {
    const { stdout, all } = await must(this.pulumi("up", "--yes", "--skip-preview", ...args));
    if (all.includes("error:")) throw new Error(all);
    return stdout;
  }

  /** What a preview would do, but for what stays as it is; throws what is said when it fails. */
  async preview(...args: string[]): Promise<Step[]> {
    const { stdout } = await must(this.pulumi("preview", "--json", ...args));
    const { steps } = JSON.parse(stdout) as { steps: Step[] };
    return steps.filter(({ op }) => !["same", "read"].includes(op));
  }

  /** The same as `update access-apply`, in the order of the alphabet. */
  async changes(): Promise<string[]> {
    return (await this.preview()).map(({ op, urn }) => `${op} ${resourceOf(urn)}`).sort();
  }

  /** Runs a command of `npx zakaz` in the copy. */
  zakaz(...args: string[]): Promise<Result> {
    return this.run("node", "ops/zakaz.cjs", ...args);
  }

  /** What a command printed; throws all of it when the command failed. */
  async zakazOutput(...args: string[]): Promise<string> {
    return (await must(this.zakaz(...args))).stdout;
  }

  private run(...command: string[]): Promise<Result> {
    return this.runWith({}, ...command);
  }

  private runWith(options: { input?: string }, ...command: string[]): Promise<Result> {
    const [file, ...args] = [...this.prefix, ...command];
    return run(file!, args, { cwd: this.project, env: this.env, ...options });
  }

  /** Runs statements on the server by hand, as `admin`; answers what they print. A client in its container costs twenty times as much. */
  async sql(statements: string): Promise<string> {
    const login = join(this.folder, "admin.netrc");
    writeFileSync(login, `default login admin password ${this.secrets.adminPassword}\n`, { mode: 0o600 });
    const options = [
      "-sS",
      "--noproxy",
      "*",
      "--fail-with-body",
      "--netrc-file",
      login,
      "--data-binary",
      "@-",
    ];
    const printed: string[] = [];
    for (const input of statementsOf(statements)) {
      const asked = this.runWith({ input }, "curl", ...options, `http://127.0.0.1:${this.httpPort}/`);
      printed.push((await must(asked)).stdout);
    }
    return printed.join("").trimEnd();
  }

  /** Whole ids of its containers. */
  containerIds(): Promise<string[]> {
    return dockerLines("ps", "-a", "--no-trunc", "--filter", `name=${this.instance}`, "--format", "{{.ID}}");
  }

  /** Takes down whatever of the stack stands, protected data too, and removes its folder. */
  async remove(): Promise<void> {
    if (this.isProtected) await this.pulumi("state", "unprotect", "--all", "--yes");
    await this.pulumi("destroy", "--yes", "--skip-preview", "--refresh");
    if (this.isProtected) {
      const named = ["--filter", `name=${this.instance}`, "--format", "{{.Name}}"];
      await run("docker", ["volume", "rm", ...(await dockerLines("volume", "ls", ...named))]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The name that the program gives to a resource. */
export function resourceOf(urn: string): string {
  return urn.split("::").at(-1)!;
}

/** What a program printed, also as errors; throws it when the program failed. */
export async function must(result: Promise<Result>): Promise<{ stdout: string; all: string }> {
  const { code, stdout, stderr } = await result;
  const all = stdout + stderr;
  if (code !== 0) throw new Error(all);
  return { stdout, all };
}

/** Lines that a docker listing prints. */
export async function dockerLines(...args: string[]): Promise<string[]> {
  const { stdout } = await run("docker", args);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Images without a name. */
export const nameless = (): Promise<string[]> =>
  dockerLines("images", "--filter", "dangling=true", "--quiet");

/**
 * To be polled: images without a name that were not there before and stay. The step that a build stands at has no name; what
 * another test is building just now goes again.
 */
export function namelessSince(before: string[]): () => Promise<string[]> {
  let left: string[] | undefined;
  return async () => {
    const now = await nameless();
    left ??= now.filter((image) => !before.includes(image));
    return (left = left.filter((image) => now.includes(image)));
  };
}

/**
 * Sends a signal to every process of a container without a word to Docker: SIGKILL is a crash to it, SIGSTOP and SIGCONT hold a
 * container where a busy machine would refuse `docker pause`. Takes root.
 */
export async function signalContainer(signal: NodeJS.Signals, container: string): Promise<void> {
  const [, ...pids] = await dockerLines("top", container, "-eo", "pid");
  if (pids.length === 0) throw new Error(`${container} has no processes`);
  for (const pid of pids) {
    try {
      process.kill(Number(pid), signal);
    } catch (error) {
      // A health check ends at any time.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
