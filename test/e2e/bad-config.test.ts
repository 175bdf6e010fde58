import { randomBytes } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { secretKeys } from "../../config/secrets";
import { newPassword } from "../../ops/password";
import { sampleOf } from "../support/soak";
import { dockerLines, type Result, run, TestStack } from "../support/stack";

/**
 * Configurations that a real `pulumi` must refuse: one sentence that names the key and the command that fixes it,
 * exit code not zero, nothing created. One stack serves all; each case is a configuration file of its own.
 */
const stack = new TestStack(`bad${randomBytes(4).toString("hex")}`);
const { secrets } = stack;

interface Case {
  name: string;
  /** Keys that differ from the good configuration; undefined removes one. */
  change: Record<string, string | undefined>;
  /** Secret keys that are set without `--secret`. */
  inTheClear?: string[];
  /** Keys that the error must name, with the beginning of what it says about each. */
  says: Record<string, string>;
}

const CASES: Case[] = [
  { name: "missing secret", change: { loaderPassword: undefined }, says: { loaderPassword: "is not set" } },
  {
    name: "sample password",
    change: { datalensPassword: "ChangeMe123!" },
    says: { datalensPassword: "is the documented sample, allowed on stack dev only" },
  },
  {
    name: "short password",
    change: { adminPassword: "x7Kp2mQ9vR4tW8z" },
    says: { adminPassword: "is shorter than 16 characters" },
  },
  {
    name: "one repeated character",
    change: { backupPassword: "zzzzzzzzzzzzzzzzzzzz" },
    says: { backupPassword: "has fewer than 6 different characters" },
  },
  {
    name: "the user's name in its password",
    change: { datalensPassword: "datalens_reader_2026" },
    says: { datalensPassword: "contains the user's name, datalens_reader" },
  },
  {
    name: "reused password",
    change: { loaderPassword: secrets.adminPassword },
    says: { loaderPassword: "is the same as zakaz:adminPassword" },
  },
  {
    name: "password in the clear",
    change: {},
    inTheClear: ["backupPassword"],
    says: { backupPassword: "is stored in the clear" },
  },
  {
    name: "line break in a password",
    change: { loaderPassword: `${newPassword()}\nQTICKETS_BASE_URL=https://elsewhere` },
    says: { loaderPassword: "holds a line break" },
  },
  {
    name: "published without TLS",
    change: { bindAddress: "0.0.0.0" },
    says: { bindAddress: "is 0.0.0.0, not loopback" },
  },
  {
    name: "consent for another address",
    change: { bindAddress: "10.1.2.3", publishWithoutTls: "10.1.2.4" },
    says: { bindAddress: "is 10.1.2.3, not loopback" },
  },
  {
    name: "consent kept in store",
    change: { publishWithoutTls: "0.0.0.0" },
    says: { publishWithoutTls: "consents to publishing on 0.0.0.0, but zakaz:bindAddress is 127.0.0.1" },
  },
  {
    name: "reader from anywhere (IPv4)",
    change: { readerNetworks: '["0.0.0.0/0"]' },
    says: { readerNetworks: "0.0.0.0/0 is too wide" },
  },
  {
    name: "reader from anywhere (IPv6)",
    change: { readerNetworks: '["10.0.0.0/8","::/0"]' },
    says: { readerNetworks: "::/0 is too wide" },
  },
  {
    name: "the vendor's API with the sandbox's token",
    change: { source: "qtickets", load: "live", qticketsToken: "sandbox_token" },
    says: { qticketsToken: "is the documented sample" },
  },
  {
    name: "the vendor's API, live, without a token",
    change: { source: "qtickets", load: "live", qticketsToken: undefined },
    says: { qticketsToken: "is not set" },
  },
  {
    name: "synthetic data for the vendor's API",
    change: { source: "qtickets", sandbox: '{"days":3}' },
    says: { sandbox: "describes synthetic data, but zakaz:source is qtickets" },
  },
  {
    name: "barcodes without a key",
    change: { datasets: '["barcodes"]' },
    says: { barcodeKey: "is not set, but zakaz:datasets names barcodes" },
  },
  {
    name: "a key without barcodes",
    change: { datasets: '["discounts"]', barcodeKey: newPassword() },
    says: { barcodeKey: "is set, but zakaz:datasets does not name barcodes" },
  },
  {
    name: "short key of barcodes",
    change: { datasets: '["barcodes"]', barcodeKey: newPassword().slice(0, 31) },
    says: { barcodeKey: "is shorter than 32 characters" },
  },
  { name: "one port for two", change: { nativePort: "0" }, says: { nativePort: "is " } },
  {
    name: "floating image tag",
    change: { clickhouseImage: "clickhouse/clickhouse-server:latest" },
    says: { clickhouseImage: "must be `local` or an image reference that ends in @sha256:<digest>" },
  },
  {
    name: "mistyped key",
    change: { datalensPasword: newPassword() },
    says: { datalensPasword: "is no key of this program; the nearest is zakaz:datalensPassword" },
  },
  {
    name: "too little memory",
    change: { memory: "1024" },
    says: { memory: "must be a whole number from 2048" },
  },
  {
    name: "several at once",
    change: { adminPassword: undefined, httpPort: "0", readerNetworks: "[" },
    says: { adminPassword: "is not set", httpPort: "must be a whole number", readerNetworks: "is not JSON" },
  },
];
/** That the program says each of these is unit/components/config's to prove; here, that a person is told. */
const cases = sampleOf(CASES);

