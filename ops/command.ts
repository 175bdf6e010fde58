import { Argument, Command, CommanderError } from "commander";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";
import { endInterrupted, isEnding } from "./interruption";

interface Described {
  name: string;
  /** What it does, in the list of commands and above its own help. */
  summary: string;
  /** A whole line to type. */
  example: string;
}

export interface ArgumentDefinition {
  /** `<name>` is required, `[name]` optional, `[names...]` any number. */
  name: string;
  summary: string;
  choices?: readonly string[];
}

export interface FlagDefinition {
  /** E.g. `--out <file>`. */
  flag: string;
  summary: string;
}

export interface CommandDefinition extends Described {
  arguments?: readonly ArgumentDefinition[];
  flags?: readonly FlagDefinition[];
  /** The end of the sentence about a wrong argument or flag, where the list of them does not help enough. */
  hint?: string;
  /** Gets the arguments in order, then an object of the flags. It loads its implementation when it is called: most load a lot. */
  action: (...values: never[]) => Promise<void>;
}

export interface CommandGroup extends Described {
  commands: readonly CommandDefinition[];
}

export interface TargetFlag {
  target?: string;
}
export const targetFlag: FlagDefinition = {
  flag: "--target <from>",
  summary: "-: what the command works on comes from standard input, not from the stack",
};

export interface JsonFlag {
  json?: boolean;
}
export const jsonFlag: FlagDefinition = {
  flag: "--json",
  summary: "print one JSON object, for programs",
};

/** Prints the answer of a command: as text, or as JSON where `--json` is given. */
export function printAnswer({ json }: JsonFlag, answer: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(answer, undefined, 2)}\n` : text);
}

/** `1 table`, `2 tables`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The whole command line, ready to be run. */
export function buildProgram(definitions: readonly (CommandDefinition | CommandGroup)[]): Command {
  const program = new Command("zakaz")
    .description('Operator\'s commands for the selected stack (eval "$(make -s env)" selects dev)')
    .configureHelp({ sortSubcommands: true })
    .addHelpText(
      "after",
      "\nExamples:\n  npx zakaz status                   how things stand, and what to type next\n" +
        "  npx zakaz diagnose                 what went wrong, and the command that fixes it\n" +
        "  npx zakaz COMMAND --help           flags and an example of each command\n" +
        "\nExit codes:\n  0 ok, 1 error or something found, 2 wrong arguments or configuration, 3 partial,\n" +
        "  4 another run is at work; 130 after Ctrl-C\n" +
        "\nCompletion:\n  source <(zakaz complete bash)      or zsh",
    )
    .configureOutput({ outputError: sayUsage("zakaz") })
    .exitOverride();
  for (const definition of definitions) addCommand(program, definition, "zakaz");
  return program;
}

/** @param before the words that call the parent */
function addCommand(parent: Command, definition: CommandDefinition | CommandGroup, before: string): void {
  const words = `${before} ${definition.name}`;
  const command = parent
    .command(definition.name)
    .description(definition.summary)
    .configureOutput({ outputError: sayUsage(words, "hint" in definition ? definition.hint : undefined) })
    .addHelpText("after", `\nExample:\n  ${definition.example}`);
  if ("commands" in definition) {
    for (const one of definition.commands) addCommand(command, one, words);
    return;
  }
  for (const { name, summary, choices } of definition.arguments ?? []) {
    const argument = new Argument(name, summary);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  for (const { flag, summary } of definition.flags ?? []) command.option(flag, summary);
  command.action((...values: unknown[]) => definition.action(...(values as never[])));
}

/** Commander's sentence about a wrong call on one line, with the command that helps. */
function sayUsage(words: string, hint?: string): (text: string, write: (text: string) => void) => void {
  return (text, write) => {
    const sentence = text
      .replace(/^error: /, "")
      .trim()
      .replace(/\.$/, "")
      .replaceAll("\n", " ");
    const further = hint === undefined ? "" : `; ${hint}`;
    write(`zakaz: ${sentence}; npx ${words} --help shows what it takes${further}\n`);
  };
}

/**
 * Runs the command that the process was called with, and sets its exit code. An expected failure is one sentence on standard
 * error; anything else is thrown, so that Node prints it with its stack and its cause.
 */
export async function runProgram(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof Failure) {
      if (endInterrupted(error)) return;
      process.stderr.write(`zakaz: ${error.message}\n`);
      process.exitCode = error.exitCode;
    } else if (error instanceof CommanderError) {
      // Commander has printed its own sentence.
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    } else if (!(await isEnding())) {
      throw error;
    }
  }
}
