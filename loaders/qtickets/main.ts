import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { systemClock } from "../core/clock";
import { parseEnvFile, secretValues } from "../core/config";
import { EXIT, LockedError, UsageError } from "../core/errors";
import { logFailure, stopOnSignals } from "../core/job";
import { createLog, LOG_LEVELS, type Log, type LogLevel } from "../core/log";
import { barProgress, plainProgress, type Progress } from "../core/progress";
import { databaseSettings } from "../core/settings";
import { realRun } from "./real-run";
import { dryRunSummary } from "./report";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { parseHandMoment, type WindowArguments } from "./windows";

interface Arguments {
  envfile?: string;
  chEnv?: string;
  sinceHours?: number;
  since?: string;
  until?: string;
  full: boolean;
  dryRun: boolean;
  offlineFixturesDir?: string;
  verbose: boolean;
}

type Environment = Record<string, string | undefined>;

function parseArguments(argv: readonly string[]): Arguments {
  const hours = (text: string): number => {
    if (!/^\d{1,7}$/.test(text) || Number(text) < 1)
      throw new InvalidArgumentError("it must be an integer of 1 or more");
    return Number(text);
  };
  return new Command("qtickets_api")
    .description("Loads orders, events and seat counters from the Qtickets API into ClickHouse.")
    .option(
      "--envfile <path>",
      "settings as NAME=value lines; - reads standard input; wins over the environment",
    )
    .option(
      "--ch-env <path>",
      "a second such file, usually with the CLICKHOUSE_ settings; wins over the first",
    )
    .option(
      "--since-hours <n>",
      "length of the normal window in hours; wins over QTICKETS_SINCE_HOURS",
      hours,
    )
    .option("--since <moment>", "read orders paid from this day or moment on, whatever was read before")
    .option("--until <moment>", "… and paid before this day or moment")
    .option("--full", "read every order again, without a window", false)
    .option("--dry-run", "check the settings, send nothing anywhere, end", false)
    .option(
      "--offline-fixtures-dir <path>",
      "read events.json and orders.json from a folder instead of the API",
    )
    .option("--verbose", "log at level DEBUG", false)
    .addHelpText(
      "after",
      "\nExit codes: 0 ok, 1 error, 2 wrong arguments or settings, 3 partly loaded, 4 another run holds the lock.",
    )
    .allowExcessArguments(false)
    .exitOverride()
    .parse([...argv], { from: "user" })
    .opts<Arguments>();
}

function readEnvironment(args: Arguments): Environment {
  const environment: Environment = { ...process.env };
  for (const path of [args.envfile, args.chEnv]) {
    if (path === undefined) continue;
    const label = path === "-" ? "standard input" : path;
    let text: string;
    try {
      text = readFileSync(path === "-" ? 0 : path, "utf8");
    } catch (error) {
      throw new UsageError(`${label} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`);
    }
    Object.assign(environment, parseEnvFile(text, label));
  }
  return environment;
}

/** The logger before the settings are known: what the environment says about it, as far as it makes sense. */
function logFor(
  args: Arguments | undefined,
  environment: Environment,
  always: Record<string, unknown>,
  progress: Progress,
): Log {
  const level = (environment.LOG_LEVEL ?? "").trim().toUpperCase() as LogLevel;
  return createLog({
    name: "qtickets_api",
    level: args?.verbose === true ? "DEBUG" : LOG_LEVELS.includes(level) ? level : "INFO",
    format: (environment.LOG_FORMAT ?? "").trim() === "json" ? "json" : "text",
    secrets: secretValues(settingsSchema, environment),
    always,
    write: (line) => progress.line(line),
  });
}

function dryRun(settings: Settings, args: Arguments, log: Log): void {
  const because = args.dryRun ? "--dry-run" : "DRY_RUN=true";
  log.info(`QTickets API client running in stub mode (${because}): no request will be sent.`);
  const { host, port } = databaseSettings(settings);
  const from = args.offlineFixturesDir ?? settings.QTICKETS_BASE_URL;
  process.stdout.write(
    dryRunSummary(
      settings.JOB_NAME,
      `A real run would read events, orders${settings.QTICKETS_SKIP_INVENTORY ? "" : " and seats"} from ${from}, and write to database ${settings.CLICKHOUSE_DB} of ClickHouse at ${host}:${port} as ${settings.CLICKHOUSE_USER}.`,
    ),
  );
}

/** The program: arguments, settings, then a dry or a real run. Answers the exit code and never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const startedAt = Date.now();
  const runId = randomUUID();
  let args: Arguments | undefined;
  let environment: Environment = process.env;
  let progress = plainProgress(process.stderr);
  let log = logFor(args, environment, { run_id: runId }, progress);
  try {
    args = parseArguments(argv);
    environment = readEnvironment(args);
    // Bars are for people: not into files and pipes, and not between JSON lines.
    if (process.stderr.isTTY && (environment.LOG_FORMAT ?? "").trim() !== "json") {
      progress = barProgress(process.stderr);
    }
    log = logFor(args, environment, { run_id: runId }, progress);
    const settings = readSettings(environment);
    const asked = readAsked(args, startedAt);
    if (args.dryRun || settings.DRY_RUN) {
      dryRun(settings, args, log);
      return EXIT.ok;
    }
    log.info(`Run ${runId} of job ${settings.JOB_NAME} begins`);
    return await realRun({
      settings,
      asked,
      fixtures: args.offlineFixturesDir,
      verbose: args.verbose,
      log,
      progress,
      runId,
      startedAt,
      clock: systemClock,
      stop: stopOnSignals(),
    });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    logFailure(log, error, args?.verbose ?? false);
    if (error instanceof UsageError) return EXIT.usage;
    return error instanceof LockedError ? EXIT.locked : EXIT.error;
  } finally {
    progress.stop();
  }
}

function readAsked(args: Arguments, now: number): WindowArguments {
  if (args.full && (args.since !== undefined || args.until !== undefined || args.sinceHours !== undefined)) {
    throw new UsageError("--full reads everything: leave out --since, --until and --since-hours");
  }
  if (args.sinceHours !== undefined && args.since !== undefined) {
    throw new UsageError("--since and --since-hours exclude each other");
  }
  const since = args.since === undefined ? undefined : parseHandMoment(args.since, "--since");
  const until = args.until === undefined ? undefined : parseHandMoment(args.until, "--until");
  if (since !== undefined && since >= Math.min(until ?? now, now)) {
    throw new UsageError("--since must be before --until and before now");
  }
  return { sinceHours: args.sinceHours, since, until, full: args.full };
}

if (require.main === module) {
  void main(process.argv.slice(2)).then((code) => process.exit(code));
}
