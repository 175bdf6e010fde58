import { join } from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "../exit-codes";
import { systemClock } from "../loaders/core/clock";
import { createLog } from "../loaders/core/log";
import { healthFile } from "../schedule/health";
import { runSchedule, stopSignal } from "../schedule/schedule";
import { stateFile } from "../schedule/state";
import { parseTimetable } from "../schedule/timetable";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { Failure } from "../warehouse/failure";
import { HEALTH_FILE } from "./health-file";
import { readSettings } from "./settings";
import { Store } from "./store";
import { listBackups, pruneNow, takeBackup, type BackupContext } from "./take";
import { withLock } from "./lock";

const USAGE = "usage: take [--full|--incremental] | list [--bytes] | prune | serve";

/** The programs of the image. What they find out is one JSON object on standard output; what they do is said on standard error. */
async function main(args: readonly string[]): Promise<void> {
  const { command, flags } = parse(args);
  if (command === "serve") return serve();
  const { warehouse: target, policy, folder } = readSettings();
  await withWarehouse(new Warehouse(target), async (warehouse) => {
    const context: BackupContext = {
      ...{ warehouse, policy, store: new Store(folder), now: Date.now },
      say: (line) => void process.stderr.write(`${line}\n`),
    };
    process.stdout.write(`${JSON.stringify(await run(command, flags, context))}\n`);
  });
}

function parse(args: readonly string[]) {
  try {
    const options = {
      full: { type: "boolean" },
      incremental: { type: "boolean" },
      bytes: { type: "boolean" },
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
      return { pruned: await withLock(context.store.folder, () => pruneNow(context)) };
    default:
      throw new Failure(USAGE, EXIT.usage);
  }
}

/** Makes backups by the clock until it is stopped; without a schedule it only stays, so that `npx zakaz backup` finds it. */
async function serve(): Promise<void> {
  const { warehouse: target, policy, folder, schedule } = readSettings();
  const stop = stopSignal();
  const log = createLog({ name: "backup", level: "INFO", format: "text", secrets: [target.password] });
  if (schedule === "off") {
    log.info("There is no schedule (zakaz:backup): backups are made by npx zakaz backup");
    // A signal alone keeps no process alive.
    return systemClock.sleep(2 ** 31 - 1, stop).catch(() => undefined);
  }
  await runSchedule({
    name: "backup",
    timetable: parseTimetable(schedule),
    jitter: 0,
    timeout: policy.limitMinutes * 60_000,
    run: () =>
      withWarehouse(new Warehouse(target), async (warehouse) => {
        const context = {
          warehouse,
          policy,
          store: new Store(folder),
          now: Date.now,
          say: (line: string) => log.info(line),
        };
        try {
          await takeBackup(context);
          return "ok";
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          log.error(error.message);
          return error.exitCode === EXIT.locked ? "busy" : "failed";
        }
      }),
    stop,
    state: stateFile(join(folder, ".schedule.json")),
    health: healthFile(HEALTH_FILE),
    clock: systemClock,
    log,
  });
}

main(process.argv.slice(2)).then(
  () => process.exit(EXIT.ok),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Failure ? error.message : String((error as Error).stack)}\n`);
    process.exit(error instanceof Failure ? error.exitCode : EXIT.error);
  },
);