/** Writes the stack's own good configuration with a case's change as a file beside it; answers its path. */
async function configFile(name: string, { change, inTheClear = [] }: Case): Promise<string> {
  const file = join(stack.project, `${name}.yaml`);
  copyFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), file);
  const config = async (...args: string[]) => {
    const done = await stack.pulumi("config", ...args, "--config-file", file);
    if (done.code !== 0) throw new Error(done.stderr);
  };
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) await config("rm", `zakaz:${key}`);
    else pairs.push(key in secretKeys ? "--secret" : "--plaintext", `zakaz:${key}=${value}`);
  }
  for (const key of inTheClear) pairs.push("--plaintext", `zakaz:${key}=${secrets[key]}`);
  if (pairs.length > 0) await config("set-all", ...pairs);
  return file;
}

const outcomes = new Map<string, Result>();

beforeAll(async () => {
  // Without the sandbox's data: that is a contradiction of its own for the vendor's API.
  await stack.configure({ settings: { sandbox: undefined } });
  for (const { change } of cases)
    if (change["nativePort"] === "0") change["nativePort"] = String(stack.httpPort);
  const queue = new PQueue({ concurrency: 3 });
  await queue.addAll(
    cases.map((wrong, i) => async () => {
      const file = await configFile(`bad-${i}`, wrong);
      outcomes.set(wrong.name, await stack.pulumi("preview", "--config-file", file));
    }),
  );
});

afterAll(() => stack.remove());

describe("a bad configuration is refused by a preview", () => {
  it.each(cases.map((wrong) => [wrong.name, wrong] as const))("%s", (name, { change, says }) => {
    const { code, stdout, stderr } = outcomes.get(name)!;
    expect(code).not.toBe(0);
    // Pulumi shows the first line of it as progress before.
    const list = stdout.split(`The configuration of stack ${stack.name} cannot be used:\n`).at(-1)!;
    const lines = list.split("\n").filter((line) => line.trim().startsWith("zakaz:"));
    const expected = Object.entries(says).sort();
    expect(lines).toHaveLength(expected.length);
    lines.sort().forEach((line, i) => {
      const [key, problem] = expected[i]!;
      expect(line.trim()).toContain(`zakaz:${key} ${problem}`);
      expect(line).toMatch(/\. Fix it with: pulumi config (set|set --secret|rm) zakaz:\w+.* --stack e2e$/);
    });
    expect(stdout).not.toMatch(/\n\s+at /);
    for (const [key, value] of Object.entries({ ...secrets, ...change })) {
      if (value !== undefined && /Pass?word|Token|Key/.test(key))
        expect(stdout + stderr).not.toContain(value);
    }
  });
});

describe("a bad configuration is refused by an update", () => {
  it("and nothing was created by that or by any preview", async () => {
    const wrong = cases[0]!;
    const file = await configFile("bad-up", wrong);
    const up = await stack.pulumi("up", "--yes", "--skip-preview", "--config-file", file);
    expect(up.code).not.toBe(0);
    expect(up.stdout).toContain("zakaz:loaderPassword is not set. Fix it with:");
    const { stdout } = await stack.pulumi("stack", "export");
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: { type: string }[] } };
    expect((deployment.resources ?? []).map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack"]);
    for (const kind of ["container", "network", "volume"]) {
      const all = kind === "container" ? ["--all"] : [];
      expect(await dockerLines(kind, "ls", ...all, "--filter", `name=${stack.instance}`, "--quiet")).toEqual(
        [],
      );
    }
    const { stdout: images } = await run("docker", ["images", "--format", "{{.Repository}}"]);
    expect(images).not.toContain(stack.instance);
  });
});
