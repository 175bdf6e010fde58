import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EXIT } from "../../../exit-codes";
import { writeOutput } from "../../../ops/output";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "zakaz-output-"))));
afterAll(() => rmSync(folder, { recursive: true }));

it("makes the folders above a file", () => {
  const file = join(folder, "a/b/report.md");
  writeOutput(file, "first");
  writeOutput(file, "second");
  expect(readFileSync(file, "utf8")).toBe("second");
});

it.each([
  ["below a folder that takes none", () => "/proc/x/y/report.md", "ENOENT"],
  ["below a file", () => join(folder, "file/x/report.md"), "ENOTDIR"],
  ["in the place of a folder", () => folder, "EISDIR"],
])("refuses in a sentence what lies %s", (_, place, code) => {
  writeFileSync(join(folder, "file"), "");
  const path = place();
  expect(() => writeOutput(path, "text", "--fixture")).toThrow(
    expect.objectContaining({
      message: `${path} cannot be written (${code}): name another place with --fixture`,
      exitCode: EXIT.usage,
    }) as Error,
  );
});
