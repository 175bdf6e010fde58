import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { EXIT } from "../../exit-codes";
import { UsageError } from "../../loaders/core/errors";
import { parseEnvFile, parseSettings } from "../../loaders/core/setting";
import { databaseShape } from "../../loaders/core/settings";
import { DATABASE } from "../../warehouse/catalogue";
import { Failure } from "../../warehouse/failure";
import type { TargetFlag } from "../command";
import { inspectContainer } from "../container";
import { judgeJournal, readJournal } from "../journal-check";
import { lastLines, requireImage, runLoader } from "../loader";
import { findSource } from "../source";
import { readLoaderTarget } from "../stack";

export interface SmokeFlags extends TargetFlag {
  /** File of the old kind, with `NAME=value` lines: the loader's settings in place of those of the stack. */
  envfile?: string;
}

/** How long a server that starts may take until it is healthy, in ms. */
const PATIENCE = 120_000;
/** Time between two looks at it, in ms. */
const INTERVAL = 500;
/** Lines of the loader's log that are shown. */
const LOG_LINES = 5;

/**
 * Dry run of the loader's image: it must end well and leave no trace in the journal. Other jobs may run meanwhile.
 * @throws Failure with the loader's own exit code when the dry run fails
 */
export async function smoke(job: string, { target: from, envfile }: SmokeFlags): Promise<void> {
  const source = findSource(job, "api");
  const settings = envfile === undefined ? undefined : readEnvFile(envfile);
  const stack = await readLoaderTarget(source, from);
  const target = settings === undefined ? stack : { ...stack, settings };
  requireDryRun(target.settings, envfile ?? "the stack");
  await waitUntilHealthy(target.container);
  process.stdout.write(`Server ${target.container} is healthy.\n`);
  const built = await requireImage(target.image);
  process.stdout.write(`Image ${target.image}, built ${built}.\n`);

  const dry = { job, runId: randomUUID() };
  const before = await readJournal(target, job, "before");
  const run = await runLoader(target, job, ["--dry-run", "--run-id", dry.runId], { live: false });
  if (run.code !== 0) {
    throw new Failure(
      `The loader's dry run ended with code ${run.code}:\n${lastLines(run.stderr, LOG_LINES)}`,
      run.code,
    );
  }
  const after = await readJournal(target, job, "after");
  const { others, fault } = judgeJournal(dry, before, after);
  if (fault !== undefined) throw new Failure(fault);
  const rows =
    others.length === 0
      ? `${before.total} rows before and after`
      : `${before.total} rows before, ${after.total} after; new are those of ${others.map(({ job: other, runId }) => `${other} (run ${runId})`).join(", ")}, which ran meanwhile`;
  process.stdout.write(
    `${lastLines(run.stderr, LOG_LINES)}\n${lastLines(run.stdout, 40)}\n` +
      `Exit code 0; run ${dry.runId} has no row.\nmeta_job_runs: ${rows}. Smoke passed.\n`,
  );
}

/**
 * Settings of a file that people keep for `docker run --env-file`.
 * @throws Failure when it cannot be read, lacks the login, or is about another database
 */
function readEnvFile(path: string): Record<string, string> {
  try {
    const given = parseEnvFile(readFileSync(path, "utf8"), path);
    // Node itself obeys --env-file, wherever it stands: what it has read of the file is not for our children.
    for (const [name, value] of Object.entries(given))
      if (process.env[name] === value) delete process.env[name];
    const database = parseSettings(z.object(databaseShape), given, []);
    if (database.CLICKHOUSE_DB !== DATABASE)
      throw new UsageError(`CLICKHOUSE_DB must be ${DATABASE}, the stack's database`);
    // The journal is asked under the main names.
    const { CLICKHOUSE_USER, CLICKHOUSE_PASSWORD } = database;
    return { ...given, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD };
  } catch (cause) {
    if (cause instanceof UsageError)
      throw new Failure(`${path}: ${cause.message.replace(`${path}: `, "")}`, EXIT.usage, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new Failure(
      `${path} cannot be read (${code}): name a file of settings behind --envfile`,
      EXIT.usage,
      {
        cause,
      },
    );
  }
}

/**
 * The dry run is asked for by a flag as well; a file that says otherwise was made for something else. Only `true` counts, as
 * the shell scripts of old understood no other word.
 * @throws Failure when the settings ask for a real run
 */
function requireDryRun(settings: Record<string, string>, where: string): void {
  const name = ["DRY_RUN", "QTICKETS_DRY_RUN"].find((each) => (settings[each] ?? "").trim() !== "");
  if (name === undefined || settings[name]!.trim().toLowerCase() === "true") return;
  throw new Failure(
    `${name} is not true in ${where}: a smoke runs dry only; set ${name}=true, or load with npx zakaz load`,
    EXIT.usage,
  );
}

/** @throws Failure when the server's container does not run, or is not healthy in time */
async function waitUntilHealthy(name: string): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  let isSaid = false;
  for (;;) {
    const { status, health, why } = await inspectContainer(name);
    if (status === "unknown")
      throw new Failure(why ?? `Docker does not say how ${name} is: make doctor shows it`);
    if (!["running", "restarting"].includes(status))
      throw new Failure(`ClickHouse's container ${name} is ${status}: ${wayUp(status, name)}`);
    if (status === "running" && ["healthy", ""].includes(health)) return;
    if (Date.now() > deadline)
      throw new Failure(
        `${name} is still ${health || status} after ${PATIENCE / 1000} s: npx zakaz diagnose says why`,
      );
    if (!isSaid) process.stderr.write(`zakaz: waiting until ${name} is healthy\n`);
    isSaid = true;
    await sleep(INTERVAL);
  }
}

function wayUp(status: string, name: string): string {
  if (status === "absent") return "make up makes it";
  return status === "paused" ? `docker unpause ${name}` : `start it with docker start ${name}, or make up`;
}
