import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Scratch, type Query } from "../../../warehouse/scratch";
import { DATABASES } from "../../../warehouse/catalogue";
import { check, readTree, validate } from "../../../lint/validate";
import { conclude } from "../../../ops/actions/validate";
import { sampleOf } from "../../support/soak";
import { FAULTS, type Fault } from "./faults";
import { plant, withLines } from "./plant";

/** Reused: another schema empties it, and with the same one it need not be asked anything twice. */
let scratch: Scratch;
/** The statements that are loaded, and what the server has answered since. */
let loaded = "";
let answers = new Map<string, Promise<unknown>>();

/** The scratch while its schema stays as it is: what it has answered before it answers from memory. */
function remembering(): Scratch {
  const remembered =
    <T>(method: "rows" | "text") =>
    (sql: string, query: Query = {}): Promise<T> => {
      const key = JSON.stringify([method, sql, query]);
      const answer = answers.get(key) ?? scratch[method](sql, query);
      answers.set(key, answer);
      return answer as Promise<T>;
    };
  return Object.assign(Object.create(scratch) as Scratch, {
    rows: remembered("rows"),
    text: remembered("text"),
  });
}

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
  const schema = JSON.stringify(tree.schema.map(({ statements }) => statements.map(({ text }) => text)));
  if (schema === loaded) return conclude(await check(tree, remembering()), 0);
  await scratch.clear(DATABASES);
  loaded = schema;
  answers = new Map();
  return conclude(await validate(tree, scratch), 0);
}

describe("a planted fault is caught", () => {
  // Those of the schema first, so that the others find it loaded once.
  const order = sampleOf(FAULTS).sort(
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
