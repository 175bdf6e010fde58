import { jsonFlag, type CommandDefinition, type JsonFlag } from "../command";

export const status: CommandDefinition = {
  name: "status",
  summary: "what runs, how much data there is, what to type next",
  example: "npx zakaz status",
  flags: [jsonFlag],
  action: (flags: JsonFlag) =>
    (require("../actions/status") as typeof import("../actions/status")).status(flags),
};
