import type { UpgradeFlags } from "../actions/drill";
import { jsonFlag, type CommandDefinition, type JsonFlag } from "../command";

const actions = () => require("../actions/drill") as typeof import("../actions/drill");

export const drill: CommandDefinition = {
  name: "drill",
  summary: "restore the newest backup into a throw-away server, and compare it with the live one",
  example: "npx zakaz drill",
  flags: [jsonFlag],
  action: (flags: JsonFlag) => actions().drill(flags),
};

export const upgradeCheck: CommandDefinition = {
  name: "upgrade-check",
  summary:
    "restore the newest backup into a server of another version: do data, schema and every view work there?",
  example: "npx zakaz upgrade-check --image clickhouse/clickhouse-server:26.8",
  flags: [
    { flag: "--image <reference>", summary: "the image to be tried, which must be on this Docker engine" },
    jsonFlag,
  ],
  action: (flags: UpgradeFlags) => actions().upgradeCheck(flags),
};
