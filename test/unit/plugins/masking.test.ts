import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { mentionsOf, sensitiveValues } from "../../../toolchain/plugins/docker/values";
import { masker } from "../../../toolchain/plugins/common/mask";

describe("masking", () => {
  it("hides a secret as it is, as base64, URL-encoded and JSON-escaped", () => {
    const secret = 'p&ss "word"';
    const mask = masker([secret]);
    for (const form of [
      secret,
      btoa(secret),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]) {
      expect(mask(`before ${form} after`)).toBe("before [secret] after");
    }
  });

  it("hides the longer lines of a secret document, not its short ones", () => {
    const mask = masker(["{\n  password: hunter2\n}"]);
    expect(mask("line 2: password: hunter2 {")).toBe("line 2: [secret] {");
  });

  it("leaves no remainder of a longer secret", () => {
    expect(masker(["abc", "abcdef"])("abcdef abc")).toBe("[secret] [secret]");
  });

  it("leaves text without secrets alone and ignores very short ones", () => {
    expect(masker(["", "ab"])("cab")).toBe("cab");
  });

  it("never lets a secret through", () => {
    const text = fc.string({ minLength: 3, maxLength: 20 }).filter((value) => !"[secret]".includes(value));
    fc.assert(
      fc.property(text, fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!`${before}[secret]${after}`.includes(secret));
        expect(masker([secret])(before + secret + after)).not.toContain(secret);
      }),
    );
  });
});

describe("values of docker resources", () => {
  const container = {
    name: "ch",
    image: "sha256:1",
    envs: ["PORT=8123", "TOKEN=abcdefgh=ij", "short=x"],
    uploads: [{ file: "/etc/a-long-file-name", content: "<password>hunter2</password>" }],
    labels: [{ label: "a-long-label", value: "a-long-value" }],
    build: { buildArgs: { TOKEN: "build-secret" }, authConfigs: [{ password: "registry-password" }] },
  };

  it("that may be secret are those of environment, uploads, build arguments and registries", () => {
    expect(sensitiveValues(container)).toEqual([
      "abcdefgh=ij",
      "<password>hunter2</password>",
      "build-secret",
      "registry-password",
    ]);
  });

  it("that may stand in an error text are names and images", () => {
    expect(mentionsOf(container)).toEqual(["ch", "sha256:1"]);
  });
});
