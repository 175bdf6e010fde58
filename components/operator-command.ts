import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface OperatorCommandArgs {
  /** Command of `npx zakaz` with its arguments, e.g. `load qtickets_api`. */
  command: string;
  /** What the command works on, as it would read it from the stack's outputs. */
  target: pulumi.Input<object>;
  /** It runs when it is new and never again: another target is only noted. (Ignored, it would keep old secrets in the state.) */
  runsOnce?: boolean;
}

/**
 * A command of `npx zakaz` as a step of the stack: it runs when it is new and whenever its target changes.
 * The target holds secrets and goes by standard input.
 */
export function operatorCommand(
  name: string,
  args: OperatorCommandArgs,
  opts: pulumi.ResourceOptions,
): local.Command {
  return new local.Command(
    name,
    {
      create: `node ops/zakaz.cjs ${args.command} --target -`,
      ...(args.runsOnce ? { update: ":" } : {}),
      stdin: pulumi.jsonStringify(args.target),
      addPreviousOutputInEnv: false,
      logging: local.Logging.None,
    },
    opts,
  );
}
