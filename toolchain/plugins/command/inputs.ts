/** The inputs of `command:local:Command` and `command:local:run`: their types, and reading them from a request. */

import type { Value, Values } from "../common/struct";
import { isObject, isUnknown, reveal } from "./values";

export const LOGGING = ["stdout", "stderr", "stdoutAndStderr", "none"] as const;
export type Logging = (typeof LOGGING)[number];

/** What a single run of a command is given; absent settings have the official defaults. */
export interface CommandInputs {
  stdin?: string;
  logging?: Logging;
  interpreter?: string[];
  dir?: string;
  environment?: Record<string, string>;
  addPreviousOutputInEnv?: boolean;
  /** Commands of the resource. */
  create?: string;
  update?: string;
  delete?: string;
  /** The command of the function `run`. */
  command?: string;
}

export interface Failure {
  property: string;
  reason: string;
}

type Kind = "string" | "boolean" | "strings" | "texts" | "logging" | "any[]";

const BASE: Readonly<Record<string, Kind>> = {
  addPreviousOutputInEnv: "boolean",
  archivePaths: "strings",
  assetPaths: "strings",
  dir: "string",
  environment: "texts",
  interpreter: "strings",
  logging: "logging",
  stdin: "string",
};

/** The official input properties of the resource. */
export const RESOURCE_INPUTS: Readonly<Record<string, Kind>> = {
  ...BASE,
  create: "string",
  delete: "string",
  triggers: "any[]",
  update: "string",
};

/** The official input properties of the function. */
export const FUNCTION_INPUTS: Readonly<Record<string, Kind>> = { ...BASE, command: "string" };

const isText = (value: Value): boolean => typeof value === "string";

const KINDS: Readonly<Record<Kind, { fits: (value: Value) => boolean; expected: string }>> = {
  string: { fits: isText, expected: "a string" },
  boolean: { fits: (value) => typeof value === "boolean", expected: "true or false" },
  strings: {
    fits: (value) => Array.isArray(value) && value.every(isTextOrUnknown),
    expected: "a list of strings",
  },
  texts: {
    fits: (value) => isObject(value) && Object.values(value).every(isTextOrUnknown),
    expected: "a map of strings",
  },
  logging: {
    fits: (value) => (LOGGING as readonly Value[]).includes(value),
    expected: `one of ${LOGGING.join(", ")}`,
  },
  "any[]": { fits: Array.isArray, expected: "a list" },
};

function isTextOrUnknown(value: Value): boolean {
  return isText(value) || isUnknown(value);
}

const REFUSED: readonly string[] = ["archivePaths", "assetPaths"];

/** What is wrong with the inputs, property by property; unknown values pass, they are checked once they are known. */
export function checkInputs(inputs: Values, properties: Readonly<Record<string, Kind>>): Failure[] {
  const failures: Failure[] = [];
  for (const [property, kind] of Object.entries(properties)) {
    const value = inputs[property];
    if (value === undefined || value === null) continue;
    if (REFUSED.includes(property)) {
      failures.push({
        property,
        reason: "is not served by this build of the command plugin: read the files in the program",
      });
      continue;
    }
    const known = reveal(value);
    if (!isUnknown(known) && !KINDS[kind].fits(known)) {
      failures.push({ property, reason: `must be ${KINDS[kind].expected}` });
    }
  }
  return failures;
}

/** The inputs as the runner takes them, without secret markings. They must have passed `checkInputs`. */
export function readInputs(values: Values): CommandInputs {
  const known = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([key, value]) => [key, reveal(value)]));
}
