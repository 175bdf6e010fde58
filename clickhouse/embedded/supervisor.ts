import { AccessService } from "./access/access-service";
import { EngineKeeper } from "./engine-keeper";
import { paths } from "./paths";
import { serveAccess } from "./socket-server";

const keeper = new EngineKeeper((line) => process.stdout.write(`supervisor: ${line}\n`));
let leaving = false;

async function main(): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void leave());
  const access = new AccessService(() => keeper.restart());
  serveAccess(paths.socket, (request) => keeper.inTurn(() => access.apply(request)));
  await keeper.inTurn(() => keeper.start());
}

async function leave(): Promise<void> {
  leaving = true;
  await keeper.leave();
  process.exit(0);
}

/** What to do about a start that failed, as the second half of the sentence. */
function advice(reason: string): string {
  if (reason.includes("Cannot lock file"))
    return "Another container uses this data volume: stop that one first.";
  return `Look at the files in ${paths.config}.`;
}

main().catch((error: unknown) => {
  if (leaving) return; // the start was cut short on purpose
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The engine did not start: ${reason.replace(/\.$/, "")}. ${advice(reason)}\n`);
  process.exit(1);
});
