import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  GetSchemaRequest,
  ParameterizeRequest,
  type GetSchemaResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { beforeAll, describe, expect, it } from "vitest";

import { renameProperties, renameType } from "../../../toolchain/plugins/docker/renames";
import { UNLIMITED } from "../../../toolchain/plugins/common/serve";
import { tool } from "../../support/plugins";
import { declaredMembers } from "../../support/sdk-types";

const sdk = dirname(createRequire(__filename).resolve("@pulumi/docker/package.json"));

interface Property {
  type?: string;
  $ref?: string;
  items?: Property;
}
interface Schema {
  types: Record<string, { properties?: Record<string, Property> }>;
  resources: Record<
    string,
    { inputProperties: Record<string, Property>; properties: Record<string, Property> }
  >;
}

/** The schema that the bridge derives from the upstream provider. */
async function bridgeSchema(): Promise<Schema> {
  const upstream = tool("terraform-provider-docker");
  // Killed as they are, the two leave a socket there.
  const temporary = mkdtempSync(join(tmpdir(), "zt-schema-"));
  const bridge = spawn(tool("pulumi-resource-terraform-provider"), [], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
  });
  try {
    const [port] = (await once(createInterface({ input: bridge.stdout }), "line")) as [string];
    const client = new ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      UNLIMITED,
    );
    const args = new ParameterizeRequest.ParametersArgs().setArgsList([upstream]);
    await new Promise<void>((resolve, reject) =>
      client.parameterize(new ParameterizeRequest().setArgs(args), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
    const request = new GetSchemaRequest().setSubpackageName("docker").setSubpackageVersion("0.0.0");
    const response = await new Promise<GetSchemaResponse>((resolve, reject) =>
      client.getSchema(request, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    client.close();
    return JSON.parse(response.getSchema()) as Schema;
  } finally {
    process.kill(-bridge.pid!, "SIGKILL");
    rmSync(temporary, { recursive: true, force: true });
  }
}

const isList = (property: Property): boolean => property.type === "array";

describe("what the bridge calls differently from the official SDK is exactly what the adapter fixes", () => {
  let schema: Schema;
  beforeAll(async () => {
    schema = await bridgeSchema();
  });

  /** Compares a declared interface with the bridge's properties: names, lists, and the types nested in them. */
  function compare(
    path: string,
    file: string,
    name: string,
    properties: Record<string, Property>,
    seen = new Set<string>(),
  ): string[] {
    const differences: string[] = [];
    for (const [key, { type }] of Object.entries(declaredMembers(join(sdk, file), name))) {
      if (key === "__pulumiType") continue;
      const property = properties[key];
      if (!property) {
        differences.push(`${path}.${key} is missing`);
        continue;
      }
      if (isList(property) !== type.includes("[]"))
        differences.push(`${path}.${key} is a list on one side only`);
      const ref = property.$ref ?? property.items?.$ref;
      const [, side, nested] = /\b(inputs|outputs)\.(\w+)/.exec(type) ?? [];
      if (ref === undefined || side === undefined || nested === undefined || seen.has(nested)) continue;
      seen.add(nested);
      const declared = schema.types[decodeURIComponent(ref.replace("#/types/", ""))]?.properties ?? {};
      differences.push(
        ...compare(`${path}.${key}`, `types/${side.slice(0, -1)}.d.ts`, nested, declared, seen),
      );
    }
    return differences;
  }

  it.each(["Container", "Network", "Volume", "RemoteImage", "Tag", "RegistryImage"])("%s", (name) => {
    const module = name[0]!.toLowerCase() + name.slice(1);
    const type = `docker:index/${module}:${name}`;
    const resource = schema.resources[renameType(type, "toBridge")]!;
    const renamed = (properties: Record<string, Property>): Record<string, Property> => {
      const fields = new Map(Object.entries(properties));
      renameProperties(fields, type, "fromBridge");
      return Object.fromEntries(fields);
    };
    expect(compare("inputs", `${module}.d.ts`, `${name}Args`, renamed(resource.inputProperties))).toEqual([]);
    expect(compare("outputs", `${module}.d.ts`, name, renamed(resource.properties))).toEqual([]);
  });
});
