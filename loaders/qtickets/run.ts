import { checkErrorRatio } from "../pipeline/error-ratio";
import type { RunContext } from "../pipeline/context";
import type { DataSetReport } from "../pipeline/data-sets";
import type { QticketsClient } from "./client";
import type { Settings } from "./settings";

/** One run of Qtickets. */
export interface QticketsRun extends RunContext {
  settings: Settings;
}

/** What a data set is given. */
export interface DataSetInput {
  run: QticketsRun;
  /** What it reads from; its answers are shown and timed. */
  client: QticketsClient;
  report: DataSetReport;
}

/** Remark in the journal about timestamps that the source gave without an offset; Moscow's is assumed. */
export const NO_OFFSET = "times without an offset";

/** Throws when too many rows of a data set could not be read. */
export function checkBadRows(
  { settings, quarantine }: QticketsRun,
  rows: { name: string; seen: number; bad: number },
): void {
  const allowed = settings.QTICKETS_QUARANTINE_MAX_SHARE;
  checkErrorRatio({ ...rows, allowed, setting: "QTICKETS_QUARANTINE_MAX_SHARE", quarantine });
}
