/** The part of the official schema of the command provider 1.2.1 that this plugin serves. */
const VERSION = "1.2.1";

const string = { type: "string" };
const boolean = { type: "boolean" };
const strings = { type: "array", items: string };

const BASE_INPUTS = {
  addPreviousOutputInEnv: boolean,
  archivePaths: strings,
  assetPaths: strings,
  dir: string,
  environment: { type: "object", additionalProperties: string },
  interpreter: strings,
  logging: { $ref: "#/types/command:local:Logging" },
  stdin: string,
};

const RESOURCE_INPUTS = {
  ...BASE_INPUTS,
  create: string,
  delete: string,
  triggers: { type: "array", items: { $ref: "pulumi.json#/Any" }, replaceOnChanges: true },
  update: string,
};

const FUNCTION_INPUTS = { ...BASE_INPUTS, command: string };

const OUTPUTS = {
  archive: { $ref: "pulumi.json#/Archive" },
  assets: { type: "object", additionalProperties: { $ref: "pulumi.json#/Asset" } },
  stderr: string,
  stdout: string,
};

export const SCHEMA = {
  name: "command",
  version: VERSION,
  types: {
    "command:local:Logging": {
      type: "string",
      enum: ["stdout", "stderr", "stdoutAndStderr", "none"].map((value) => ({ name: value, value })),
    },
  },
  provider: { type: "object" },
  resources: {
    "command:local:Command": {
      properties: { ...RESOURCE_INPUTS, ...OUTPUTS },
      required: ["stdout", "stderr"],
      inputProperties: RESOURCE_INPUTS,
    },
  },
  functions: {
    "command:local:run": {
      inputs: { type: "object", properties: FUNCTION_INPUTS, required: ["command"] },
      outputs: {
        type: "object",
        properties: { ...FUNCTION_INPUTS, ...OUTPUTS },
        required: ["command", "stdout", "stderr"],
      },
    },
  },
} as const;
