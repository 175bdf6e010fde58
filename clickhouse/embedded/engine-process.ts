import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareEngineFiles, supervisorUser } from "./engine-files";
import { answers, post } from "./http";
import { httpPort, paths, tcpPort } from "./paths";

const pingIntervalMs = 20;
const keptLines = 50;

/** The engine ended before it answered; `message` holds the engine's own reason in one line. */
export class EngineStartError extends Error {}

/**
 * One engine at a time: start, clean stop, and a notice when it ends by itself. The engine runs until the FIFO it reads
 * its last statements from is closed, so the open FIFO is what keeps it alive.
 */
export class EngineProcess {
  private child: ChildProcess | undefined;
  private fifo: number | undefined;
  private stopping = false;
  private lastLines: string[] = [];
  private readonly password = randomBytes(24).toString("hex");

  /** `onCrash` is called when an engine that had answered ends without being told to. */
  constructor(private readonly onCrash: (how: string) => void) {}

  get running(): boolean {
    return this.child !== undefined;
  }

  /** Starts the engine and waits until it answers /ping. Throws EngineStartError with the engine's reason. */
  async start(): Promise<void> {
    prepareEngineFiles(this.password);
    this.stopping = false;
    this.lastLines = [];
    const child = spawn(paths.launcher, engineArguments(), { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => this.forward(chunk));
    }
    let ended: string | undefined;
    let answered = false;
    child.once("error", (error) => (ended = error.message));
    child.once("exit", (code, signal) => {
      ended = signal ? `ended by ${signal}` : `ended with code ${code}`;
      this.child = undefined;
      this.closeFifo();
      if (answered && !this.stopping) this.onCrash(ended);
    });
    // Read and write: opening a FIFO for writing alone would wait for the engine to open its end.
    this.fifo = openSync(paths.fifo, "r+");
    while (!(await answers(httpPort))) {
      if (ended) throw new EngineStartError(startFailure(this.lastLines, ended));
      await sleep(pingIntervalMs);
    }
    answered = true;
    if (ended) throw new EngineStartError(startFailure(this.lastLines, ended));
  }

  /** Ends running queries, then the engine; kills it when it has not ended after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    const child = this.child;
    this.stopping = true;
    if (!child) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await this.killQueries();
    this.closeFifo();
    await exited;
    clearTimeout(timer);
  }

  private async killQueries(): Promise<void> {
    try {
      await post(httpPort, "KILL QUERY WHERE query_id != queryID() ASYNC", {
        user: supervisorUser,
        password: this.password,
        timeoutMs: 500,
      });
    } catch {
      // An engine that cannot answer any more is ended by the timer of stop().
    }
  }

  private closeFifo(): void {
    if (this.fifo !== undefined) closeSync(this.fifo);
    this.fifo = undefined;
  }

  private forward(chunk: Buffer): void {
    process.stdout.write(chunk);
    this.lastLines = [...this.lastLines, ...chunk.toString().split("\n")].slice(-keptLines);
  }
}

function engineArguments(): string[] {
  return [
    paths.library,
    ...["--path", paths.data],
    ...["--config-file", join(paths.config, "config.xml")],
    ...["--log-level", "information"],
    ...["--listen_host", "0.0.0.0"],
    ...["--http_port", String(httpPort)],
    ...["--tcp_port", String(tcpPort)],
    ...["--queries-file", join(paths.config, "start.sql"), paths.fifo],
  ];
}

/** The reason in what the engine printed last; how it ended when it printed none. */
function startFailure(lines: string[], ended: string): string {
  const reason = lines.findLast((line) => /Exception|Code: \d+/.test(line));
  return (reason ?? ended).replace(/^.*?(Code: \d+|Exception:)/, "$1").slice(0, 500);
}
