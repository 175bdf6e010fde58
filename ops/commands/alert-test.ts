import { targetFlag, type CommandDefinition, type TargetFlag } from "../command";

export const alertTest: CommandDefinition = {
  name: "alert-test",
  summary: "send a test message by every channel of the alerts, and say which took it",
  example: "npx zakaz alert-test",
  flags: [targetFlag],
  action: ({ target }: TargetFlag) =>
    (require("../actions/alert-test") as typeof import("../actions/alert-test")).alertTest(target),
};
