import { jsonFlag, type CommandDefinition, type JsonFlag } from "../command";

export const releaseData: CommandDefinition = {
  name: "release-data",
  summary:
    "let go of a protected volume, for which there must be a verified backup of the last 24 hours elsewhere",
  example: "npx zakaz release-data zakaz-clickhouse-data",
  arguments: [{ name: "<volume>", summary: "name of the Docker volume" }],
  flags: [jsonFlag],
  action: (volume: string, flags: JsonFlag) =>
    (require("../actions/release-data") as typeof import("../actions/release-data")).releaseData(
      volume,
      flags,
    ),
};
