import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { inputDiff, replaces } from "../../../toolchain/plugins/command/diff";
import {
  checkInputs,
  FUNCTION_INPUTS,
  readInputs,
  RESOURCE_INPUTS,
} from "../../../toolchain/plugins/command/inputs";
import { reveal, secretTexts, UNKNOWN_STRING } from "../../../toolchain/plugins/command/values";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = <T>(value: T): Record<string, T | string> => ({
  [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
  value,
});
const asset = (path: string, hash: string): Record<string, string> => ({
  [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17",
  path,
  hash,
});

const changes = (...args: Parameters<typeof inputDiff>): Record<string, string> =>
  Object.fromEntries(inputDiff(...args));

describe("the difference of inputs", () => {
  it("names added, deleted and changed properties", () => {
    expect(changes({ create: "a", dir: "/x" }, { create: "b", stdin: "s" })).toEqual({
      create: "update",
      dir: "delete",
      stdin: "add",
    });
  });

  it("goes into lists and maps", () => {
    expect(
      changes(
        { triggers: ["a", "b"], environment: { A: "1", "b.c": "2" } },
        { triggers: ["a", "x", "c"], environment: { A: "9" } },
      ),
    ).toEqual({
      "triggers[1]": "update",
      "triggers[2]": "add",
      "environment.A": "update",
      'environment["b.c"]': "delete",
    });
  });

  it("counts null as absent and leaves out what the engine adds", () => {
    expect(changes({ create: null, version: "1" }, { __internal: "x", version: "2" })).toEqual({});
  });

  it("compares secrets as a whole, and their marking too, as the official provider does", () => {
    expect(changes({ stdin: secret("a") }, { stdin: secret("a") })).toEqual({});
    expect(changes({ stdin: secret("a") }, { stdin: secret("b") })).toEqual({ stdin: "update" });
    expect(changes({ stdin: "a" }, { stdin: secret("a") })).toEqual({ stdin: "update" });
    expect(changes({ environment: secret({ A: "1" }) }, { environment: secret({ A: "2" }) })).toEqual({
      environment: "update",
    });
  });

  it("compares assets by content", () => {
    expect(
      changes({ triggers: [asset("/clone1/f", "h1")] }, { triggers: [asset("/clone2/f", "h1")] }),
    ).toEqual({});
    expect(changes({ triggers: [asset("/f", "h1")] }, { triggers: [asset("/f", "h2")] })).toEqual({
      "triggers[0]": "update",
    });
  });

  it("shows a value that is not known yet as a change", () => {
    expect(changes({ triggers: ["id"] }, { triggers: [UNKNOWN_STRING] })).toEqual({
      "triggers[0]": "update",
    });
  });

  it("asks for a replacement only where triggers come or go as a whole", () => {
    expect([...inputDiff({}, { triggers: ["a"], create: "x" }).keys()].filter(replaces)).toEqual([
      "triggers",
    ]);
    expect([...inputDiff({ triggers: ["a"] }, { triggers: ["b"] }).keys()].filter(replaces)).toEqual([]);
  });

  it("is empty for equal inputs and not for others", () => {
    const inputs = fc.dictionary(
      fc.constantFrom("create", "stdin", "triggers", "environment"),
      fc.oneof(fc.string(), fc.array(fc.string()), fc.dictionary(fc.string(), fc.string())),
    );
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        expect(inputDiff(a, structuredClone(a)).size).toBe(0);
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(inputDiff(a, b).size === 0).toBe(same);
      }),
    );
  });
});

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

describe("checking inputs", () => {
  it("passes what the documentation allows", () => {
    const inputs = {
      create: "a",
      update: secret("b"),
      delete: UNKNOWN_STRING,
      stdin: "",
      dir: ".",
      interpreter: ["node", UNKNOWN_STRING],
      environment: secret({ A: "b" }),
      logging: "none",
      addPreviousOutputInEnv: false,
      triggers: [1, null, { a: true }],
    };
    expect(checkInputs(inputs, RESOURCE_INPUTS)).toEqual([]);
  });

  it("names every property of a wrong type", () => {
    expect(
      checkInputs({ create: 1, interpreter: "sh", environment: { A: 1 }, logging: "all" }, RESOURCE_INPUTS),
    ).toEqual([
      { property: "environment", reason: "must be a map of strings" },
      { property: "interpreter", reason: "must be a list of strings" },
      { property: "logging", reason: "must be one of stdout, stderr, stdoutAndStderr, none" },
      { property: "create", reason: "must be a string" },
    ]);
  });

  it("refuses to collect files", () => {
    expect(
      checkInputs({ command: "x", assetPaths: ["*"] }, FUNCTION_INPUTS).map(({ property }) => property),
    ).toEqual(["assetPaths"]);
  });

  it("reads inputs without their secret markings", () => {
    expect(readInputs({ stdin: secret("s"), environment: { A: secret("1") }, dir: null })).toEqual({
      stdin: "s",
      environment: { A: "1" },
    });
  });
});

describe("secret values", () => {
  it("are revealed at any depth, and their texts are known", () => {
    const inputs = {
      stdin: secret("s1"),
      environment: { A: secret("s2"), B: "open" },
      triggers: secret([{ x: "s3" }, 4]),
    };
    expect(reveal(inputs)).toEqual({
      stdin: "s1",
      environment: { A: "s2", B: "open" },
      triggers: [{ x: "s3" }, 4],
    });
    expect(secretTexts(inputs)).toEqual(["s1", "s2", "s3", "4"]);
  });
});
