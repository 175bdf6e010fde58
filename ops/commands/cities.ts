import type { CitiesFlags } from "../actions/cities";
import { jsonFlag, targetFlag, type CommandDefinition } from "../command";

export const cities: CommandDefinition = {
  name: "cities",
  summary: "cities of ads that the aliases do not know, and how many ads name their city, by day",
  example: "npx zakaz cities --days 7",
  flags: [{ flag: "--days <number>", summary: "days up to today (default 30)" }, jsonFlag, targetFlag],
  action: (flags: CitiesFlags) =>
    (require("../actions/cities") as typeof import("../actions/cities")).cities(flags),
};
