import { fileProgram } from "../pipeline/file-program";
import { runProgram } from "../pipeline/program";
import { DIRECT_COLUMNS, parseDirect, type DirectLine } from "./csv";
import { COLUMNS, COUNTERS, writeDirect } from "./import";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { direct } from "./source";

export { settingsSchema };

const program = fileProgram<Settings, DirectLine>({
  job: direct.job,
  what: "Yandex Direct file",
  description: `Imports statistics of Yandex Direct from a CSV file with the columns ${Object.keys(DIRECT_COLUMNS).join(", ")}.`,
  schema: settingsSchema,
  readSettings,
  secondsSetting: "DIRECT_RUN_SECONDS",
  parse: parseDirect,
  key: {
    of: ({ stat_date, account_id, campaign_id, ad_id }) => [stat_date, account_id, campaign_id, ad_id],
    inWords: "day, account, campaign and ad",
  },
  linesTitle: "Rows of Yandex Direct",
  columns: { fact_direct_daily: COLUMNS },
  counters: COUNTERS,
  write: writeDirect,
});

/** The import of statistics of Yandex Direct. Answers the exit code and never throws. */
export function main(argv: readonly string[]): Promise<number> {
  return runProgram(program, argv);
}
