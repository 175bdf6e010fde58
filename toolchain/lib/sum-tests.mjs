/**
 * Adds up what `toolchain/check` ran: `node sum-tests.mjs FOLDER`, where FOLDER holds NAME.exit (an exit code) of each
 * check and NAME.json (vitest's report) of each test level. Prints a line per check and, last, `N passed, N failed`.
 * A check that failed without a failing test (a crash, lint) counts as one failure, and so does a level that ran none.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LEVELS = ["unit", "integration", "e2e"];
const folder = process.argv[2];

function count(name) {
  const code = Number(readFileSync(join(folder, `${name}.exit`), "utf8"));
  const report = join(folder, `${name}.json`);
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  if (existsSync(report)) {
    const sums = JSON.parse(readFileSync(report, "utf8"));
    passed = sums.numPassedTests;
    failed = sums.numFailedTests;
    skipped = sums.numPendingTests + sums.numTodoTests;
  }
  const silent = LEVELS.includes(name) && passed + failed === 0;
  if (failed === 0 && (code !== 0 || silent)) failed = 1;
  return { name, code, passed, failed, skipped, silent };
}

const counts = readdirSync(folder)
  .filter((file) => file.endsWith(".exit"))
  .map((file) => count(file.slice(0, -".exit".length)));
const sum = (key) => counts.reduce((total, each) => total + each[key], 0);

process.stdout.write("\n");
for (const { name, code, passed, failed, skipped, silent } of counts) {
  const tests = LEVELS.includes(name) ? `${passed} passed, ${failed} failed, ${skipped} skipped` : "";
  const verdict = silent ? "ran no test" : failed > 0 ? `failed (exit code ${code})` : "ok";
  process.stdout.write(`${name.padEnd(12)} ${verdict}${tests === "" ? "" : `: ${tests}`}\n`);
}
if (counts.some(({ name }) => LEVELS.includes(name))) {
  const skipped = sum("skipped");
  const closing = `${sum("passed")} passed, ${sum("failed")} failed`;
  process.stdout.write(`${closing}${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
}
process.exitCode = counts.length === 0 || sum("failed") > 0 ? 1 : 0;
