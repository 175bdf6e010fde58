import type { RunContext } from "../pipeline/context";
import type { QticketsClient } from "./client";
import type { Settings } from "./settings";

/** What the data sets of Qtickets are given. */
export interface QticketsRun extends RunContext {
  settings: Settings;
  client: QticketsClient;
}

/** Remark in the journal about timestamps that the source gave without an offset; Moscow's is assumed. */
export const NO_OFFSET = "times without an offset";
