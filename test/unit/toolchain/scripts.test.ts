import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOT = dirname(dirname(dirname(__dirname)));
const files = [
  "ls-files",
  "--cached",
  "--others",
  "--exclude-standard",
  "toolchain",
  ".ci",
  "clickhouse/image",
];
const scripts = execFileSync("git", files, { cwd: ROOT })
  .toString()
  .trim()
  .split("\n")
  .filter(
    (file) =>
      file.endsWith(".sh") || readFileSync(join(ROOT, file), "utf8").startsWith("#!/usr/bin/env bash"),
  );

test("there are scripts to check", () => {
  expect(scripts).toContain("toolchain/setup");
  expect(scripts).toContain("toolchain/steps/docker.sh");
  expect(scripts).toContain("clickhouse/image/entrypoint.sh");
});

test.each(scripts)("%s parses", (script) => {
  const { status, stderr } = spawnSync("bash", ["-n", script], { cwd: ROOT, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

// A function that ends in a pipe into `head` dies by SIGPIPE now and then, and set-up with it.
test.each(scripts)("%s ends no pipe early", (script) => {
  const lines = readFileSync(join(ROOT, script), "utf8").split("\n");
  const early = lines.filter((line) => /\| *(head|grep -q)\b/.test(line) && !line.includes("|| true"));
  expect(early).toEqual([]);
});
