import { AccessService } from "./access/access-service";
import { EngineKeeper } from "./engine-keeper";
import { paths } from "./paths";
import { serveAccess } from "./socket-server";

const keeper = new EngineKeeper((line) => process.stdout.write(`supervisor: ${line}\n`));

async function main(): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void leave());
  const access = new AccessService(() => keeper.restart());
  serveAccess(paths.socket, (request) => keeper.inTurn(() => access.apply(request)));
  await keeper.inTurn(() => keeper.start());
}

async function leave(): Promise<void> {
  await keeper.leave();
  process.exit(0);
}

main().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The engine did not start: ${reason}. Look at the files in ${paths.config}.\n`);
  process.exit(1);
});
