import { spawn } from "node:child_process";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";
import type { Result } from "./docker";
import { follow, stopIfInterrupted, type AtInterrupt } from "./interruption";

export interface PulumiOptions {
  /** Standard input: the way of secrets. */
  input?: string;
  /** Gets each line that Pulumi prints, while it runs. */
  onLine?: (line: string) => void;
  /** `end` by default: most commands only read. */
  atInterrupt?: AtInterrupt;
}

/**
 * Runs `pulumi` on the selected stack, without questions.
 * @throws Failure when it cannot be started; Interrupted after a signal
 */
export function pulumi(
  args: string[],
  { input = "", onLine, atInterrupt = "end" }: PulumiOptions = {},
): Promise<Result> {
  stopIfInterrupted();
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color=never"], {
      detached: atInterrupt !== "end",
    });
    follow(child, atInterrupt);
    const result: Result = { code: 0, stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      let rest = "";
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        result[name] += chunk;
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine?.(line);
      });
    }
    child.once("error", (cause) =>
      reject(
        new Failure(
          `pulumi cannot be started (${cause.message}): eval "$(make -s env)" puts it on PATH`,
          EXIT.error,
          { cause },
        ),
      ),
    );
    child.once("close", (code) => resolve({ ...result, code: code ?? 1 }));
    // A command that fails early does not read its input; its exit code tells more than the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Asks for the outputs of the selected stack as JSON, secrets in the clear. */
export const askOutputs = (): Promise<Result> => pulumi(["stack", "output", "--json", "--show-secrets"]);

/** There is no such stack, or nothing of it: a state, and not a mistake of who asks. */
export class NoStack extends Failure {}

/** What Pulumi says when it cannot read a stack, by its words, and what it means to a person. */
const TROUBLES: readonly { words: RegExp; failure: () => Failure }[] = [
  {
    words: /no stack selected|no stack named/,
    failure: () => {
      const name = process.env["PULUMI_STACK"];
      return name === undefined || name === ""
        ? new NoStack(
            'No stack is selected: select one with eval "$(make -s env)", and build it with make up',
          )
        : new NoStack(`There is no stack ${name}: pulumi stack ls lists those that are, make up builds dev`);
    },
  },
  {
    words: /incorrect passphrase/,
    failure: () => new Failure(`The passphrase is not that of the stack: ${PASSPHRASE}`, EXIT.usage),
  },
  {
    words: /passphrase must be set|unable to read PULUMI_CONFIG_PASSPHRASE_FILE/,
    failure: () => new Failure(`The passphrase of the stack is missing: ${PASSPHRASE}`, EXIT.usage),
  },
  {
    words: /no Pulumi\.yaml project file found|pass the fully qualified name/,
    failure: () => new Failure("This folder is in no checkout of Zakaz: run the command in one", EXIT.usage),
  },
];

const PASSPHRASE =
  'eval "$(make -s env)" sets that of dev, PULUMI_CONFIG_PASSPHRASE_FILE names the file that holds another';

/** Why a stack could not be read, from what Pulumi said on standard error. */
export function whyUnread(stderr: string): Failure {
  const trouble = TROUBLES.find(({ words }) => words.test(stderr));
  const said =
    stderr
      .replace(/^error: /, "")
      .trim()
      .split("\n")[0] ?? "";
  return (
    trouble?.failure() ??
    new Failure(`Pulumi cannot read the stack (${said}): eval "$(make -s env)" sets what it needs for dev`)
  );
}
