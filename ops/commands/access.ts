import { jsonFlag, targetFlag, type CommandGroup, type JsonFlag, type TargetFlag } from "../command";

const actions = () => require("../actions/access") as typeof import("../actions/access");

export const access: CommandGroup = {
  name: "access",
  summary: "users and grants against their declaration",
  example: "npx zakaz access diff",
  commands: [
    {
      name: "diff",
      summary: "what differs from sql/10_access.sql, and the statements that fix it; changes nothing",
      example: "npx zakaz access diff",
      flags: [jsonFlag, targetFlag],
      action: (flags: JsonFlag & TargetFlag) => actions().accessDiff(flags),
    },
    {
      name: "apply",
      summary: "give what is missing, revoke what is surplus, prove it by reading again",
      example: "npx zakaz access apply",
      flags: [targetFlag],
      action: ({ target }: TargetFlag) => actions().accessApply(target),
    },
    {
      name: "check",
      summary: "try the table of rights on the running server: what each user may do, and what is refused",
      example: "npx zakaz access check",
      flags: [jsonFlag, targetFlag],
      action: (flags: JsonFlag & TargetFlag) =>
        (require("../actions/access-check") as typeof import("../actions/access-check")).accessCheck(flags),
    },
  ],
};
