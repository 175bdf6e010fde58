import type { Command } from "commander";

/** The command that completes the others: `zakaz complete bash` prints what a shell must know to ask it at every TAB. */
export const COMPLETE = "complete";

/** Adds it, with all that the program has by then. */
export function addCompletion(program: Command): void {
  (require("@bomb.sh/tab/commander") as typeof import("@bomb.sh/tab/commander")).default(program);
  program.commands
    .find((command) => command.name() === COMPLETE)
    ?.addHelpText("after", "\nExample:\n  source <(npx zakaz complete bash)");
}
