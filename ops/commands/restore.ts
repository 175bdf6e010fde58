import type { RestoreFlags } from "../actions/restore";
import { jsonFlag, type CommandDefinition } from "../command";

export const restore: CommandDefinition = {
  name: "restore",
  summary: "bring tables back from a backup; replaces rows only of what --over names",
  example: "npx zakaz restore --table zakaz.plan_sales --over zakaz.plan_sales",
  flags: [
    { flag: "--at <moment>", summary: "the newest backup begun by then, Moscow time (default: the newest)" },
    { flag: "--table <names...>", summary: "only these tables, e.g. zakaz.plan_sales" },
    { flag: "--over <names...>", summary: "tables or databases whose present rows may be replaced" },
    {
      flag: "--as <name>",
      summary: "into databases of their own instead: zakaz_NAME, bi_NAME, meta_NAME, with all views",
    },
    jsonFlag,
  ],
  action: (flags: RestoreFlags) =>
    (require("../actions/restore") as typeof import("../actions/restore")).restore(flags),
};
