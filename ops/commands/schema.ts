import type { ApplyFlags } from "../actions/schema";
import type { ShowFlags } from "../actions/schema-show";
import { jsonFlag, targetFlag, type CommandGroup, type JsonFlag, type TargetFlag } from "../command";

const actions = () => require("../actions/schema") as typeof import("../actions/schema");

export const schema: CommandGroup = {
  name: "schema",
  summary: "the live warehouse against sql/",
  example: "npx zakaz schema diff",
  commands: [
    {
      name: "show",
      summary: "SHOW CREATE and DESCRIBE of every object, or of those named",
      example: "npx zakaz schema show zakaz.dim_events",
      arguments: [{ name: "[names...]", summary: "e.g. zakaz.dim_events" }],
      flags: [
        { flag: "--out <folder>", summary: "one file per object in a folder instead of standard output" },
        targetFlag,
      ],
      action: (names: string[], flags: ShowFlags) =>
        (require("../actions/schema-show") as typeof import("../actions/schema-show")).showSchema(
          names,
          flags,
        ),
    },
    {
      name: "diff",
      summary: "what differs, with the statements that would fix it; exit code 1 for any difference",
      example: "npx zakaz schema diff",
      flags: [jsonFlag, targetFlag],
      action: (flags: JsonFlag & TargetFlag) => actions().schemaDiff(flags),
    },
    {
      name: "apply",
      summary: "run pending migrations and fix what differs; stops before anything that could lose data",
      example: "npx zakaz schema apply --allow zakaz.plan_sales",
      flags: [
        {
          flag: "--allow <objects...>",
          summary: "objects that pending migrations may drop or rewrite",
        },
        {
          flag: "--resume <migration>",
          summary: "let this migration, which failed before, go on where it failed",
        },
        { flag: "--force", summary: "take over from another apply that is under way or died elsewhere" },
        targetFlag,
      ],
      action: (flags: ApplyFlags) => actions().schemaApply(flags),
    },
  ],
};
