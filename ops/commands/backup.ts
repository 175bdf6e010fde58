import type { BackupFlags } from "../actions/backup";
import { jsonFlag, type CommandDefinition } from "../command";

export const backup: CommandDefinition = {
  name: "backup",
  summary: "make a backup now, verified, as the schedule does; or list what there is",
  example: "npx zakaz backup --full",
  flags: [
    { flag: "--full", summary: "a full one, whatever is due" },
    { flag: "--incremental", summary: "what the newest full one has not, whatever is due" },
    {
      flag: "--list",
      summary: "make none: list those there are, and at the end the newest that can be restored",
    },
    {
      flag: "--verify",
      summary: "make none: read every byte of those there are; exit code 1 for any damage",
    },
    jsonFlag,
  ],
  action: (flags: BackupFlags) =>
    (require("../actions/backup") as typeof import("../actions/backup")).backup(flags),
};
