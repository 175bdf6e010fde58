import { parseArgs } from "node:util";
import { EXIT } from "../exit-codes";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { Failure } from "../warehouse/failure";
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

/** Stays until it is stopped, so that `docker exec` finds a container. */
function serve(): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 1 << 30);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
    }
  });
}

main(process.argv.slice(2)).then(
  () => process.exit(EXIT.ok),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Failure ? error.message : String((error as Error).stack)}\n`);
    process.exit(error instanceof Failure ? error.exitCode : EXIT.error);
  },
);
