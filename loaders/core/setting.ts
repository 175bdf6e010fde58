import { closestMatch } from "leven";
import { z } from "zod";
import { UsageError } from "./errors";

/** What is said about a setting beside its schema: it makes the messages and the sample file. */
export interface SettingMeta {
  /** One line for the sample file. */
  doc: string;
  /** The accepted form, for messages: "an integer of 1 or more". */
  form: string;
  /** Older or alternative names; the first that is not blank wins, the main name before them. */
  aliases?: readonly string[];
  /** The value is never printed; of a value of several parts, those that must not be. */
  secret?: boolean | ((value: string) => readonly string[]);
  /** Value in the sample file. A setting without one is written as a comment with its default. */
  sample?: string;
}

/** Attaches name-independent facts to the schema of one setting. Call it last. */
export function setting<T extends z.ZodType>(schema: T, meta: SettingMeta): T {
  return schema.meta(meta as unknown as Record<string, unknown>);
}

/** The facts attached by `setting`. */
export function settingMeta(schema: z.ZodType): SettingMeta {
  return schema.meta() as unknown as SettingMeta;
}

const TRUE = ["true", "1", "yes", "on"];
const FALSE = ["false", "0", "no", "off"];

/** Schemas of the usual kinds of settings; every one reads text. */
export const kinds = {
  text: () => z.string(),
  boolean: () =>
    z
      .string()
      .refine((value) => [...TRUE, ...FALSE].includes(value.toLowerCase()))
      .transform((value) => TRUE.includes(value.toLowerCase())),
  integer: (min: number, max = Number.MAX_SAFE_INTEGER) =>
    z
      .string()
      .refine((value) => /^-?\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max)
      .transform(Number),
  decimal: (min: number, max: number) =>
    z
      .string()
      .refine((value) => /^\d+(\.\d+)?$/.test(value) && Number(value) >= min && Number(value) <= max)
      .transform(Number),
};

/** Forms of the usual kinds, as they are named in messages. */
export const FORMS = { boolean: "true, 1, yes, on or false, 0, no, off" } as const;

type Shape = Record<string, z.ZodType>;

/** Every name a schema reads: main names and aliases. */
function knownNames(shape: Shape): Set<string> {
  return new Set(
    Object.entries(shape).flatMap(([name, schema]) => [name, ...(settingMeta(schema).aliases ?? [])]),
  );
}

/** More letters changed, lost or added than this make another name. */
const MOST_EDITS = 3;

/**
 * Reads the settings of one program from environment variables.
 * A blank value counts as missing. Everything that is missing, malformed or unknown (a name with one of `prefixes` that
 * no setting has) is named in one `UsageError`; values are never printed.
 */
export function parseSettings<S extends Shape>(
  schema: z.ZodObject<S>,
  environment: Readonly<Record<string, string | undefined>>,
  prefixes: readonly string[],
): z.infer<z.ZodObject<S>> {
  const shape: Shape = schema.shape;
  const mistakes: string[] = [];
  const found: Record<string, string> = {};
  const origin: Record<string, string> = {};
  for (const [name, one] of Object.entries(shape)) {
    const names = [name, ...(settingMeta(one).aliases ?? [])];
    const given = names.find((candidate) => (environment[candidate] ?? "").trim() !== "");
    if (given === undefined) continue;
    found[name] = (environment[given] ?? "").trim();
    origin[name] = given;
  }

  const known = knownNames(shape);
  for (const name of Object.keys(environment).sort()) {
    if (prefixes.some((prefix) => name.startsWith(prefix)) && !known.has(name)) {
      const near = closestMatch(name, [...known], { maxDistance: MOST_EDITS });
      const hint = near === undefined ? "remove it or correct its name" : `did you mean ${near}?`;
      mistakes.push(`${name} is not a setting of this program: ${hint}`);
    }
  }

  const result = schema.safeParse(found);
  if (!result.success) {
    for (const name of new Set(result.error.issues.map((issue) => String(issue.path[0])))) {
      const { form } = settingMeta(shape[name] as z.ZodType);
      const given = origin[name];
      mistakes.push(
        given === undefined ? `${name} is missing: set it to ${form}` : `${given} must be ${form}`,
      );
    }
  }
  if (mistakes.length > 0) throw new UsageError(`Settings are wrong: ${mistakes.join("; ")}.`);
  return result.data as z.infer<z.ZodObject<S>>;
}

/** Values of the secret settings that are given, under whichever name, for redaction. */
export function secretValues(
  schema: z.ZodObject<Shape>,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.entries(schema.shape)
    .flatMap(([name, one]) => {
      const { secret = false, aliases = [] } = settingMeta(one);
      if (secret === false) return [];
      const values = [name, ...aliases].map((each) => (environment[each] ?? "").trim());
      return secret === true ? values : values.flatMap((value) => [value, ...secret(value)]);
    })
    .filter((value) => value.length >= 4);
}

/**
 * Reads an environment file as the container engine does: `NAME=value` lines, `#` lines and blank lines left out,
 * values taken literally (quotes, blanks and `$` included). Other lines are named by number in a `UsageError`.
 */
export function parseEnvFile(text: string, label: string): Record<string, string> {
  const values: Record<string, string> = {};
  const bad: number[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const line = raw.replace(/\r$/, "");
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1] === undefined) bad.push(index + 1);
    else values[match[1]] = match[2] ?? "";
  }
  if (bad.length > 0) {
    throw new UsageError(`${label}: line ${bad.join(", ")} is not of the form NAME=value`);
  }
  return values;
}

/** The sample environment file of a schema: every setting once, with its purpose, form, default and other names. */
export function envSample(schema: z.ZodObject<Shape>, header: readonly string[]): string {
  const lines = header.map((line) => (line === "" ? "#" : `# ${line}`));
  for (const [name, one] of Object.entries(schema.shape)) {
    const meta = settingMeta(one);
    lines.push("", `# ${meta.doc}`, `# Form: ${meta.form}.`);
    if (meta.aliases?.length) lines.push(`# Other names: ${meta.aliases.join(", ")}.`);
    const fallback = defaultText(one);
    lines.push(meta.sample === undefined ? `#${name}=${fallback}` : `${name}=${meta.sample}`);
  }
  return `${lines.join("\n")}\n`;
}

function defaultText(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success || parsed.data === undefined) return "";
  return typeof parsed.data === "string" ? parsed.data : JSON.stringify(parsed.data);
}
