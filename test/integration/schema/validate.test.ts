import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Scratch } from "../../../lint/scratch";
import { DATABASES } from "../../../warehouse/catalogue";
import { check, readTree, validate } from "../../../lint/validate";
import { conclude } from "../../../ops/actions/validate";
import { FAULTS, type Fault } from "./faults";
import { plant, withLines } from "./plant";

/** Reused: a fault in the files of the schema empties it, one in the code only looks at it. */
let scratch: Scratch;
let loaded = false;

beforeAll(async () => {
  scratch = await Scratch.start();
});
afterAll(async () => {
  await scratch?.stop();
});

/** What the command would print of a tree with a fault, and its exit code. */
async function run(fault: Fault, root: string): Promise<{ text: string; exitCode: number }> {
  const tree = readTree(
    root,
    (fault.sql ?? []).map((path) => join(root, path)),
  );
  const touches = (prefix: string): boolean => fault.edits.some(([file]) => file.startsWith(prefix));
  if (touches("sql/10_access")) {
    // Users and grants stay in a server: this one is for one fault.
    const own = await Scratch.start();
    try {
      return conclude(await validate(tree, own), 0);
    } finally {
      await own.stop();
    }
  }
  if (loaded && !touches("sql/")) return conclude(await check(tree, scratch), 0);
  await scratch.clear(DATABASES);
  loaded = !touches("sql/");
  return conclude(await validate(tree, scratch), 0);
}

describe("a planted fault is caught", () => {
  // Those of the schema first, so that the others find it loaded once.
  const order = [...FAULTS].sort(
    (a, b) => Number(b.edits[0]![0].startsWith("sql/")) - Number(a.edits[0]![0].startsWith("sql/")),
  );
  it.each(order.map((fault) => [fault.what, fault] as const))("%s", async (_, fault) => {
    const root = plant(fault);
    try {
      const { text, exitCode } = await run(fault, root);
      const findings = fault.findings.map((finding) => withLines(finding, root));
      const number = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
      expect(text.split("\n")).toEqual([...findings, `Schema validation failed: ${number}, 0.0 s.`, ""]);
      expect(exitCode).toBe(1);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
