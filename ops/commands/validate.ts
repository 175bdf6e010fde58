import type { ValidateFlags } from "../actions/validate";
import { jsonFlag, type CommandDefinition } from "../command";

export const validate: CommandDefinition = {
  name: "validate",
  summary: "load sql/ into an empty engine and check schema, access and the code that uses them",
  example: "npx zakaz validate --sql old/schema.sql",
  flags: [
    {
      flag: "--sql <paths...>",
      summary: "SQL files or folders that define objects a second time: compared with sql/",
    },
    jsonFlag,
  ],
  action: (flags: ValidateFlags) =>
    (require("../actions/validate") as typeof import("../actions/validate")).validate(flags),
};
