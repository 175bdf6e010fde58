import type { Check, Judge, Known, Output, Step } from "./check";
import { oneLine, succeeds } from "./judges";
import { secretsOfConfig } from "./secrets";
import { runInShell } from "./shell";
import { say, type Text } from "./text";

/** A command that was run, fit to be shown: without secrets. */
export interface Ran {
  command: string;
  /** Folder in which it was typed. */
  folder: string;
  output: Output;
  /** True: only its size is shown. */
  hidden: boolean;
  seconds: number;
}

export interface Result {
  check: Check;
  state: "ok" | "failed" | "not run";
  /** Why it failed. */
  reason?: Text;
  ran: Ran[];
  seconds: number;
}

export interface RunOptions {
  /** Go on behind a failure. */
  keepGoing: boolean;
  /** Stops the run; checks that clean up are still run. */
  signal: AbortSignal;
  onBegin?: (check: Check, index: number) => void;
  onEnd?: (result: Result) => void;
}

/** Minutes that a command may take unless its step says otherwise. */
const LIMIT = 10;
/** Environment of the commands: an operator's, with admin's password where his client looks for it. */
const PASSWORD_VARIABLE = "CLICKHOUSE_PASSWORD";
const ADMIN_KEY = "adminPassword";

/** Runs checks in their order, to the first that fails; those behind it are not run, but for what cleans up. */
export class Runner {
  private env: NodeJS.ProcessEnv;

  constructor(private readonly known: Known) {
    // The operator's own stack, its passphrase above all, is not for the stack of the acceptance.
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    this.env = { ...Object.fromEntries(own), NO_COLOR: "1", CI: "true" };
  }

  async run(checks: readonly Check[], options: RunOptions): Promise<Result[]> {
    const results: Result[] = [];
    let stopped = false;
    for (const [index, check] of checks.entries()) {
      const wanted = check.always === true || !(stopped || options.signal.aborted);
      if (wanted) options.onBegin?.(check, index);
      // What cleans up runs to its end, whoever is impatient.
      const signal = check.always === true ? new AbortController().signal : options.signal;
      const result: Result = wanted
        ? await this.runCheck(check, signal)
        : { check, state: "not run", ran: [], seconds: 0 };
      stopped ||= result.state === "failed" && !options.keepGoing;
      results.push(result);
      options.onEnd?.(result);
    }
    return results;
  }

  private async runCheck(check: Check, signal: AbortSignal): Promise<Result> {
    const began = performance.now();
    const ran: Ran[] = [];
    let reason: Text | undefined;
    for (const step of check.steps) {
      const failure = await this.runStep(step, signal, ran);
      reason ??= failure;
      // A clean-up goes on: what can be removed is.
      if (failure !== undefined && check.always !== true) break;
    }
    const seconds = (performance.now() - began) / 1000;
    return reason === undefined
      ? { check, state: "ok", ran, seconds }
      : { check, state: "failed", reason, ran, seconds };
  }

  private async runStep(step: Step, interrupt: AbortSignal, ran: Ran[]): Promise<Text | undefined> {
    const { known } = this;
    const { place, secrets } = known;
    const command = step.command(known);
    const inCheckout = step.in === "checkout";
    const folder = inCheckout ? place.checkout : place.clone;
    const minutes = step.limit ?? LIMIT;
    const overdue = new AbortController();
    const timer = setTimeout(() => overdue.abort(), minutes * 60_000);
    const began = performance.now();
    const output = await runInShell(inCheckout ? command : `eval "$(toolchain/env)"\n${command}`, {
      cwd: folder,
      env: this.env,
      signal: AbortSignal.any([interrupt, overdue.signal]),
    }).finally(() => clearTimeout(timer));
    const seconds = (performance.now() - began) / 1000;
    if (step.secretsChange) await this.readSecrets();
    if (step.keep !== undefined) known.kept[step.keep] = output.stdout.trim();
    const reason = this.judge(step.judge ?? succeeds, command, output, {
      interrupt,
      overdue: overdue.signal,
      minutes,
    });
    ran.push({
      ...{ command: secrets.redact(command), folder, hidden: step.hidden ?? false, seconds },
      output: {
        code: output.code,
        stdout: secrets.redact(output.stdout),
        stderr: secrets.redact(output.stderr),
      },
    });
    if (reason === undefined) return undefined;
    return { en: secrets.redact(reason.en), ru: secrets.redact(reason.ru) };
  }

  private judge(
    judge: Judge,
    command: string,
    output: Output,
    { interrupt, overdue, minutes }: { interrupt: AbortSignal; overdue: AbortSignal; minutes: number },
  ): Text | undefined {
    if (interrupt.aborted) return say("stopped by a signal", "прогон остановлен сигналом");
    if (overdue.aborted) {
      return say(`did not end within ${minutes} min`, `команда не завершилась за ${minutes} мин`);
    }
    const leaked = this.known.secrets.findIn(output.stdout + output.stderr);
    if (leaked.length > 0) {
      const [names, line] = [leaked.join(", "), oneLine(command)];
      return say(`the output of \`${line}\` shows ${names}`, `в выводе \`${line}\` виден секрет: ${names}`);
    }
    return judge(output, this.known);
  }

  /** Learns what must not be shown, and how admin logs in. */
  private async readSecrets(): Promise<void> {
    const { place, secrets } = this.known;
    const read = `eval "$(toolchain/env)"\npulumi config --show-secrets --json`;
    const { signal } = new AbortController();
    const output = await runInShell(read, { cwd: place.clone, env: this.env, signal });
    // Without a configuration there are none; what needs it says so.
    if (output.code !== 0) return;
    for (const [name, value] of secretsOfConfig(output.stdout)) {
      secrets.add(name, value);
      if (name === ADMIN_KEY) this.env = { ...this.env, [PASSWORD_VARIABLE]: value };
    }
  }
}
