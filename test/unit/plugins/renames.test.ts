import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  nameOfUrn,
  renameFunction,
  renamePath,
  renameProperties,
  renameType,
  renameUrn,
  typeOfUrn,
  unsupported,
  upstreamName,
} from "../../../toolchain/plugins/docker/renames";

const CONTAINER = "docker:index/container:Container";
const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";

/** The types of the official SDK that are served, with components as parents. */
const officialTypes = [
  CONTAINER,
  REMOTE_IMAGE,
  "docker:index/network:Network",
  "docker:index/volume:Volume",
  "docker:index/tag:Tag",
  "docker:index/registryImage:RegistryImage",
  "docker:index/serviceConfig:ServiceConfig",
  "pulumi:providers:docker",
  "zakaz:images:LoaderImage",
];
const type = fc.constantFrom(...officialTypes);
const word = fc.stringMatching(/^[a-z][a-zA-Z0-9_-]{0,8}$/);
const urn = fc
  .tuple(word, word, fc.array(type, { minLength: 1, maxLength: 3 }), fc.string({ minLength: 1 }))
  .map(([stack, project, types, name]) => `urn:pulumi:${stack}::${project}::${types.join("$")}::${name}`);
/** Property names as programs use them: the bridge's own spellings never come from the official SDK. */
const property = fc.oneof(
  fc.constantFrom("command", "networksAdvanced", "registryAuth", "image", "name", "ports", "labels"),
  word.filter((name) => !["commands", "networksAdvanceds", "registryAuths"].includes(name)),
);
const path = fc
  .tuple(property, fc.boolean(), fc.constantFrom("", "[0]", "[12].aliases[0]", '["a b"]', ".x.y", "[*]"))
  .map(([name, quoted, rest]) => (quoted ? `["${name}"]${rest}` : name + rest));

describe("renaming", () => {
  it("spells the types and functions that differ", () => {
    expect(renameType(REMOTE_IMAGE, "toBridge")).toBe("docker:index/image:Image");
    expect(renameType("docker:index/image:Image", "fromBridge")).toBe(REMOTE_IMAGE);
    expect(renameType(CONTAINER, "toBridge")).toBe(CONTAINER);
    expect(renameFunction("docker:index/getRemoteImage:getRemoteImage", "toBridge")).toBe(
      "docker:index/getImage:getImage",
    );
    expect(renameFunction("docker:index/getNetwork:getNetwork", "toBridge")).toBe(
      "docker:index/getNetwork:getNetwork",
    );
  });

  it("renames a resource and its parents in a URN, and nothing in its name", () => {
    expect(
      renameUrn(
        `urn:pulumi:dev::zakaz::zakaz:images:Loader$${REMOTE_IMAGE}$${CONTAINER}::a::${REMOTE_IMAGE}`,
        "toBridge",
      ),
    ).toBe(
      `urn:pulumi:dev::zakaz::zakaz:images:Loader$docker:index/image:Image$${CONTAINER}::a::${REMOTE_IMAGE}`,
    );
  });

  it("reads type and name of a URN", () => {
    const nested = `urn:pulumi:dev::zakaz::zakaz:x:Y$${CONTAINER}::a::b`;
    expect([typeOfUrn(nested), nameOfUrn(nested)]).toEqual([CONTAINER, "a::b"]);
  });

  it("renames the head of a path only", () => {
    const renamed = (text: string): string => renamePath(text, CONTAINER, "toBridge");
    expect(renamed("command")).toBe("commands");
    expect(renamed("command[0]")).toBe("commands[0]");
    expect(renamed('["command"][0]')).toBe('["commands"][0]');
    expect(renamed("networksAdvanced[0].aliases")).toBe("networksAdvanceds[0].aliases");
    expect(renamed("labels[0].command")).toBe("labels[0].command");
    expect(renamed("commandX")).toBe("commandX");
    expect(renamed("*")).toBe("*");
    expect(renamePath("command", "docker:index/network:Network", "toBridge")).toBe("command");
  });

  it("comes back unchanged from the bridge: URNs, types, paths and properties", () => {
    fc.assert(
      fc.property(urn, type, path, fc.dictionary(property, fc.anything()), (aUrn, aType, aPath, values) => {
        expect(renameUrn(renameUrn(aUrn, "toBridge"), "fromBridge")).toBe(aUrn);
        expect(renameType(renameType(aType, "toBridge"), "fromBridge")).toBe(aType);
        expect(renamePath(renamePath(aPath, aType, "toBridge"), aType, "fromBridge")).toBe(aPath);
        const fields = new Map(Object.entries(values));
        renameProperties(fields, aType, "toBridge");
        if (aType === CONTAINER) expect(fields.has("command") || fields.has("networksAdvanced")).toBe(false);
        renameProperties(fields, aType, "fromBridge");
        expect(fields).toEqual(new Map(Object.entries(values)));
      }),
    );
  });

  it("keeps values untouched: secrets and unknowns are the same objects afterwards", () => {
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: ["x"] };
    const fields = new Map<string, unknown>([["command", secret]]);
    renameProperties(fields, CONTAINER, "toBridge");
    expect(fields.get("commands")).toBe(secret);
  });

  it("refuses the one official type that another upstream type is named like", () => {
    expect(unsupported("docker:index/image:Image")).toMatch(/docker\.RemoteImage/);
    expect(unsupported(REMOTE_IMAGE)).toBeUndefined();
  });

  it("knows the upstream names that stand in the log", () => {
    expect(upstreamName(CONTAINER)).toBe("docker_container");
    expect(upstreamName("docker:index/registryImage:RegistryImage")).toBe("docker_registry_image");
    expect(upstreamName("docker:index/getImage:getImage")).toBe("docker_image");
    expect(upstreamName("docker:index/getRegistryImageManifests:getRegistryImageManifests")).toBe(
      "docker_registry_image_manifests",
    );
  });
});
