import { randomUUID } from "node:crypto";
import type { Clock } from "../../../loaders/core/clock";
import { EXIT } from "../../../exit-codes";
import { LockedError } from "../../../loaders/core/errors";
import { logFailure } from "../../../loaders/pipeline/job";
import { createLog } from "../../../loaders/core/log";
import { runSource, type PreparedRun } from "../../../loaders/pipeline/run";
import type { CommonSettings } from "../../../loaders/core/settings";
import { prepare } from "../../../loaders/qtickets/main";
import { readSettings } from "../../../loaders/qtickets/settings";

export interface InProcessResult {
  code: number;
  log: string;
  /** Waits between two tries, in ms, as they would have been. */
  waits: number[];
}

/** A real run of Qtickets inside the test's process. Its waits are noted and take no time. */
export function runInProcess(
  environment: Record<string, string>,
  stop = new AbortController(),
): Promise<InProcessResult> {
  const settings = readSettings(environment);
  return runPrepared(prepare(settings, { full: false }), settings, { stop });
}

/** A real run of any source inside the test's process, at a time of the test's choosing. Its waits are noted and take no time. */
export async function runPrepared(
  run: PreparedRun,
  settings: CommonSettings,
  { stop = new AbortController(), now = Date.now() }: { stop?: AbortController; now?: number } = {},
): Promise<InProcessResult> {
  const lines: string[] = [];
  const waits: number[] = [];
  const nothing = () => undefined;
  const log = createLog({
    name: run.job,
    level: "INFO",
    format: "text",
    write: (line) => void lines.push(line),
  });
  const ahead = now - Date.now();
  const clock: Clock = {
    now: () => Date.now() + ahead,
    sleep: async (ms) => {
      waits.push(ms);
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
    random: () => 0.5,
  };
  const code = await runSource(run, {
    settings,
    verbose: false,
    progress: { show: nothing, end: nothing, line: nothing, stop: nothing },
    log,
    runId: randomUUID(),
    startedAt: now,
    clock,
    stop,
  }).catch((error: unknown) => {
    // As main() does.
    logFailure(log, error, false);
    return error instanceof LockedError ? EXIT.locked : EXIT.error;
  });
  return { code, log: lines.join(""), waits };
}
