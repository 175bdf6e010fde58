import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { systemClock } from "../core/clock";
import { parseEnvFile } from "../core/config";
import { EXIT } from "../../exit-codes";
import { UsageError } from "../core/errors";
import { runJob, stopOnSignals } from "../core/job";
import {
  ENVFILE_OPTION,
  type Environment,
  EXIT_CODES_HELP,
  exitCode,
  readEnvironment,
  readNamedFile,
  startLog,
} from "../core/program";
import { Quarantine } from "../core/quarantine";
import { databaseSettings } from "../core/settings";
import { parsePlan, PLAN_COLUMNS } from "./csv";
import { importPlan, report } from "./import";
import { readSettings, settingsSchema } from "./settings";

/** Name of the job in the journal and the lock. */
const JOB = "plan";
/** On standard input, the line between the settings and the plan. */
export const SEPARATOR = "---";

interface Arguments {
  envfile?: string;
  skipBad: boolean;
  dryRun: boolean;
  verbose: boolean;
}

function parseArguments(argv: readonly string[]): Arguments & { file: string } {
  const command = new Command("qtickets_api plan")
    .description(
      `Imports a plan of sales from a CSV file with the columns ${Object.keys(PLAN_COLUMNS).join(", ")}.`,
    )
    .argument("<file>", `the plan; - reads standard input, behind the settings and a line ${SEPARATOR}`)
    .option(...ENVFILE_OPTION)
    .option("--skip-bad", "leave wrong lines out instead of refusing the file", false)
    .option("--dry-run", "check the plan, connect to nothing, end", false)
    .option("--verbose", "log at level DEBUG", false)
    .addHelpText("after", EXIT_CODES_HELP)
    .allowExcessArguments(false)
    .exitOverride()
    .parse([...argv], { from: "user" });
  return { ...command.opts<Arguments>(), file: command.processedArgs[0] as string };
}

/** The settings and the plan. Both may come on standard input: first the settings, then the line `---`, then the plan. */
function readInput({ envfile, file }: { envfile?: string; file: string }): {
  environment: Environment;
  csv: Buffer;
} {
  if (envfile !== "-" || file !== "-") {
    return { environment: readEnvironment([envfile]), csv: readNamedFile(file) };
  }
  const input = readNamedFile("-");
  const mark = Buffer.from(`\n${SEPARATOR}\n`);
  const at = input.indexOf(mark);
  if (at === -1) throw new UsageError(`standard input has no line ${SEPARATOR} between settings and plan`);
  const settings = parseEnvFile(input.subarray(0, at).toString(), "standard input");
  return { environment: { ...process.env, ...settings }, csv: input.subarray(at + mark.length) };
}

/** The program: arguments, settings, the plan as a whole, then a dry or a real run. Answers the exit code and never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const startedAt = Date.now();
  const runId = randomUUID();
  let verbose = false;
  let log = startLog("plan", settingsSchema, process.env, { runId, verbose });
  try {
    const args = parseArguments(argv);
    const { skipBad } = args;
    verbose = args.verbose;
    const { environment, csv } = readInput(args);
    log = startLog("plan", settingsSchema, environment, { runId, verbose });
    const settings = readSettings(environment);
    const plan = parsePlan(csv);
    if (args.dryRun || settings.DRY_RUN) {
      report(plan.bad, plan.lines.length, { skipBad, log });
      process.stdout.write(
        `[plan] Dry-run complete:\n  Plan rows: ${plan.lines.length}\n  Mistakes: ${plan.bad.length}\nDry-run: no ClickHouse writes.\n`,
      );
      return plan.bad.length > 0 ? EXIT.partial : EXIT.ok;
    }
    const quarantine = new Quarantine({ directory: settings.QUARANTINE_DIR, job: JOB, runId, log });
    return await runJob(
      {
        job: JOB,
        runId,
        startedAt,
        seconds: settings.PLAN_RUN_SECONDS,
        secondsSetting: "PLAN_RUN_SECONDS",
        leaseSeconds: settings.LEASE_SECONDS,
        database: databaseSettings(settings),
        clock: systemClock,
        log,
        verbose,
        stop: stopOnSignals(),
      },
      (database) => importPlan({ plan, skipBad, runId, startedAt, database, log, quarantine }),
    );
  } catch (error) {
    return exitCode(error, log, verbose);
  }
}
