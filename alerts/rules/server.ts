import type { Rule } from "./rule";

export const server: Rule<"server"> = {
  name: "server",
  about: "whether ClickHouse answers",
  asksServer: false,
  find: ({ silence, limits }) =>
    Promise.resolve(
      silence === undefined
        ? []
        : [
            {
              subject: "clickhouse",
              severity: "error",
              sentence: `ClickHouse ${silence}.`,
              command: "npx zakaz status",
              holdMs: limits.seconds * 1000,
            },
          ],
    ),
};
