/** The bridge process: `pulumi-resource-terraform-provider` with `terraform-provider-docker` below it. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { DiagnosticLog, LOG_ENVIRONMENT, parseLogLine } from "./diagnostics";

const BRIDGE = "pulumi-resource-terraform-provider";
const UPSTREAM = "terraform-provider-docker";

/**
 * Runs the bridge in a process group of its own and kills that group as soon as the standard input ends, which happens
 * at the latest when this plugin dies, however it dies. The shell keeps no copy of the pipes the bridge writes to.
 * The temporary folder goes first: nothing can be put into it any more when the programs end.
 */
const GUARD = '"$@" </dev/null & exec >/dev/null 2>&1; read -r _; rm -rf -- "$TMPDIR"; kill -KILL 0';

/** The two Go programs, or the sentence that says what is missing. */
export function bridgePrograms(folders: readonly string[]): { bridge: string; upstream: string } {
  for (const folder of folders) {
    const programs = { bridge: join(folder, BRIDGE), upstream: join(folder, UPSTREAM) };
    if (existsSync(programs.bridge) && existsSync(programs.upstream)) return programs;
  }
  throw new Error(`${BRIDGE} and ${UPSTREAM} are not in ${folders[0]}: \`make up\` builds and links them`);
}

/** Where the Go programs may lie: beside the executable as it was called, and beside the file it links to. */
export function programFolders(): string[] {
  return [dirname(process.argv[1] ?? __filename), __dirname];
}

export class Bridge {
  readonly diagnostics = new DiagnosticLog();
  /** The loopback port the bridge listens on. */
  readonly port: Promise<number>;
  /** The programs' own temporary folder: killed as they are, they leave their sockets there. */
  private readonly temporary = mkdtempSync(join(tmpdir(), "zakaz-docker-"));
  private readonly group: ChildProcess;

  /** Starts the bridge; `args` are the plugin's own (Pulumi's flags and the address of its engine). */
  constructor(
    program: string,
    args: readonly string[],
    readonly upstream: string,
  ) {
    this.group = spawn("/bin/sh", ["-c", GUARD, "sh", program, ...args], {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...LOG_ENVIRONMENT, TMPDIR: this.temporary },
    });
    this.group.stdin?.on("error", () => undefined); // the group has ended: nothing to tell it
    createInterface({ input: this.group.stderr! }).on("line", (line) => this.readLog(line));
    this.port = new Promise((resolve, reject) => {
      const output = createInterface({ input: this.group.stdout! });
      output.on("line", (line) => /^\d+\s*$/.test(line) && resolve(Number(line)));
      output.on("close", () => reject(new Error(`${BRIDGE} ended before it listened`)));
      this.group.on("error", reject);
    });
    this.port.catch(() => undefined); // whoever waits for it hears of it
    this.group.on("exit", () => this.kill());
  }

  /** Ends bridge and upstream provider at once; both keep nothing that a clean end would save. */
  kill(): void {
    this.group.stdin?.end();
    rmSync(this.temporary, { recursive: true, force: true });
    if (this.group.pid === undefined) return;
    try {
      process.kill(-this.group.pid, "SIGKILL");
    } catch {
      // the group has ended already
    }
  }

  private readLog(line: string): void {
    const entry = parseLogLine(line, Date.now());
    if (entry === undefined) process.stderr.write(`${line}\n`);
    else if (entry !== "noise") this.diagnostics.add(entry);
  }
}
