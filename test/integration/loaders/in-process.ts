import { randomUUID } from "node:crypto";
import type { Clock } from "../../../loaders/core/clock";
import { EXIT } from "../../../exit-codes";
import { LockedError } from "../../../loaders/core/errors";
import { logFailure } from "../../../loaders/pipeline/job";
import { createLog } from "../../../loaders/core/log";
import { runSource } from "../../../loaders/pipeline/run";
import { prepare } from "../../../loaders/qtickets/main";
import { readSettings } from "../../../loaders/qtickets/settings";

export interface InProcessResult {
  code: number;
  log: string;
  /** Waits between two tries, in ms, as they would have been. */
  waits: number[];
}

/** A real run inside the test's process. Its waits are noted and take no time. */
export async function runInProcess(
  environment: Record<string, string>,
  stop = new AbortController(),
): Promise<InProcessResult> {
  const settings = readSettings(environment);
  const lines: string[] = [];
  const waits: number[] = [];
  const nothing = () => undefined;
  const log = createLog({
    name: "qtickets_api",
    level: "INFO",
    format: "text",
    write: (line) => void lines.push(line),
  });
  const clock: Clock = {
    now: () => Date.now(),
    sleep: async (ms) => {
      waits.push(ms);
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
    random: () => 0.5,
  };
  const code = await runSource(prepare(settings, { full: false }), {
    settings,
    verbose: false,
    progress: { show: nothing, end: nothing, line: nothing, stop: nothing },
    log,
    runId: randomUUID(),
    startedAt: Date.now(),
    clock,
    stop,
  }).catch((error: unknown) => {
    // As main() does.
    logFailure(log, error, false);
    return error instanceof LockedError ? EXIT.locked : EXIT.error;
  });
  return { code, log: lines.join(""), waits };
}
