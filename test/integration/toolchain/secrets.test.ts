import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const scanner = resolve(__dirname, "../../../toolchain/lib/scan-secrets.mjs");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-secrets-"));
  git("init", "-q");
});
afterEach(() => rmSync(folder, { recursive: true }));

function git(...args: string[]): void {
  const author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  // What this machine's user has set, signed commits or hooks, is nothing to this test.
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  execFileSync("git", [...author, ...args], { cwd: folder, env });
}

function commit(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
  git("add", "-A");
  git("commit", "-q", "-m", file);
}

function scan(): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync("node", [scanner, folder], { encoding: "utf8" });
  expect(stderr).toBe("");
  return { status, stdout };
}

describe("the scan for secrets", () => {
  it("finds a key that a later commit removed, and does not print it", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    commit("server.pem", key);
    commit("server.pem", "moved elsewhere\n");
    const { status, stdout } = scan();
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^server\.pem:1: .*\(history, object [0-9a-f]{10}\)\nsecrets: 1 found in 2 versions/,
    );
    expect(stdout).not.toContain(key.split("\n")[1]);
  });

  it("finds a random text assigned to a password, in a file that git does not know yet", () => {
    const value = randomBytes(30).toString("base64");
    commit("a.txt", "nothing\n");
    writeFileSync(join(folder, "loader.sh"), `first line\nQTICKETS_TOKEN="${value}"\n`);
    const { status, stdout } = scan();
    expect(status).toBe(1);
    expect(stdout).toContain("loader.sh:2: a random text is assigned to a secret's name (checkout)");
    expect(stdout).not.toContain(value);
  });

  it("lets words, ciphertext of the configuration and checksums of packages pass", () => {
    commit(
      "Pulumi.dev.yaml",
      `zakaz:adminPassword:\n  secure: v1:${randomBytes(9).toString("base64")}:${randomBytes(40).toString("base64")}\n`,
    );
    commit("package-lock.json", `{"token": "${randomBytes(48).toString("base64")}"}\n`);
    commit("b.ts", 'const password = "one-of-the-sample-passwords-in-words";\n');
    expect(scan()).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^secrets: 0 found in 3 versions of files, 0\.0 MB\n$/) as string,
    });
  });
});
