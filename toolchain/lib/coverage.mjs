/** Prints how much of each folder is covered, from a summary file by file: `node coverage.mjs coverage-summary.json`. */
import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";

const { total, ...files } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const folders = new Map();
for (const [file, { lines, branches }] of Object.entries(files)) {
  // Two levels are enough to tell where tests are missing.
  const folder = dirname(relative(process.cwd(), file)).split("/").slice(0, 2).join("/");
  const sums = folders.get(folder) ?? { lines: [0, 0], branches: [0, 0] };
  for (const [sum, { covered, total: all }] of [
    [sums.lines, lines],
    [sums.branches, branches],
  ]) {
    sum[0] += covered;
    sum[1] += all;
  }
  folders.set(folder, sums);
}

const percent = ([covered, all]) => (all === 0 ? "–" : `${((100 * covered) / all).toFixed(1)} %`);
const row = (folder, lines, branches) =>
  process.stdout.write(`${folder.padEnd(28)}${lines.padStart(10)}${branches.padStart(10)}\n`);
process.stdout.write("\n");
row("folder", "lines", "branches");
for (const [folder, { lines, branches }] of [...folders].sort(([a], [b]) => a.localeCompare(b)))
  row(folder, percent(lines), percent(branches));
row(
  "all",
  percent([total.lines.covered, total.lines.total]),
  percent([total.branches.covered, total.branches.total]),
);
