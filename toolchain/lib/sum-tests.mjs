/**
 * Adds up what `toolchain/check` ran: `node sum-tests.mjs FOLDER`, where FOLDER holds NAME.exit (an exit code) of each
 * check and NAME.json (vitest's report) of each test level. Prints a line per check, what failed with its first reason
 * (whoever sees only the end of a log needs them), and last `N passed, N failed`.
 * A check that failed without a failing test (a crash, lint) counts as one failure, and so does a level that ran none.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

const LEVELS = ["unit", "integration", "e2e", "vk-ads"];
const folder = process.argv[2];
/** Lines of a failure's message that are shown; the level's own log has the rest. */
const REASON_LINES = 12;

/** The failures of a report, one text each; a file that failed outside its tests (a hook, an import) is one too. */
function failures(testResults = []) {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => [fullName, failureMessages[0]]);
    const whole = failed.length === 0 && message ? [["outside its tests", message]] : [];
    return [...failed, ...whole].map(([title, reason]) => {
      const lines = stripVTControlCharacters(reason ?? "").split("\n");
      const shown = lines.slice(0, REASON_LINES).map((line) => `    ${line}`);
      return [`${relative(process.cwd(), name)}: ${title}`, ...shown].join("\n");
    });
  });
}

function count(name) {
  const code = Number(readFileSync(join(folder, `${name}.exit`), "utf8"));
  const report = join(folder, `${name}.json`);
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let reasons = [];
  if (existsSync(report)) {
    const sums = JSON.parse(readFileSync(report, "utf8"));
    passed = sums.numPassedTests;
    failed = sums.numFailedTests;
    skipped = sums.numPendingTests + sums.numTodoTests;
    reasons = failures(sums.testResults);
  }
  const silent = LEVELS.includes(name) && passed + failed === 0;
  if (failed === 0 && (code !== 0 || silent)) failed = 1;
  return { name, code, passed, failed, skipped, silent, reasons };
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
for (const reason of counts.flatMap(({ reasons }) => reasons)) process.stdout.write(`\n${reason}\n`);
if (counts.some(({ name }) => LEVELS.includes(name))) {
  const skipped = sum("skipped");
  const closing = `${sum("passed")} passed, ${sum("failed")} failed`;
  process.stdout.write(`${closing}${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
}
process.exitCode = counts.length === 0 || sum("failed") > 0 ? 1 : 0;
