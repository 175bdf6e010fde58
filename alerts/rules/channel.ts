import type { Rule } from "./rule";

/** A channel that messages do not get through, told by the others. */
export const channel: Rule<"channel"> = {
  name: "channel",
  about: "whether messages get through",
  asksServer: false,
  find: ({ channels, limits }) =>
    Promise.resolve(
      channels
        .filter(({ failures }) => failures >= limits.failures)
        .map(({ name, failures, reason }) => ({
          subject: name,
          severity: "error",
          sentence: `Messages by the channel ${name} have failed ${failures} times in a row (${reason}).`,
          command: "npx zakaz alert-test",
        })),
    ),
};
