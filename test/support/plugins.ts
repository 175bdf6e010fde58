/** A throw-away Pulumi project on freshly built plugins, for tests with the real engine. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { makeTemporary } from "./temporary";

const repository = resolve(__dirname, "../..");
const BRIDGE_PROGRAMS = ["pulumi-resource-terraform-provider", "terraform-provider-docker"];

/** Where set-up leaves programs, before the PATH. */
const toolFolders = [
  join(repository, ".zakaz/bin"),
  join(repository, ".zakaz/pulumi/plugins/resource-docker-v5.2.0"),
  ...(process.env.PATH ?? "").split(delimiter),
];

/** The path of a tool; throws a sentence that names the fix when it is missing. */
export function tool(name: string): string {
  const folder = toolFolders.find((candidate) => existsSync(join(candidate, name)));
  if (folder === undefined)
    throw new Error(`${name} is not installed: \`make up\` or \`toolchain/setup\` does it`);
  return join(folder, name);
}

/** A name for containers, networks, volumes and images of one test, different in every run. */
export function uniqueName(what: string): string {
  return `zt-plugins-${what}-${randomBytes(3).toString("hex")}`;
}

export interface PluginHome {
  /** Folder to use as PULUMI_HOME. */
  path: string;
  dockerPlugin: string;
  commandPlugin: string;
  remove(): void;
}

/** Builds both plugins into a temporary PULUMI_HOME, with the Go programs beside the docker plugin. */
export function buildPlugins(): PluginHome {
  const path = mkdtempSync(join(tmpdir(), "zt-plugins-home-"));
  const plugins = join(path, "plugins");
  execFileSync(process.execPath, [join(repository, "toolchain/plugins/build.mjs"), plugins]);
  const docker = join(plugins, "resource-docker-v5.2.0");
  for (const program of BRIDGE_PROGRAMS) symlinkSync(tool(program), join(docker, program));
  return {
    path,
    dockerPlugin: join(docker, "pulumi-resource-docker"),
    commandPlugin: join(plugins, "resource-command-v1.2.1/pulumi-resource-command"),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Result {
  code: number;
  /** Standard output and error together. */
  output: string;
}

/** A project with one stack in a temporary folder, with its state beside it. */
export class TestStack {
  readonly folder = mkdtempSync(join(tmpdir(), "zt-plugins-stack-"));
  /** Where its programs put temporary files: Pulumi's language host leaves its own when it is killed. */
  readonly temporary = join(this.folder, "tmp");
  private readonly env: NodeJS.ProcessEnv;

  constructor(home: PluginHome, env: NodeJS.ProcessEnv = {}) {
    const state = join(this.folder, "state");
    mkdirSync(state);
    makeTemporary(this.temporary);
    const path = [join(tool("pulumi"), ".."), join(process.execPath, ".."), process.env.PATH].join(delimiter);
    this.env = {
      ...process.env,
      PATH: path,
      TMPDIR: this.temporary,
      PULUMI_HOME: home.path,
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_CONFIG_PASSPHRASE: "zt-plugins",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      NO_COLOR: "1",
      ...env,
    };
    symlinkSync(join(repository, "node_modules"), join(this.folder, "node_modules"));
    this.program("");
    writeFileSync(join(this.folder, "Pulumi.yaml"), "name: ztplugins\nruntime: nodejs\nmain: index.ts\n");
    writeFileSync(join(this.folder, "package.json"), '{ "name": "ztplugins", "private": true }\n');
    writeFileSync(
      join(this.folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { target: "es2023", module: "node16", moduleResolution: "node16", noCheck: true },
      }),
    );
  }

  /** The program of the project: the body of an index.ts that finds `docker`, `command` and `pulumi` imported. */
  program(body: string): void {
    const imports = ["docker", "command", "pulumi"].map(
      (name) => `import * as ${name} from "@pulumi/${name}";`,
    );
    writeFileSync(join(this.folder, "index.ts"), [...imports, body].join("\n"));
  }

  /** Starts `pulumi` without waiting for it. */
  start(...args: string[]): ChildProcess {
    return spawn(tool("pulumi"), args, {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Runs `pulumi` to its end. */
  run(...args: string[]): Promise<Result> {
    return finished(this.start(...args, "--non-interactive"));
  }

  async init(): Promise<void> {
    await this.expect(0, "stack", "init", "dev");
  }

  /** Runs `pulumi` and throws with its whole output when it ends with another exit code. */
  async expect(code: number, ...args: string[]): Promise<string> {
    const result = await this.run(...args);
    if (result.code === code) return result.output;
    throw new Error(
      `pulumi ${args.join(" ")} ended with ${result.code} instead of ${code}:\n${result.output}`,
    );
  }

  up(): Promise<string> {
    return this.expect(0, "up", "--yes", "--skip-preview");
  }

  /** Brings the program up against expectation; answers what was printed. */
  async upFails(...args: string[]): Promise<string> {
    const result = await this.run("up", "--yes", "--skip-preview", ...args);
    if (result.code === 0) throw new Error(`pulumi up succeeded:\n${result.output}`);
    return result.output;
  }

  /** Throws unless preview and refresh both see no change. */
  async expectNoChanges(): Promise<void> {
    await this.expect(0, "preview", "--diff", "--expect-no-changes");
    await this.expect(0, "refresh", "--yes", "--skip-preview", "--expect-no-changes");
  }

  async outputs<T>(): Promise<T> {
    return JSON.parse(await this.expect(0, "stack", "output", "--json", "--show-secrets")) as T;
  }

  /** Destroys everything and removes the folder. */
  async remove(): Promise<void> {
    await this.run("cancel", "--yes");
    const result = await this.run("destroy", "--yes", "--skip-preview");
    rmSync(this.folder, { recursive: true, force: true });
    if (result.code !== 0) throw new Error(`destroy failed:\n${result.output}`);
  }
}

/** The exit code and all output of a process. */
export function finished(child: ChildProcess): Promise<Result> {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ code: code ?? (signal ? 128 : 1), output: Buffer.concat(chunks).toString() }),
    );
  });
}

/** Runs the docker client; throws its error text. */
export function docker(...args: string[]): string {
  return execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** Whether `docker <kind> inspect <name>` finds something. */
export function exists(kind: "container" | "image" | "network" | "volume", name: string): boolean {
  try {
    docker(kind, "inspect", name);
    return true;
  } catch {
    return false;
  }
}
