import type { CommandDefinition } from "../command";

export const doctor: CommandDefinition = {
  name: "doctor",
  summary: "what set-up found and chose on this machine, and what is missing",
  example: "npx zakaz doctor",
  action: () => (require("../actions/doctor") as typeof import("../actions/doctor")).doctor(),
};
