import { spawn } from "node:child_process";
import { once } from "node:events";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { EXIT } from "../exit-codes";
import { healthFile } from "../schedule/health";
import { runSchedule, stopSignal, type RunOutcome } from "../schedule/schedule";
import { stateFile } from "../schedule/state";
import { parseSpan, parseTimetable, type Timetable } from "../schedule/timetable";
import { waitForFile } from "../schedule/wait-for-file";
import { systemClock } from "./core/clock";
import { describeError } from "./core/errors";
import { createLog } from "./core/log";

interface Flags {
  at: Timetable;
  jitter: number;
  timeout: number;
  envfile: string;
  state: string;
  health: string;
}

/** How long a run that is told to stop may take for its journal row and its lease, in ms; then it is killed. */
const GRACE = 40_000;

/**
 * `<job> schedule …`: runs the job's own program by the clock until it is stopped. Each run is a process of its own, so that
 * neither what it leaves in memory nor its end touches this one, which reads no secret. Answers the exit code.
 */
export async function runJobSchedule(job: string, argv: readonly string[]): Promise<number> {
  const log = createLog({
    name: `${job}.schedule`,
    level: "INFO",
    format: process.env["LOG_FORMAT"] === "json" ? "json" : "text",
  });
  try {
    const stop = stopSignal();
    const { at, envfile, state, health, ...spans } = scheduleCommand(job)
      .parse([...argv], { from: "user" })
      .opts<Flags>();
    const report = healthFile(health);
    await waitForFile(envfile, report, stop, log);
    await runSchedule({
      ...spans,
      name: job,
      timetable: at,
      run: (signal) => runChild([job, "--envfile", envfile], signal),
      stop,
      state: stateFile(state),
      health: report,
      clock: systemClock,
      log,
    });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    log.error(`The schedule of ${job} ended: ${describeError(error).message}`);
    return EXIT.error;
  }
}

function scheduleCommand(job: string): Command {
  return new Command(`${job} schedule`)
    .description("Runs the job by the clock, in Moscow time, until it is stopped.")
    .requiredOption(
      "--at <timetable>",
      'a cron expression of five fields, or "every 45m"',
      asArgument(parseTimetable),
    )
    .requiredOption("--jitter <span>", "a run begins up to so much later, by chance", asArgument(parseSpan))
    .requiredOption("--timeout <span>", "a run is stopped after so much", asArgument(parseSpan))
    .requiredOption("--envfile <path>", "settings of the runs as NAME=value lines, read by each")
    .requiredOption("--state <path>", "file that says which slots are done; it must outlive the container")
    .requiredOption("--health <path>", "file that says how the last run ended, for the health check")
    .allowExcessArguments(false)
    .exitOverride();
}

function asArgument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

/** Runs a program of this image as a process of its own. When the signal is aborted it is told to stop, and killed if it does not. */
async function runChild(program: string[], signal: AbortSignal): Promise<RunOutcome> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...program], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill("SIGTERM");
    killing = setTimeout(() => child.kill("SIGKILL"), GRACE);
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const [code, killed] = (await once(child, "exit")) as [number | null, string | null];
    if (code === null && !signal.aborted) throw new Error(`the run was ended by ${killed}`);
    return outcomeOf(code);
  } finally {
    clearTimeout(killing);
    signal.removeEventListener("abort", stop);
  }
}

/** What an exit code of a loader says of its slot. */
function outcomeOf(code: number | null): RunOutcome {
  if (code === EXIT.ok) return "ok";
  if (code === EXIT.partial) return "partial";
  return code === EXIT.locked ? "busy" : "failed";
}
