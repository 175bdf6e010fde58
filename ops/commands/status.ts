import { jsonFlag, type CommandDefinition, type JsonFlag } from "../command";

export const status: CommandDefinition = {
  name: "status",
  summary: "one screen: what runs, whether it is as declared, how fresh the data are, what to type next",
  example: "npx zakaz status",
  flags: [jsonFlag],
  action: (flags: JsonFlag) =>
    (require("../actions/status") as typeof import("../actions/status")).status(flags),
};
