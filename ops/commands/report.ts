import type { ReportFlags } from "../actions/report";
import { jsonFlag, type CommandDefinition } from "../command";

export const report: CommandDefinition = {
  name: "report",
  summary:
    "the acceptance run: builds, loads, breaks, mends and removes a stack of its own, and writes a report",
  example: "npx zakaz report --lang ru",
  flags: [
    { flag: "--lang <language>", summary: "language of the report: en (default) or ru" },
    { flag: "--keep-going", summary: "go on after a check that fails" },
    { flag: "--list", summary: "say what is checked, and run nothing" },
    { flag: "--instance <name>", summary: "suffix of the names of its stack (default acceptance)" },
    { flag: "--out <folder>", summary: "where the report is written (default logs/acceptance-<time>)" },
    jsonFlag,
  ],
  action: (flags: ReportFlags) =>
    (require("../actions/report") as typeof import("../actions/report")).report(flags),
};
