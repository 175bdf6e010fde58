import { existsSync } from "node:fs";
import { systemClock } from "../loaders/core/clock";
import type { Log } from "../loaders/core/log";
import type { HealthReport } from "./health";

/** Waits for the file of settings: the stack writes it once the container runs. */
export async function waitForFile(
  path: string,
  health: HealthReport,
  stop: AbortSignal,
  log: Log,
): Promise<void> {
  if (!existsSync(path)) log.info(`Waiting for the settings (${path})`);
  while (!existsSync(path) && !stop.aborted) {
    health({ ok: true, text: "waits for its settings" });
    await systemClock.sleep(1_000, stop).catch(() => undefined);
  }
}
