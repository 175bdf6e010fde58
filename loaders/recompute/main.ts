import { Command } from "commander";
import { daysBefore, parseDayFlag, type Days } from "../core/days";
import { UsageError } from "../core/errors";
import { readEnvironment, runProgram, type CommonFlags, type Program } from "../pipeline/program";
import type { Recompute } from "../pipeline/recompute";
import type { PreparedRun } from "../pipeline/run";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { recompute } from "./source";

interface Flags extends CommonFlags {
  from: string;
  to: string;
}

function programOf(parts: readonly Recompute[]): Program<Flags, Settings, undefined> {
  return {
    job: recompute.job,
    command: () =>
      new Command(recompute.job)
        .description("Makes cities and facts anew of what the warehouse holds; no vendor is asked.")
        .requiredOption("--from <day>", "first day that is recomputed")
        .requiredOption("--to <day>", "last day that is recomputed"),
    readInput: ({ envfile }) => ({ environment: readEnvironment([envfile]), input: undefined }),
    schema: settingsSchema,
    readSettings,
    prepare: ({ flags, settings, now }) => prepare(parts, settings, readDays(parts, flags, now)),
  };
}

/** The program over what the sources recompute, in their order. `main` answers the exit code and never throws. */
export function recomputeOver(readParts: () => Promise<readonly Recompute[]>) {
  return {
    settingsSchema,
    main: async (argv: readonly string[]): Promise<number> => runProgram(programOf(await readParts()), argv),
  };
}

/** A run over these days. */
export function prepare(parts: readonly Recompute[], settings: Settings, days: Days): PreparedRun {
  const counters = parts.flatMap((part) => part.counters);
  return {
    job: recompute.job,
    seconds: settings.RECOMPUTE_RUN_SECONDS,
    secondsSetting: "RECOMPUTE_RUN_SECONDS",
    tables: {
      columns: Object.assign({}, ...parts.map(({ tables }) => tables.columns)) as Record<string, string[]>,
      nulls: Object.assign({}, ...parts.map(({ tables }) => tables.nulls)) as Record<string, string[]>,
    },
    counters,
    rehearse: () => ({
      figures: counters.map((name) => [name, 0] as const),
      wouldDo: `A real run would recompute the facts of ${days.from} to ${days.to} in database ${settings.CLICKHOUSE_DB}.`,
    }),
    load: async (context, dataSets) => {
      for (const { what, run } of parts) await dataSets.required(what, () => run(context, days));
      return { ...days };
    },
  };
}

/** Throws `UsageError` for days in the wrong order, and for those that are not kept: they would seem to be empty. */
export function readDays(parts: readonly Recompute[], flags: Days, now: number): Days {
  const days = { from: parseDayFlag(flags.from, "--from"), to: parseDayFlag(flags.to, "--to") };
  if (days.from > days.to) throw new UsageError(`--from (${days.from}) must not be after --to (${days.to})`);
  const kept = Math.min(...parts.map(({ keptDays }) => keptDays ?? Infinity));
  if (kept === Infinity) return days;
  const oldest = daysBefore(now, kept - 1);
  if (days.from < oldest) {
    throw new UsageError(
      `--from must not be before ${oldest}: staging keeps ${kept} days, and the facts of older ones stay as they are`,
    );
  }
  return days;
}
