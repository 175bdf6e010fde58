import { setTimeout as sleep } from "node:timers/promises";
import { EngineProcess, EngineStartError } from "./engine-process";

/** `docker stop` must end within 3 s. */
const stopGraceMs = 2000;
const firstBackOffMs = 100;
const longestBackOffMs = 10_000;
/** An engine that ran this long starts its back-off from the beginning. */
const healthyAfterMs = 30_000;

let leaving = false;
let backOffMs = firstBackOffMs;
let startedAt = 0;

const say = (line: string) => process.stdout.write(`supervisor: ${line}\n`);

const engine = new EngineProcess((how) => void restartAfterCrash(how));

async function startEngine(): Promise<void> {
  await engine.start();
  startedAt = Date.now();
}

async function restartAfterCrash(how: string): Promise<void> {
  if (Date.now() - startedAt > healthyAfterMs) backOffMs = firstBackOffMs;
  while (!leaving) {
    say(`the engine ${how}, starting it again in ${backOffMs} ms`);
    await sleep(backOffMs);
    backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
    try {
      if (!leaving) await startEngine();
      return;
    } catch (error) {
      how = `did not start (${(error as Error).message})`;
    }
  }
}

async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await engine.stop(stopGraceMs);
  process.exit(0);
}

process.on("SIGTERM", () => void leave());
process.on("SIGINT", () => void leave());

startEngine().catch((error: unknown) => {
  if (leaving) return;
  const reason = error instanceof EngineStartError ? error.message : String(error);
  process.stderr.write(`The engine did not start: ${reason}. Look at the files in /etc/clickhouse-server.\n`);
  process.exit(1);
});
