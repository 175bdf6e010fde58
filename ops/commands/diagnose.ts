import type { DiagnoseFlags } from "../actions/diagnose";
import { jsonFlag, type CommandDefinition } from "../command";
import { DEFAULT_MINUTES } from "../diagnosis/window";

export const diagnose: CommandDefinition = {
  name: "diagnose",
  summary: "what went wrong in the last minutes and was not put right since, with the command that fixes it",
  example: "npx zakaz diagnose --minutes 10",
  flags: [
    { flag: "--minutes <number>", summary: `how far to look back (default ${DEFAULT_MINUTES})` },
    jsonFlag,
  ],
  action: (flags: DiagnoseFlags) =>
    (require("../actions/diagnose") as typeof import("../actions/diagnose")).diagnose(flags),
};
