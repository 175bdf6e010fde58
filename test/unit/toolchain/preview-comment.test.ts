import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../../../images";

const folder = mkdtempSync(join(tmpdir(), "zakaz-comment-"));
afterAll(() => rmSync(folder, { recursive: true }));

const urn = (type: string, name: string) => `urn:pulumi:dev::zakaz::zakaz:schema:Schema$${type}::${name}`;
const COMMAND = "command:local:Command";

/** The comment of a preview with these steps and diagnostics. */
function comment(preview: object, schema = "as sql/ says", access = "as declared"): string {
  writeFileSync(join(folder, "preview.json"), JSON.stringify(preview));
  writeFileSync(join(folder, "schema.txt"), `${schema}\n`);
  writeFileSync(join(folder, "access.txt"), `${access}\n`);
  return execFileSync(process.execPath, [
    join(ROOT, "toolchain/lib/preview-comment.mjs"),
    folder,
    "1111111111",
    "2222222222",
  ]).toString();
}

const FIRST =
  "Commit `222222222` on a running `dev` stack of `111111111`, with sample secrets and the sandbox's data.";
const REST = [
  "",
  "### Schema",
  "",
  "```text",
  "as sql/ says",
  "```",
  "",
  "### Access",
  "",
  "```text",
  "as declared",
  "```",
  "",
];

describe("the comment of a preview", () => {
  it("of a change that changes nothing", () => {
    const steps = [{ op: "same", urn: urn(COMMAND, "schema-apply") }];
    expect(comment({ steps })).toBe(
      ["## What `pulumi up` would do", "", `Nothing changes. ${FIRST}`, ...REST].join("\n"),
    );
  });

  it("names resources and inputs, each resource once, and shows no value", () => {
    const secret = "a-value-of-the-state";
    const steps = [
      {
        op: "update",
        urn: urn(COMMAND, "schema-apply"),
        diffReasons: ["environment"],
        detailedDiff: { "environment.B": { kind: "update" }, "environment.A": { kind: "update" } },
        newState: { inputs: { environment: { A: secret } } },
      },
      {
        op: "delete-replaced",
        urn: urn("docker:index/container:Container", "server"),
        replaceReasons: ["image"],
      },
      {
        op: "create-replacement",
        urn: urn("docker:index/container:Container", "server"),
        replaceReasons: ["image"],
      },
      { op: "create", urn: urn("docker:index/volume:Volume", "vol|ume"), detailedDiff: null },
      { op: "update", urn: "urn:pulumi:dev::zakaz::pulumi:pulumi:Stack::zakaz-dev" },
    ];
    const text = comment({ steps });
    expect(text.split("\n").slice(2, 10)).toEqual([
      `3 resources would change. ${FIRST}`,
      "",
      "| resource | | what differs |",
      "|---|---|---|",
      "| `schema-apply` (command:local:Command) | updated | `environment.A`, `environment.B` |",
      "| `server` (docker:index/container:Container) | replaced | `image` |",
      "| `vol\\|ume` (docker:index/volume:Volume) | created |  |",
      "",
    ]);
    expect(text).not.toContain(secret);
  });

  it("says first that it would be refused, and why; then what the preview warns of, each once", () => {
    const refusal = "zakaz.t: the order of its key cannot change";
    const diagnostics = [
      { severity: "error", message: `error: ${refusal}\n` },
      { severity: "error", message: `${refusal}` },
      { severity: "warning", message: "warning: zakaz.old is not in sql/" },
      { severity: "info", message: "of no interest" },
    ];
    const text = comment({ steps: [], diagnostics });
    expect(text.split("\n").slice(2, 15)).toEqual([
      `**\`pulumi up\` would be refused.** ${FIRST}`,
      "",
      "### Refused",
      "",
      "```text",
      refusal,
      "```",
      "",
      "### Said by the preview",
      "",
      "```text",
      "zakaz.old is not in sql/",
      "```",
    ]);
    expect(text).not.toContain("of no interest");
  });

  it("lets no text end its block, and keeps to what GitHub takes", () => {
    const text = comment({}, "```\n<b>out</b>", "x".repeat(100_000));
    expect(text).toContain("```text\n'''\n<b>out</b>\n```");
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain("xxx\n… and more\n```");
  });
});
