import type { RecomputeFlags } from "../actions/recompute";
import { targetFlag, type CommandDefinition } from "../command";

export const recompute: CommandDefinition = {
  name: "recompute",
  summary: "make cities and facts anew after the list of city aliases has changed; no vendor is asked",
  example: "npx zakaz recompute --from 2030-01-01 --to 2030-01-31",
  flags: [
    { flag: "--from <day>", summary: "first day" },
    { flag: "--to <day>", summary: "last day" },
    targetFlag,
  ],
  action: (flags: RecomputeFlags) =>
    (require("../actions/recompute") as typeof import("../actions/recompute")).recompute(flags),
};
