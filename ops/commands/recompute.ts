import type { RecomputeFlags } from "../actions/recompute";
import { targetFlag, type CommandDefinition } from "../command";

export const recompute: CommandDefinition = {
  name: "recompute",
  summary: "derive cities and facts again after the list of city aliases has changed; asks no vendor",
  example: "npx zakaz recompute --from 2030-01-01 --to 2030-01-31",
  flags: [
    { flag: "--from <day>", summary: "first day, e.g. 2030-01-01" },
    { flag: "--to <day>", summary: "last day, e.g. 2030-01-31" },
    targetFlag,
  ],
  action: (flags: RecomputeFlags) =>
    (require("../actions/recompute") as typeof import("../actions/recompute")).recompute(flags),
};
