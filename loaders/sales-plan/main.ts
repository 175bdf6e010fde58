import { fileProgram } from "../pipeline/file-program";
import { runProgram } from "../pipeline/program";
import { parsePlan, PLAN_COLUMNS, type PlanLine } from "./csv";
import { COLUMNS, COUNTERS, writePlan } from "./import";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { salesPlan } from "./source";

export { settingsSchema };

const program = fileProgram<Settings, PlanLine>({
  job: salesPlan.job,
  what: "plan",
  description: `Imports a sales plan from a CSV file with the columns ${Object.keys(PLAN_COLUMNS).join(", ")}.`,
  schema: settingsSchema,
  readSettings,
  secondsSetting: "PLAN_RUN_SECONDS",
  parse: parsePlan,
  key: {
    of: ({ sales_date, event_id, city }) => [sales_date, event_id, city],
    inWords: "day, event and city",
  },
  linesTitle: "Plan rows",
  columns: { plan_sales: COLUMNS },
  counters: COUNTERS,
  write: writePlan,
});

/** The import of a sales plan. Answers the exit code and never throws. */
export function main(argv: readonly string[]): Promise<number> {
  return runProgram(program, argv);
}
