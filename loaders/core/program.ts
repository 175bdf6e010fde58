import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import type { z } from "zod";
import { parseEnvFile, secretValues } from "./config";
import { EXIT } from "../../exit-codes";
import { LockedError, UsageError } from "./errors";
import { logFailure } from "./job";
import { createLog, LOG_LEVELS, type Log, type LogLevel } from "./log";

export type Environment = Record<string, string | undefined>;

/** What the programs of the image say about themselves in the same words. */
export const ENVFILE_OPTION = [
  "--envfile <path>",
  "settings as NAME=value lines; - reads standard input; wins over the environment",
] as const;
export const EXIT_CODES_HELP =
  "\nExit codes: 0 ok, 1 error, 2 wrong arguments or settings, 3 partly loaded, 4 another run holds the lock.";

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

/** How a file is called in messages. */
export function labelOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

/** The environment, with the settings of the files that are given on top, the later ones winning. */
export function readEnvironment(paths: readonly (string | undefined)[]): Environment {
  const files = paths.filter((path) => path !== undefined);
  const settings = files.map((path) => parseEnvFile(readNamedFile(path).toString(), labelOf(path)));
  return Object.assign({ ...process.env }, ...settings) as Environment;
}

/** The log of a program, also before its settings are known: what the environment says about it, as far as it makes sense. */
export function startLog(
  name: string,
  schema: z.ZodObject<Record<string, z.ZodType>>,
  environment: Environment,
  { runId, verbose, write }: { runId: string; verbose: boolean; write?: (line: string) => void },
): Log {
  const level = (environment.LOG_LEVEL ?? "").trim().toUpperCase() as LogLevel;
  return createLog({
    name,
    level: verbose ? "DEBUG" : LOG_LEVELS.includes(level) ? level : "INFO",
    format: (environment.LOG_FORMAT ?? "").trim() === "json" ? "json" : "text",
    secrets: secretValues(schema, environment),
    always: { run_id: runId },
    ...(write === undefined ? {} : { write }),
  });
}

/** Says why a program ended without a run, and answers its exit code. */
export function exitCode(error: unknown, log: Log, verbose: boolean): number {
  // Commander has printed its own sentence.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  logFailure(log, error, verbose);
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof LockedError ? EXIT.locked : EXIT.error;
}
