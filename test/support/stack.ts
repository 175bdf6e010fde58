import { type ExecFileOptions, execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const ROOT = dirname(dirname(__dirname));

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

/** A port of loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/**
 * A stack of its own: a copy of the tracked files (so that a test may change sources), its own state, its own
 * instance of every name, its own ports and secrets. Nothing of it touches the checkout or a running dev stack.
 */
export class TestStack {
  readonly name = "e2e";
  readonly folder = mkdtempSync(join(tmpdir(), "zakaz-e2e-"));
  readonly project = join(this.folder, "checkout");
  readonly env: NodeJS.ProcessEnv;

  constructor(readonly instance: string) {
    const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
    });
    for (const file of files.toString().split("\0").filter(Boolean)) {
      cpSync(join(ROOT, file), join(this.project, file), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(this.project, "node_modules"));
    mkdirSync(join(this.folder, "state"));
    const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...environment } = process.env;
    this.env = {
      ...environment,
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e passphrase",
      PULUMI_STACK: this.name,
    };
  }

  /** Runs `pulumi` in the copy, without questions. */
  pulumi(...args: string[]): Promise<Result> {
    return run("pulumi", [...args, "--non-interactive", "--color=never"], {
      cwd: this.project,
      env: this.env,
    });
  }

  /** Runs a command of `npx zakaz` in the copy. */
  zakaz(...args: string[]): Promise<Result> {
    return run("node", ["ops/zakaz.cjs", ...args], { cwd: this.project, env: this.env });
  }

  async config(values: Record<string, string>, secret = false): Promise<void> {
    for (const [key, value] of Object.entries(values)) {
      const flags = secret ? ["--secret"] : [];
      const set = await run("pulumi", ["config", "set", ...flags, `zakaz:${key}`, "--non-interactive"], {
        cwd: this.project,
        env: this.env,
        input: value,
      });
      if (set.code !== 0) throw new Error(`pulumi config set ${key}: ${set.stderr}`);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Lines that a docker listing prints. */
export async function dockerLines(...args: string[]): Promise<string[]> {
  const { stdout } = await run("docker", args);
  return stdout.split("\n").filter((line) => line !== "");
}
