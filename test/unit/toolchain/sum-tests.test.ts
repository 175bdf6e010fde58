import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const SCRIPT = join(dirname(dirname(dirname(__dirname))), "toolchain/lib/sum-tests.mjs");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-sum-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(name: string, code: number, tests?: [passed: number, failed: number, skipped: number]): void {
  writeFileSync(join(folder, `${name}.exit`), `${code}\n`);
  if (tests === undefined) return;
  const [numPassedTests, numFailedTests, numPendingTests] = tests;
  const report = { numPassedTests, numFailedTests, numPendingTests, numTodoTests: 0 };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(report));
}

function sum(): { code: number | null; closing: string | undefined; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  return { code: status, closing: lines.at(-1), lines };
}

test("all levels are added up", () => {
  check("eslint", 0);
  check("unit", 0, [10, 0, 0]);
  check("integration", 0, [5, 0, 2]);
  check("e2e", 0, [1, 0, 0]);
  expect(sum()).toMatchObject({ code: 0, closing: "16 passed, 0 failed, 2 skipped" });
});

test("a failing test fails the whole", () => {
  check("unit", 1, [9, 1, 0]);
  check("e2e", 0, [1, 0, 0]);
  expect(sum()).toMatchObject({ code: 1, closing: "10 passed, 1 failed" });
});

test("what failed is named with its reason, and a file that failed outside its tests too", () => {
  const report = {
    numPassedTests: 1,
    numFailedTests: 1,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [
      {
        name: join(process.cwd(), "test/e2e/a.test.ts"),
        message: "",
        assertionResults: [
          { status: "passed", fullName: "a stack comes up", failureMessages: [] },
          {
            status: "failed",
            fullName: "a stack goes down",
            failureMessages: ["\u001b[31mexpected 1 to be 2\u001b[39m\n    at here"],
          },
        ],
      },
      { name: join(process.cwd(), "test/e2e/b.test.ts"), message: "no such module", assertionResults: [] },
    ],
  };
  writeFileSync(join(folder, "e2e.exit"), "1\n");
  writeFileSync(join(folder, "e2e.json"), JSON.stringify(report));
  expect(sum().lines).toEqual([
    "e2e          failed (exit code 1): 1 passed, 1 failed, 0 skipped",
    "",
    "test/e2e/a.test.ts: a stack goes down",
    "    expected 1 to be 2",
    "        at here",
    "",
    "test/e2e/b.test.ts: outside its tests",
    "    no such module",
    "1 passed, 1 failed",
  ]);
});

test("a failing lint counts as one", () => {
  check("types", 2);
  check("unit", 0, [10, 0, 0]);
  const { code, closing, lines } = sum();
  expect({ code, closing }).toEqual({ code: 1, closing: "10 passed, 1 failed" });
  expect(lines).toContain("types        failed (exit code 2)");
});

test("a level that crashed without a report counts as one", () => {
  check("unit", 0, [10, 0, 0]);
  check("e2e", 137);
  expect(sum()).toMatchObject({ code: 1, closing: "10 passed, 1 failed" });
});

test("a level that crashed after its tests passed counts as one", () => {
  check("unit", 1, [10, 0, 0]);
  expect(sum()).toMatchObject({ code: 1, closing: "10 passed, 1 failed" });
});

test("a level that ran no test counts as one", () => {
  check("unit", 0, [10, 0, 0]);
  check("integration", 0, [0, 0, 3]);
  const { code, closing, lines } = sum();
  expect({ code, closing }).toEqual({ code: 1, closing: "10 passed, 1 failed, 3 skipped" });
  expect(lines).toContain("integration  ran no test: 0 passed, 1 failed, 3 skipped");
});

test("lint alone has no closing line of tests", () => {
  check("eslint", 0);
  expect(sum()).toEqual({ code: 0, closing: "eslint       ok", lines: ["eslint       ok"] });
});

test("nothing ran: a failure", () => {
  expect(sum().code).toBe(1);
});
