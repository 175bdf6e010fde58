import { join } from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "../exit-codes";
import { systemClock } from "../loaders/core/clock";
import { createLog, type Log } from "../loaders/core/log";
import { healthFile } from "../schedule/health";
import { runSchedule, stopSignal, type RunOutcome } from "../schedule/schedule";
import { stateFile } from "../schedule/state";
import { parseSpan, parseTimetable } from "../schedule/timetable";
import { waitForFile } from "../schedule/wait-for-file";
import { backupPlace } from "../warehouse/backup/place";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { Failure } from "../warehouse/failure";
import { BucketFiles } from "./bucket-files";
import { DiskFiles } from "./disk-files";
import { HEALTH_FILE } from "./health-file";
import { readSettings, SETTINGS_FILE, type BackupSettings } from "./settings";
import { Store } from "./store";
import { listBackups, pruneNow, takeBackup, type BackupContext } from "./take";
import { withLock } from "./lock";

const USAGE =
  "usage: take [--full|--incremental] | list [--bytes] | prune | serve --at <timetable>|off --timeout <span>";

/** The programs of the image. What they find out is one JSON object on standard output; what they do is said on standard error. */
async function main(args: readonly string[]): Promise<void> {
  const { command, flags } = parse(args);
  if (command === "serve") return serve(flags);
  const settings = readSettings();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await withWarehouse(new Warehouse(settings.warehouse), async (warehouse) => {
    const done = await run(command, flags, contextOf(settings, warehouse, say));
    process.stdout.write(`${JSON.stringify(done)}\n`);
  });
}

function contextOf(
  { policy, folder, storage }: BackupSettings,
  warehouse: Warehouse,
  say: (line: string) => void,
): BackupContext {
  const files = storage === undefined ? new DiskFiles(folder) : new BucketFiles(storage);
  const place = backupPlace(storage);
  return { warehouse, place, store: new Store(files), folder, policy, now: Date.now, say };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      full: { type: "boolean" },
      incremental: { type: "boolean" },
      bytes: { type: "boolean" },
      at: { type: "string" },
      timeout: { type: "string" },
    } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { command: positionals[0], flags: values };
  } catch (cause) {
    throw new Failure(USAGE, EXIT.usage, { cause });
  }
}

async function run(
  command: string | undefined,
  flags: ReturnType<typeof parse>["flags"],
  context: BackupContext,
): Promise<object> {
  switch (command) {
    case "take":
      return takeBackup(context, flags.full ? "full" : flags.incremental ? "incr" : undefined);
    case "list":
      return listBackups(context, flags.bytes ? "bytes" : "sizes");
    case "prune":
      return { pruned: await withLock(context.folder, () => pruneNow(context)) };
    default:
      throw new Failure(USAGE, EXIT.usage);
  }
}

/**
 * Makes backups by the clock until it is stopped; without a schedule it only stays, so that `npx zakaz backup` finds it. Each run
 * reads the settings anew.
 */
async function serve({ at, timeout }: ReturnType<typeof parse>["flags"]): Promise<void> {
  if (at === undefined || timeout === undefined) throw new Failure(USAGE, EXIT.usage);
  const stop = stopSignal();
  const log = logOf([]);
  if (at === "off") {
    log.info("There is no schedule (zakaz:backup): backups are made by npx zakaz backup");
    // A signal alone keeps no process alive.
    return systemClock.sleep(2 ** 31 - 1, stop).catch(() => undefined);
  }
  const health = healthFile(HEALTH_FILE);
  await waitForFile(SETTINGS_FILE, health, stop, log);
  if (stop.aborted) return;
  await runSchedule({
    name: "backup",
    timetable: parseTimetable(at),
    jitter: 0,
    timeout: parseSpan(timeout),
    run: takeScheduled,
    stop,
    state: stateFile(join(readSettings().folder, ".schedule.json")),
    health,
    clock: systemClock,
    log,
  });
}

async function takeScheduled(): Promise<RunOutcome> {
  const settings = readSettings();
  const log = logOf([settings.warehouse.password, settings.storage?.secret ?? ""]);
  const say = (line: string): void => log.info(line);
  return withWarehouse(new Warehouse(settings.warehouse), async (warehouse) => {
    try {
      await takeBackup(contextOf(settings, warehouse, say));
      return "ok";
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log.error(error.message);
      return error.exitCode === EXIT.locked ? "busy" : "failed";
    }
  });
}

const logOf = (secrets: string[]): Log =>
  createLog({ name: "backup", level: "INFO", format: "text", secrets: secrets.filter(Boolean) });

main(process.argv.slice(2)).then(
  () => process.exit(EXIT.ok),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Failure ? error.message : String((error as Error).stack)}\n`);
    process.exit(error instanceof Failure ? error.exitCode : EXIT.error);
  },
);
