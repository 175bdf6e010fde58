import type { ImportFlags } from "../actions/import";
import { targetFlag, type CommandDefinition } from "../command";
import { jobList } from "../source";

const file = { name: "<file>", summary: "CSV in UTF-8, comma or semicolon" };

const flags = [
  { flag: "--skip-bad", summary: "leave wrong lines out instead of refusing the file" },
  { flag: "--dry-run", summary: "check the file, write nothing" },
  targetFlag,
];

const run = (job: string, path: string, options: ImportFlags) =>
  (require("../actions/import") as typeof import("../actions/import")).importFile(job, path, options);

export const importFile: CommandDefinition = {
  name: "import",
  summary: "import the file of a source that has no API, such as a plan of sales",
  example: "npx zakaz import plan loaders/sales-plan/example.csv --dry-run",
  arguments: [{ name: "<job>", summary: `what the file is: ${jobList("file")}` }, file],
  flags,
  action: run,
};

export const plan: CommandDefinition = {
  name: "plan",
  summary: "short for import plan",
  example: "npx zakaz plan loaders/sales-plan/example.csv --dry-run",
  arguments: [file],
  flags,
  action: (path: string, options: ImportFlags) => run("plan", path, options),
};
