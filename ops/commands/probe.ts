import { DEFAULT_JOB } from "../../loaders/sources";
import type { ProbeActionFlags } from "../actions/probe";
import { jsonFlag, targetFlag, type CommandDefinition } from "../command";
import { probedJobs } from "../source";

export const probe: CommandDefinition = {
  name: "probe",
  summary: "ask a vendor a few questions, read only: is it reached, what does it honour, how does it answer",
  example: `npx zakaz probe ${DEFAULT_JOB} --fixture answers.json`,
  arguments: [{ name: "[job]", summary: `source to ask: ${probedJobs()} (default ${DEFAULT_JOB})` }],
  flags: [
    { flag: "--fixture <file>", summary: "write anonymised answers to a file, as input of a test" },
    jsonFlag,
    targetFlag,
  ],
  action: (job: string | undefined, flags: ProbeActionFlags) =>
    (require("../actions/probe") as typeof import("../actions/probe")).probe(job ?? DEFAULT_JOB, flags),
};
