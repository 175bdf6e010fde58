import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../warehouse/failure";

/** What ends a command from outside, in the words of people. */
const SIGNALS = { SIGINT: "Ctrl-C", SIGTERM: "SIGTERM", SIGHUP: "its terminal's end" } as const;
type EndingSignal = keyof typeof SIGNALS;

/** What becomes of a child process when the command is interrupted. */
export type AtInterrupt =
  /** It only reads: it is ended at once. */
  | "end"
  /** It is told to stop, and waited for. */
  | "stop"
  /** It writes for a moment: it is waited for. */
  | "wait";

/** Thrown by what an interrupted command does not begin any more. */
export class Interrupted extends Failure {
  constructor(signal: EndingSignal) {
    super(`stopped by ${SIGNALS[signal]}`);
  }
}

const children = new Map<ChildProcess, AtInterrupt>();
let received: EndingSignal | undefined;
/** True while work is under way that ends itself in good order when it is interrupted. */
let isOrderly = false;

/**
 * From now on a signal that ends the command lets its children and its work end in good order first. A second one ends it
 * at once.
 */
export function watchInterrupts(): void {
  for (const signal of Object.keys(SIGNALS) as EndingSignal[]) process.on(signal, onSignal);
}

/** Tells what becomes of a child that was just started. One that is not ended must be `detached`: Ctrl-C would reach it otherwise. */
export function follow(child: ChildProcess, how: AtInterrupt): void {
  children.set(child, how);
  for (const event of ["close", "error"]) child.once(event, () => children.delete(child));
}

/** Work of several steps: when it is interrupted it is waited for, and {@link stopIfInterrupted} between its steps ends it. */
export async function inOrder<T>(work: () => Promise<T>): Promise<T> {
  isOrderly = true;
  try {
    return await work();
  } finally {
    isOrderly = false;
  }
}

/** @throws Interrupted when a signal has come */
export function stopIfInterrupted(): void {
  if (received !== undefined) throw new Interrupted(received);
}

/**
 * The end of a command that failed after a signal: says where it stands, and ends the process by that signal, so that a script
 * or a shell sees that it was interrupted.
 * @returns false when there was no signal
 */
export function endInterrupted(error: Failure): boolean {
  if (received === undefined) return false;
  const stopped = new Interrupted(received).message;
  end(received, error instanceof Interrupted ? stopped : `${stopped}: ${error.message}`);
  return true;
}

/** How long a signal may take to be heard that has ended a helper of this process already, in ms. */
const HEARING_MS = 50;

/**
 * True when a signal ends this process, which has said so. A terminal sends Ctrl-C to the translator of our files too: a command
 * that is still loading fails by it before the signal is heard here.
 */
export async function isEnding(): Promise<boolean> {
  await sleep(HEARING_MS);
  return received !== undefined;
}

function onSignal(name: NodeJS.Signals): void {
  const signal = name as EndingSignal;
  const isSecond = received !== undefined;
  received = signal;
  const waits = isOrderly || [...children.values()].some((how) => how !== "end");
  for (const [child, how] of children) {
    if (how === "end") child.kill("SIGTERM");
    // In a container nothing ends by SIGHUP.
    if (how === "stop") child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
  }
  const stopped = new Interrupted(signal).message;
  if (!waits) return end(signal, `${stopped}; nothing was left half done`);
  if (isSecond) return end(signal, `${stopped} at once; npx zakaz status shows how things stand`);
  process.stderr.write(`zakaz: ${SIGNALS[signal]}: ends in good order, once more ends at once\n`);
}

let isSaid = false;

function end(signal: EndingSignal, sentence: string): void {
  if (!isSaid) process.stderr.write(`zakaz: ${sentence}\n`);
  isSaid = true;
  process.off(signal, onSignal);
  // Others that have something to clean up raise the signal again when they have.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
