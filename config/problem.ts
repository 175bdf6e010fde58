/** Namespace of every key: `pulumi config set zakaz:<key> …`. */
export const NAMESPACE = "zakaz";

/** Something wrong with one key of a stack's configuration. */
export interface Problem {
  key: string;
  /** What is wrong, to be read behind the key's name. Holds no value of a secret. */
  problem: string;
  /** The command that fixes it, without its stack. */
  command: string;
}

export const commands = {
  set: (key: string, value = "<value>") => `pulumi config set ${NAMESPACE}:${key} ${value}`,
  /** Asks for the value, so that it is in no argument and no history. */
  setSecret: (key: string) => `pulumi config set --secret ${NAMESPACE}:${key}`,
  /** The same for a part of a list, such as `[0].clientSecret`. */
  setSecretPart: (key: string, path: string) =>
    `pulumi config set --secret --path '${NAMESPACE}:${key}${path}'`,
  /** For a part that is not secret. */
  setPart: (key: string, path: string, value = "<value>") =>
    `pulumi config set --path '${NAMESPACE}:${key}${path}' ${value}`,
  remove: (key: string) => `pulumi config rm ${NAMESPACE}:${key}`,
};

/** All problems of a stack as one text, a line each. */
export function report(stack: string, problems: Problem[]): string {
  const lines = problems.map(
    ({ key, problem, command }) => `${NAMESPACE}:${key} ${problem}. Fix it with: ${command} --stack ${stack}`,
  );
  return `The configuration of stack ${stack} cannot be used:\n  ${lines.join("\n  ")}`;
}
