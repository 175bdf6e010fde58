import { expect, it } from "vitest";
import { run } from "../support/stack";
import { ROOT } from "../../images";

// It stands on what tests share, of which nothing may need a test around it: figures are measured by a program.
it("starts, and says what it measures", async () => {
  const { code, stdout, stderr } = await run("tsx", ["bench/run.ts", "--help"], { cwd: ROOT });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^Usage: bench \[options\]\n/);
});
