import type { Days } from "../core/days";
import type { RunContext } from "../pipeline/context";
import type { DataSetReport } from "../pipeline/data-sets";
import type { Observer } from "../pipeline/probe";
import type { Account } from "./accounts";
import type { Settings } from "./settings";
import type { Ad, DailyStat } from "./records";

/** What both APIs of VK are made to look like: everything behind it knows neither. */
export interface VkAdapter {
  /** Statistics of so many ads at most are asked for at once. */
  idsPerRequest: number;
  /** All ads of the account, of every status, by id. */
  ads(): Promise<Map<string, Ad>>;
  /**
   * Daily statistics of some ads. An ad that did nothing has none; ids that the statistics do not know are left out and
   * reported.
   */
  statistics(ids: readonly string[], days: Days): Promise<DailyStat[]>;
  /** Whether a failure ends the account, so that nothing more may be asked with its token. */
  isFinal(error: unknown): boolean;
  /** Requests sent so far. */
  readonly requests: number;
  close(): Promise<void>;
}

/** What is needed to ask the vendor something. */
export interface ClientInput<A extends Account = Account> {
  run: Pick<RunContext, "clock" | "deadline" | "log" | "signal">;
  settings: Settings;
  account: A;
  observer?: Observer;
}

/** What an adapter works with. */
export interface AdapterInput<A extends Account = Account> extends ClientInput<A> {
  run: ClientInput["run"] & Pick<RunContext, "quarantine" | "stopwatch">;
  report: DataSetReport;
}

/** Remarks of the journal. */
export const NOTES = {
  rejected: "rows that could not be read",
  unknownAd: "ads that the statistics do not know",
  wrongTotal: "ads whose days do not add up to the total",
} as const;
