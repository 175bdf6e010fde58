import { randomUUID } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { systemClock } from "../core/clock";
import { EXIT } from "../../exit-codes";
import { UsageError } from "../core/errors";
import { stopOnSignals } from "../core/job";
import type { Log } from "../core/log";
import { barProgress, plainProgress } from "../core/progress";
import { ENVFILE_OPTION, EXIT_CODES_HELP, exitCode, readEnvironment, startLog } from "../core/program";
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

function parseArguments(argv: readonly string[]): Arguments {
  const hours = (text: string): number => {
    if (!/^\d{1,7}$/.test(text) || Number(text) < 1)
      throw new InvalidArgumentError("it must be an integer of 1 or more");
    return Number(text);
  };
  return new Command("qtickets_api")
    .description("Loads orders, events and seat counters from the Qtickets API into ClickHouse.")
    .option(...ENVFILE_OPTION)
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
    .addHelpText("after", EXIT_CODES_HELP)
    .allowExcessArguments(false)
    .exitOverride()
    .parse([...argv], { from: "user" })
    .opts<Arguments>();
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
  let progress = plainProgress(process.stderr);
  const start = { runId, write: (line: string) => progress.line(line) };
  let log = startLog("qtickets_api", settingsSchema, process.env, { ...start, verbose: false });
  try {
    args = parseArguments(argv);
    const environment = readEnvironment([args.envfile, args.chEnv]);
    // Bars are for people: not into files and pipes, and not between JSON lines.
    if (process.stderr.isTTY && (environment.LOG_FORMAT ?? "").trim() !== "json") {
      progress = barProgress(process.stderr);
    }
    log = startLog("qtickets_api", settingsSchema, environment, { ...start, verbose: args.verbose });
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
    return exitCode(error, log, args?.verbose ?? false);
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
