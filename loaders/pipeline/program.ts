import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { CommanderError, InvalidArgumentError, type Command } from "commander";
import type { z } from "zod";
import { EXIT } from "../../exit-codes";
import { systemClock } from "../core/clock";
import { LockedError, UsageError } from "../core/errors";
import { createLog, LOG_LEVELS, type Log, type LogLevel } from "../core/log";
import { parseEnvFile, secretValues } from "../core/setting";
import type { CommonSettings } from "../core/settings";
import type { RunContext } from "./context";
import { formatDryRun } from "./dry-run";
import { logFailure, stopOnSignals } from "./job";
import { barProgress, plainProgress } from "./progress";
import { runSource, type PreparedRun } from "./run";

export type Environment = Record<string, string | undefined>;

/** Flags of every program. */
export interface CommonFlags {
  envfile?: string;
  dryRun: boolean;
  verbose: boolean;
  runId?: string;
}

/** What a source's program says of itself; `runProgram` does the rest. */
export interface Program<Flags extends CommonFlags, Settings extends CommonSettings, Input> {
  /** Name in the log. */
  job: string;
  /** Name, description, own flags and operands of its command line. */
  command: () => Command;
  /** What is read before the run: the settings (see `readEnvironment`), and files named by hand. */
  readInput: (flags: Flags, operands: readonly string[]) => { environment: Environment; input: Input };
  schema: z.ZodObject<Record<string, z.ZodType>>;
  /** Throws one `UsageError` that names everything wrong. */
  readSettings: (environment: Environment) => Settings;
  /** Throws `UsageError` for flags and input that make no run. `now` is the start of the run (ms). */
  prepare: (given: { flags: Flags; settings: Settings; input: Input; now: number }) => PreparedRun;
  /** Something else than a run that the flags ask for: it has neither lease nor journal row. Throws `UsageError`. */
  errand?: (given: {
    flags: Flags;
    settings: Settings;
  }) => ((context: ErrandContext) => Promise<number>) | undefined;
}

/** What an errand is given. */
export type ErrandContext = Pick<RunContext, "clock" | "deadline" | "log" | "signal">;

/** How long an errand may take. */
const ERRAND_MS = 120_000;

/** Runs a program: arguments, settings, then a dry or a real run. Answers the exit code and never throws. */
export async function runProgram<Flags extends CommonFlags, Settings extends CommonSettings, Input>(
  program: Program<Flags, Settings, Input>,
  argv: readonly string[],
): Promise<number> {
  const startedAt = Date.now();
  let runId: string = randomUUID();
  let verbose = false;
  let progress = plainProgress(process.stderr);
  const openLog = (environment: Environment): Log =>
    startLog(program, environment, { runId, verbose, write: (line) => progress.line(line) });
  let log = openLog(process.env);
  try {
    const command = withCommonFlags(program.command()).parse([...argv], { from: "user" });
    const flags = command.opts<Flags>();
    verbose = flags.verbose;
    runId = flags.runId ?? runId;
    const { environment, input } = program.readInput(flags, command.args);
    // Bars are for people: not into files and pipes, and not between JSON lines.
    if (process.stderr.isTTY && (environment.LOG_FORMAT ?? "").trim() !== "json") {
      progress = barProgress(process.stderr);
    }
    log = openLog(environment);
    const settings = program.readSettings(environment);
    const errand = program.errand?.({ flags, settings });
    if (errand !== undefined) {
      const { signal } = stopOnSignals();
      return await errand({ clock: systemClock, deadline: startedAt + ERRAND_MS, log, signal });
    }
    const run = program.prepare({ flags, settings, input, now: startedAt });
    if (flags.dryRun || settings.DRY_RUN) {
      const rehearsal = run.rehearse(log, flags.dryRun ? "--dry-run" : "DRY_RUN=true");
      process.stdout.write(formatDryRun(run.job, rehearsal));
      return rehearsal.exitCode ?? EXIT.ok;
    }
    log.info(`Run ${runId} of job ${run.job} begins`);
    return await runSource(run, {
      settings,
      runId,
      startedAt,
      clock: systemClock,
      log,
      progress,
      verbose,
      stop: stopOnSignals(),
    });
  } catch (error) {
    return exitCodeOf(error, log, verbose);
  } finally {
    progress.stop();
  }
}

function withCommonFlags(command: Command): Command {
  return command
    .option(
      "--envfile <path>",
      "settings as NAME=value lines; - reads standard input; wins over the environment",
    )
    .option("--dry-run", "check settings and input, send nothing anywhere, end", false)
    .option("--verbose", "log at level DEBUG", false)
    .option(
      "--run-id <uuid>",
      "identity of the run in journal and log, by which its caller finds it",
      parseRunId,
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 ok, 1 error, 2 wrong arguments or settings, 3 partly loaded, 4 another run holds the lock.",
    )
    .allowExcessArguments(false)
    .exitOverride();
}

function parseRunId(text: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be a UUID.");
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A file that was named by hand; `-` is standard input. Throws `UsageError`. */
export function readNamedFile(path: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    throw new UsageError(
      `${labelOf(path)} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`,
    );
  }
}

function labelOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

/** The environment, with the settings of the files that are given on top, the later ones winning. */
export function readEnvironment(paths: readonly (string | undefined)[]): Environment {
  const files = paths.filter((path) => path !== undefined);
  const settings = files.map((path) => parseEnvFile(readNamedFile(path).toString(), labelOf(path)));
  return Object.assign({ ...process.env }, ...settings) as Environment;
}

/** The log of a program, also before its settings are known: what the environment says about it, as far as it makes sense. */
function startLog(
  { job, schema }: { job: string; schema: z.ZodObject<Record<string, z.ZodType>> },
  environment: Environment,
  options: { runId: string; verbose: boolean; write: (line: string) => void },
): Log {
  const level = (environment.LOG_LEVEL ?? "").trim().toUpperCase() as LogLevel;
  return createLog({
    name: job,
    level: options.verbose ? "DEBUG" : LOG_LEVELS.includes(level) ? level : "INFO",
    format: (environment.LOG_FORMAT ?? "").trim() === "json" ? "json" : "text",
    secrets: secretValues(schema, environment),
    always: { run_id: options.runId },
    write: options.write,
  });
}

/** Says why a program ended without a journal row, and answers its exit code. */
function exitCodeOf(error: unknown, log: Log, verbose: boolean): number {
  // Commander has printed its own sentence.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  logFailure(log, error, verbose);
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof LockedError ? EXIT.locked : EXIT.error;
}
