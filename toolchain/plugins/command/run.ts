/** Running one command: a process group of its own, both outputs captured, lines passed on while it runs. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";

import type { CommandInputs } from "./inputs";

export interface Outputs {
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The outputs of the previous run, for PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR. */
  previous: Outputs;
  /** Removes secrets from what is logged and from the error text. */
  mask: (text: string) => string;
  /** Receives each line that `logging` lets through, without its line break. */
  log: (line: string) => void;
}

const DEFAULT_INTERPRETER = ["/bin/sh", "-c"];
/** A cancelled command gets this long to clear up, for instance to stop the container it runs. */
const GRACE_MS = 3_000;

/** The commands running now, to be ended when Pulumi cancels or ends. */
export class Runner {
  private readonly running = new Map<ChildProcess, Promise<void>>();
  private cancelled = false;

  /**
   * Runs `command` and answers its outputs, each without one final line break.
   * Throws an error with the official text: exit status, the command, and all it wrote.
   */
  async run(command: string, inputs: CommandInputs, options: RunOptions): Promise<Outputs> {
    if (this.cancelled) throw new Error("cancelled before the command was started");
    const { mask, log, previous } = options;
    const [program, ...args] = inputs.interpreter?.length ? inputs.interpreter : DEFAULT_INTERPRETER;
    const captured = { stdout: [] as Buffer[], stderr: [] as Buffer[], both: [] as Buffer[] };
    const withInput = inputs.stdin !== undefined && inputs.stdin !== "";
    const child = spawn(program!, [...args, command], {
      cwd: inputs.dir ?? process.cwd(),
      env: { ...process.env, ...inputs.environment, ...previousEnvironment(inputs, previous) },
      stdio: [withInput ? "pipe" : "ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const name of ["stdout", "stderr"] as const) {
      const stream = child[name]!;
      stream.on("data", (chunk: Buffer) => {
        captured[name].push(chunk);
        captured.both.push(chunk);
      });
      if (logged(name, inputs)) eachLine(stream, (line) => log(mask(line)));
    }
    child.stdin?.on("error", () => undefined); // a command need not read its input to the end
    child.stdin?.end(inputs.stdin);

    const problem = await this.finished(child, program!, inputs.dir);
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString();
    if (problem !== undefined) {
      throw new Error(`${problem}: running ${quote(mask(command))}:\n${mask(text(captured.both))}`);
    }
    return {
      stdout: withoutLineBreak(text(captured.stdout)),
      stderr: withoutLineBreak(text(captured.stderr)),
    };
  }

  /** Ends every running command with its children: first politely, after a grace period for good. Starts no more. */
  async cancel(): Promise<void> {
    this.cancelled = true;
    const children = [...this.running.keys()];
    const ended = Promise.all(this.running.values());
    for (const child of children) signalGroup(child, "SIGTERM");
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, GRACE_MS))]);
    for (const child of children) signalGroup(child, "SIGKILL");
  }

  /** Waits for the process and for both its outputs; what went wrong in the official words, or undefined. */
  private finished(
    child: ChildProcess,
    program: string,
    dir: string | undefined,
  ): Promise<string | undefined> {
    const result = new Promise<string | undefined>((resolve) => {
      child.on("error", (error: NodeJS.ErrnoException) => resolve(startProblem(error, program, dir)));
      child.on("close", (code, signal) => {
        if (signal) resolve(`signal: ${SIGNAL_NAMES[signal] ?? signal}`);
        else resolve(code === 0 ? undefined : `exit status ${code}`);
      });
    });
    const done = result.then(() => void this.running.delete(child));
    this.running.set(child, done);
    return result;
  }
}

const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGTERM: "terminated",
  SIGKILL: "killed",
  SIGINT: "interrupt",
  SIGHUP: "hangup",
  SIGSEGV: "segmentation fault",
  SIGABRT: "aborted",
};

function startProblem(error: NodeJS.ErrnoException, program: string, dir: string | undefined): string {
  if (error.code !== "ENOENT") return `cannot start ${program}: ${error.message}`;
  // Node reports a missing folder and a missing program alike.
  return dir === undefined
    ? `exec: ${quote(program)}: executable file not found in $PATH`
    : `cannot start ${quote(program)} in ${dir}: no such file or directory`;
}

function previousEnvironment(inputs: CommandInputs, previous: Outputs): Record<string, string> {
  if (inputs.addPreviousOutputInEnv === false) return {};
  return {
    ...(previous.stdout === "" ? {} : { PULUMI_COMMAND_STDOUT: previous.stdout }),
    ...(previous.stderr === "" ? {} : { PULUMI_COMMAND_STDERR: previous.stderr }),
  };
}

function logged(stream: "stdout" | "stderr", { logging }: CommandInputs): boolean {
  return logging === undefined || logging === "stdoutAndStderr" || logging === stream;
}

/** Calls back with every line of a stream as soon as it is complete, and with the unfinished rest at its end. */
function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new TextDecoder();
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the whole group has ended
  }
}

function withoutLineBreak(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** A text in double quotes with Go's escapes, as the official error shows a command. */
export function quote(text: string): string {
  return JSON.stringify(text)
    .replaceAll("\\u0007", "\\a")
    .replaceAll("\\u000b", "\\v")
    .replace(/\\u00([0-9a-f]{2})/g, "\\x$1");
}
