import { Command } from "commander";
import { parseDayFlag, type Days } from "../core/days";
import { UsageError } from "../core/errors";
import { readEnvironment, runProgram, type CommonFlags, type Program } from "../pipeline/program";
import type { PreparedRun } from "../pipeline/run";
import { recomputeSales } from "../qtickets/recompute";
import { TABLES as SALES_TABLES } from "../qtickets/tables";
import { STAGING_DAYS } from "../vk-ads/derive";
import { recomputeCosts } from "../vk-ads/recompute";
import { TABLES as COST_TABLES } from "../vk-ads/tables";
import { oldestDay } from "../vk-ads/windows";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { recompute } from "./source";

export { settingsSchema };

interface Flags extends CommonFlags {
  from: string;
  to: string;
}

const program: Program<Flags, Settings, undefined> = {
  job: recompute.job,
  command: () =>
    new Command(recompute.job)
      .description("Makes cities and facts anew of what the warehouse holds; no vendor is asked.")
      .requiredOption("--from <day>", "first day that is recomputed")
      .requiredOption("--to <day>", "last day that is recomputed"),
  readInput: ({ envfile }) => ({ environment: readEnvironment([envfile]), input: undefined }),
  schema: settingsSchema,
  readSettings,
  prepare: ({ flags, settings, now }) => prepare(settings, readDays(flags, now)),
};

/** The recompute. Answers the exit code and never throws. */
export function main(argv: readonly string[]): Promise<number> {
  return runProgram(program, argv);
}

const COUNTERS = [
  "event_city_rows",
  "sales_daily_rows",
  "sales_utm_daily_rows",
  "vk_city_rows",
  "vk_fact_rows",
] as const;

/** A run over these days. */
export function prepare(settings: Settings, days: Days): PreparedRun {
  return {
    job: recompute.job,
    seconds: settings.RECOMPUTE_RUN_SECONDS,
    secondsSetting: "RECOMPUTE_RUN_SECONDS",
    tables: {
      columns: { ...SALES_TABLES.columns, ...COST_TABLES.columns },
      nulls: { ...SALES_TABLES.nulls, ...COST_TABLES.nulls },
    },
    counters: COUNTERS,
    rehearse: () => ({
      figures: COUNTERS.map((name) => [name, 0] as const),
      wouldDo: `A real run would recompute the facts of ${days.from} to ${days.to} in database ${settings.CLICKHOUSE_DB}.`,
    }),
    load: async (context, dataSets) => {
      await dataSets.required("sales", () => recomputeSales(context, days));
      await dataSets.required("costs", () => recomputeCosts(context, days));
      return { ...days };
    },
  };
}

/** Throws `UsageError` for days in the wrong order, and for those that staging holds no more: they would seem to be empty. */
export function readDays(flags: Days, now: number): Days {
  const days = { from: parseDayFlag(flags.from, "--from"), to: parseDayFlag(flags.to, "--to") };
  if (days.from > days.to) throw new UsageError(`--from (${days.from}) must not be after --to (${days.to})`);
  const oldest = oldestDay(now);
  if (days.from < oldest) {
    throw new UsageError(
      `--from must not be before ${oldest}: staging keeps ${STAGING_DAYS} days, and facts of older ones stay as they are`,
    );
  }
  return days;
}
