import type { CheckReaderFlags } from "../actions/check-reader";
import { jsonFlag, targetFlag, type CommandDefinition } from "../command";

export const checkReader: CommandDefinition = {
  name: "check-reader",
  summary: "ask what DataLens asks, as datalens_reader over HTTP, and prove what it must not do",
  example: "npx zakaz check-reader --list",
  flags: [{ flag: "--list", summary: "one line per query, with its rows and time" }, jsonFlag, targetFlag],
  action: (flags: CheckReaderFlags) =>
    (require("../actions/check-reader") as typeof import("../actions/check-reader")).checkReader(flags),
};
