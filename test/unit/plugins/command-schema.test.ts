import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { FUNCTION_INPUTS, LOGGING, RESOURCE_INPUTS } from "../../../toolchain/plugins/command/inputs";
import { SCHEMA } from "../../../toolchain/plugins/command/schema";
import { declaredMembers } from "../../support/sdk-types";

const sdk = dirname(createRequire(__filename).resolve("@pulumi/command/package.json"));

/** The members of an interface or class of the official SDK, and which of them are optional. */
function members(file: string, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(declaredMembers(join(sdk, file), name)).map(([key, { optional }]) => [
      key,
      optional ? "optional" : "required",
    ]),
  );
}

const described = (properties: object, required: readonly string[] = []): Record<string, string> =>
  Object.fromEntries(
    Object.keys(properties).map((name) => [name, required.includes(name) ? "required" : "optional"]),
  );

const resource = SCHEMA.resources["command:local:Command"];
const run = SCHEMA.functions["command:local:run"];

describe("the schema is that of @pulumi/command 1.2.1", () => {
  it("in its version", () => {
    const { version } = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8")) as { version: string };
    expect(SCHEMA.version).toBe(version);
  });

  it("in the inputs and outputs of Command", () => {
    expect(described(resource.inputProperties)).toEqual(members("local/command.d.ts", "CommandArgs"));
    expect(described(resource.properties, resource.required)).toEqual(
      members("local/command.d.ts", "Command"),
    );
    expect(Object.keys(RESOURCE_INPUTS).sort()).toEqual(
      Object.keys(members("local/command.d.ts", "CommandArgs")).sort(),
    );
  });

  it("in the inputs and outputs of run", () => {
    expect(described(run.inputs.properties, run.inputs.required)).toEqual(
      members("local/run.d.ts", "RunArgs"),
    );
    expect(described(run.outputs.properties, run.outputs.required)).toEqual(
      members("local/run.d.ts", "RunResult"),
    );
    expect(Object.keys(FUNCTION_INPUTS).sort()).toEqual(
      Object.keys(members("local/run.d.ts", "RunArgs")).sort(),
    );
  });

  it("in the values of logging", () => {
    const file = readFileSync(join(sdk, "types/enums/local/index.d.ts"), "utf8");
    expect([...file.matchAll(/readonly \w+: "(\w+)"/g)].map((match) => match[1])).toEqual([...LOGGING]);
  });
});
