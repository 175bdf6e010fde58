import { Command } from "commander";
import { EXIT } from "../../exit-codes";
import { UsageError } from "../core/errors";
import { parseEnvFile } from "../core/setting";
import {
  readEnvironment,
  readNamedFile,
  runProgram,
  type CommonFlags,
  type Environment,
  type Program,
} from "../pipeline/program";
import { parsePlan, PLAN_COLUMNS } from "./csv";
import { COLUMNS, COUNTERS, importPlan, reportBadLines } from "./import";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { salesPlan } from "./source";

export { settingsSchema };

/** On standard input, the line between the settings and the plan. */
const SEPARATOR = "---";

interface Flags extends CommonFlags {
  skipBad: boolean;
}

const program: Program<Flags, Settings, Buffer> = {
  job: salesPlan.job,
  command: () =>
    new Command(salesPlan.job)
      .description(
        `Imports a sales plan from a CSV file with the columns ${Object.keys(PLAN_COLUMNS).join(", ")}.`,
      )
      .argument("<file>", `the plan; - reads standard input, behind the settings and a line ${SEPARATOR}`)
      .option("--skip-bad", "leave wrong lines out instead of refusing the file", false),
  // Commander has seen to it that there is a file.
  readInput: ({ envfile }, [file]) => readInput(envfile, file as string),
  schema: settingsSchema,
  readSettings,
  prepare: ({ flags: { skipBad }, settings, input }) => {
    const plan = parsePlan(input);
    return {
      job: salesPlan.job,
      seconds: settings.PLAN_RUN_SECONDS,
      secondsSetting: "PLAN_RUN_SECONDS",
      tables: { columns: { plan_sales: COLUMNS }, nulls: {} },
      counters: COUNTERS,
      rehearse: (log) => {
        reportBadLines(plan.bad, plan.lines.length, { skipBad, log });
        return {
          figures: [
            ["Plan rows", plan.lines.length],
            ["Mistakes", plan.bad.length],
          ],
          exitCode: plan.bad.length > 0 ? EXIT.partial : EXIT.ok,
        };
      },
      load: async (context, dataSets) => {
        dataSets.add(await importPlan(context, plan, skipBad));
        return {};
      },
    };
  },
};

/** The import of a sales plan. Answers the exit code and never throws. */
export function main(argv: readonly string[]): Promise<number> {
  return runProgram(program, argv);
}

/** The settings and the plan. Both may come on standard input: first the settings, then the line `---`, then the plan. */
function readInput(envfile: string | undefined, file: string): { environment: Environment; input: Buffer } {
  if (envfile !== "-" || file !== "-") {
    return { environment: readEnvironment([envfile]), input: readNamedFile(file) };
  }
  const both = readNamedFile("-");
  const mark = Buffer.from(`\n${SEPARATOR}\n`);
  const at = both.indexOf(mark);
  if (at === -1) throw new UsageError(`standard input has no line ${SEPARATOR} between settings and plan`);
  const settings = parseEnvFile(both.subarray(0, at).toString(), "standard input");
  return { environment: { ...process.env, ...settings }, input: both.subarray(at + mark.length) };
}
