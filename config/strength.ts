import type { SecretParts } from "../loaders/pipeline/source";
import { commands, type Problem } from "./problem";
import { secretKeys, setSecretCommand, type SecretValues } from "./secrets";

/** The stack that may use the sample passwords documented in README.md. */
const SAMPLE_STACK = "dev";

/** Values that stand in this repository, so that everybody knows them. */
const SAMPLES = [
  "admin_pass",
  "etl_pass",
  "ChangeMe123!",
  "backup_pass",
  "monitor_pass",
  "sandbox_token",
  "sandbox_client",
  "sandbox_secret",
  "sandbox_vk_token",
  "placeholder-token",
  "placeholder-password",
  "placeholder-id",
  "placeholder-secret",
];

/**
 * Shortest password. 16 random characters are beyond guessing even from the sha256 that state and users.d hold
 * (one round, no salt), which anybody with the state file can try at full speed.
 */
export const SHORTEST_PASSWORD = 16;
/** A random password of that length has twice as many; fewer is a short pattern, repeated. */
export const LEAST_DISTINCT = 6;

export function isSample(value: string): boolean {
  return SAMPLES.includes(value);
}

/**
 * What is wrong with the secrets of a stack.
 * A vendor's token has the vendor's length and letters, so only samples and reuse count for it. No sample stands for an
 * operator's key, so that the sample stack makes no exception of it.
 */
export function weaknesses(stack: string, values: SecretValues): Problem[] {
  return Object.entries(secretKeys).flatMap(([key, { source, parts }]) => {
    const value = values[key];
    if (value === undefined) return [];
    if (parts !== undefined) return partProblems(stack, key, values, parts);
    const samplesAllowed = stack === SAMPLE_STACK && source?.kind !== "key";
    const problem =
      describeMalformed(value) ??
      (samplesAllowed
        ? undefined
        : (describeSample(value) ?? describeReuse(key, values) ?? describeWeakness(key, value)));
    return problem === undefined ? [] : [{ key, problem, command: commands.setSecret(key) }];
  });
}

function partProblems(stack: string, key: string, values: SecretValues, parts: SecretParts): Problem[] {
  const value = values[key] ?? "";
  const malformed = parts.problemOf(value);
  if (malformed !== undefined) {
    const { problem, path } = malformed;
    return [{ key, problem, command: setPartCommand(key, path, parts) }];
  }
  if (stack === SAMPLE_STACK) return [];
  if (parts.secretsOf(value).some(isSample)) {
    const problem = `holds a documented sample, allowed on stack ${SAMPLE_STACK} only`;
    return [{ key, problem, command: setSecretCommand(key) }];
  }
  const passwords = parts.passwordsOf?.(value) ?? [];
  return passwords.flatMap(({ user, password, path }, index) => {
    const isUsed = [
      ...Object.values(values),
      ...passwords.slice(0, index).map((one) => one.password),
    ].includes(password);
    const weakness =
      describeMalformed(password) ??
      (isUsed ? "is another secret as well" : describeWeakPassword(password, user));
    if (weakness === undefined) return [];
    const problem = `has a password of ${user} that ${weakness}`;
    return [{ key, problem, command: commands.setSecretPart(key, path) }];
  });
}

function setPartCommand(key: string, path: string | undefined, { plain }: SecretParts): string {
  if (path === undefined) return setSecretCommand(key);
  const isPlain = plain.some((name) => path.split(/[.[\]]/).includes(name));
  return isPlain ? commands.setPart(key, path) : commands.setSecretPart(key, path);
}

/** Values travel as lines `NAME=value` and in HTTP headers. */
function describeMalformed(value: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(value)) return "holds a line break or another control character";
  // Pulumi masks secrets in its debug output as they are and as Go would write them into JSON, which is not as Node does.
  if (/["\\]/.test(value)) return "holds a quotation mark or a backslash";
  return value === value.trim() ? undefined : "begins or ends with a blank";
}

function describeSample(value: string): string | undefined {
  return isSample(value) ? `is the documented sample, allowed on stack ${SAMPLE_STACK} only` : undefined;
}

function describeReuse(key: string, values: SecretValues): string | undefined {
  const keys = Object.keys(secretKeys);
  const twin = keys.slice(0, keys.indexOf(key)).find((other) => values[other] === values[key]);
  return twin && `is the same as zakaz:${twin}`;
}

function describeWeakness(key: string, value: string): string | undefined {
  const { user, source, isGiven } = secretKeys[key] ?? {};
  if (isGiven || source?.kind === "token") return undefined;
  return describeWeakPassword(value, user, source?.shortest);
}

function describeWeakPassword(
  value: string,
  user: string | undefined,
  shortest = SHORTEST_PASSWORD,
): string | undefined {
  if (value.length < shortest) return `is shorter than ${shortest} characters`;
  if (user !== undefined && value.toLowerCase().includes(user)) return `contains the user's name, ${user}`;
  if (new Set(value).size < LEAST_DISTINCT) return `has fewer than ${LEAST_DISTINCT} different characters`;
  return isSequence(value) ? "counts up or down (abcd, 4321)" : undefined;
}

/** More than half of the characters follow their neighbour in the alphabet, upwards or downwards. */
function isSequence(value: string): boolean {
  const codes = [...value].map((character) => character.codePointAt(0) as number);
  const steps = codes.slice(1).filter((code, i) => Math.abs(code - (codes[i] as number)) === 1);
  return steps.length * 2 > codes.length;
}
