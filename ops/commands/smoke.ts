import { DEFAULT_JOB } from "../../loaders/sources";
import type { SmokeFlags } from "../actions/smoke";
import { targetFlag, type CommandDefinition } from "../command";
import { jobList } from "../source";

export const smoke: CommandDefinition = {
  name: "smoke",
  summary: "dry run of the loader's image: must end well and leave no row in the journal",
  example: `npx zakaz smoke ${DEFAULT_JOB} --envfile qtickets.env`,
  arguments: [{ name: "[job]", summary: `source to read: ${jobList("api")} (default ${DEFAULT_JOB})` }],
  flags: [
    {
      flag: "--env-file, --envfile <file>",
      summary: "NAME=value lines: the loader's settings in place of the stack's; DRY_RUN must be true",
    },
    targetFlag,
  ],
  action: (job: string | undefined, flags: SmokeFlags) =>
    (require("../actions/smoke") as typeof import("../actions/smoke")).smoke(job ?? DEFAULT_JOB, flags),
};
