import { jsonFlag, type CommandDefinition, type JsonFlag } from "../command";

export const status: CommandDefinition = {
  name: "status",
  summary: "one screen: what runs, whether it is as declared, how fresh the data are, what to type next",
  example: "npx zakaz status",
  flags: [jsonFlag],
  action: (flags: JsonFlag) => {
    // Pulumi takes longest: the rest is loaded while it works.
    const asked = (require("../pulumi") as typeof import("../pulumi")).askOutputs();
    return (require("../actions/status") as typeof import("../actions/status")).status(flags, asked);
  },
};
