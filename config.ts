import * as pulumi from "@pulumi/pulumi";
import { contradictions } from "./config/contradictions";
import { commands, NAMESPACE, type Problem, report } from "./config/problem";
import {
  requiredKeys,
  secretKeys,
  setSecretCommand,
  type Secrets,
  type SecretValues,
} from "./config/secrets";
import { settings, type Settings } from "./config/settings";
import { weaknesses } from "./config/strength";
import { unknownKeys } from "./config/unknown-keys";

/** The stack's configuration; a secret is an Output marked secret. */
export type StackConfig = Settings & { secrets: Secrets<pulumi.Output<string>> };

/**
 * Reads and checks the configuration of the current stack. It is the one place where config and secrets are read;
 * `config/settings.ts` and `config/secrets.ts` describe the keys.
 * @throws pulumi.RunError naming every bad, missing or unknown key at once, with the command that fixes each
 */
export function readConfig(): StackConfig {
  const stack = pulumi.getStack();
  const given = givenValues();
  const problems: Problem[] = [];

  const parsed = settings.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const [key = "", ...inner] = issue.path.map(String);
    const where = inner.length > 0 ? ` (at ${inner.join(".")})` : "";
    const isUnknown = issue.code === "unrecognized_keys";
    const problem = isUnknown ? `has ${issue.keys.join(", ")}, which is unknown` : issue.message;
    problems.push({ key, problem: `${problem}${where}`, command: commands.set(key) });
  }

  const values: SecretValues = {};
  for (const key of Object.keys(secretKeys)) {
    const value = given[key];
    if (value === undefined || value === "") {
      if (requiredKeys.includes(key))
        problems.push({ key, problem: "is not set", command: setSecretCommand(key) });
    } else if (!isEncrypted(key) && holdsSecret(key, value)) {
      problems.push({ key, problem: "is stored in the clear", command: setSecretCommand(key) });
    } else {
      values[key] = secretKeys[key]?.parts === undefined ? value : plainJson(value);
    }
  }
  problems.push(...weaknesses(stack, values));
  problems.push(
    ...unknownKeys(Object.keys(given), [...Object.keys(settings.shape), ...Object.keys(secretKeys)]),
  );
  if (parsed.success) {
    const further = contradictions(parsed.data, Object.keys(given), values);
    problems.push(...further.filter(({ key }) => !problems.some((known) => known.key === key)));
  }

  if (!parsed.success || problems.length > 0) throw new pulumi.RunError(report(stack, problems));
  return {
    ...parsed.data,
    secrets: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, pulumi.secret(value)]),
    ) as StackConfig["secrets"],
  };
}

/**
 * A list as Node writes it. Pulumi hands it on with `&` and `<` escaped, and does not recognise, nor hide, a secret in its
 * debug output that was escaped twice.
 */
function plainJson(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    // What is no JSON is said to be none.
    return value;
  }
}

/** False for a list of which no part is secret, such as a mail server without a login. */
function holdsSecret(key: string, value: string): boolean {
  const parts = secretKeys[key]?.parts;
  return parts === undefined || parts.secretsOf(value).length > 0;
}

/** Whether a key was set with `--secret`; Pulumi's own function for it is missing from its types. */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (name: string) => boolean };
  return isConfigSecret(`${NAMESPACE}:${key}`);
}

/** What the stack sets under this program's namespace, by key. */
function givenValues(): Record<string, string> {
  const prefix = `${NAMESPACE}:`;
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
