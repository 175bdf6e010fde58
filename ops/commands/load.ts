import { DEFAULT_JOB } from "../../loaders/sources";
import { targetFlag, type CommandDefinition, type TargetFlag } from "../command";
import { jobList } from "../source";

export const load: CommandDefinition = {
  name: "load",
  summary: "run the loader's image as the stack does; flags after -- go to the loader",
  example: `npx zakaz load ${DEFAULT_JOB} -- --since-hours 48`,
  arguments: [
    { name: "[job]", summary: `source to load: ${jobList("api")} (default ${DEFAULT_JOB})` },
    { name: "[flags...]", summary: "flags of the loader, e.g. -- --since-hours 48" },
  ],
  flags: [targetFlag],
  hint: `flags of the loader stand after --: npx zakaz load ${DEFAULT_JOB} -- --since-hours 48`,
  action: (first: string | undefined, rest: string[], { target }: TargetFlag) => {
    const { load } = require("../actions/load") as typeof import("../actions/load");
    if (first === undefined) return load(DEFAULT_JOB, [], target);
    // Without a job, the first argument is a flag of the loader.
    return first.startsWith("-") ? load(DEFAULT_JOB, [first, ...rest], target) : load(first, rest, target);
  },
};
