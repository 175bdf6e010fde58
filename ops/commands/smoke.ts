import { DEFAULT_JOB } from "../../loaders/sources";
import { targetFlag, type CommandDefinition, type TargetFlag } from "../command";
import { jobList } from "../source";

export const smoke: CommandDefinition = {
  name: "smoke",
  summary: "dry run of the loader's image: must end well and write nothing",
  example: `npx zakaz smoke ${DEFAULT_JOB}`,
  arguments: [{ name: "[job]", summary: `source to read: ${jobList("api")} (default ${DEFAULT_JOB})` }],
  flags: [targetFlag],
  action: (job: string | undefined, flags: TargetFlag) =>
    (require("../actions/smoke") as typeof import("../actions/smoke")).smoke(job ?? DEFAULT_JOB, flags),
};
