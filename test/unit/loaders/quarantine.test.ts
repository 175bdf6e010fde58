import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Log } from "../../../loaders/core/log";
import { Quarantine } from "../../../loaders/core/quarantine";

let directory: string;
const warnings: string[] = [];
const nothing = () => undefined;
const log: Log = {
  error: nothing,
  info: nothing,
  debug: nothing,
  warning: (text) => void warnings.push(text),
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quarantine-"));
  warnings.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (folder = directory) =>
  new Quarantine({
    directory: folder,
    job: "job",
    runId: "run",
    log,
    now: () => new Date("2030-01-01T00:00:00Z"),
  });

test("a line has source, id and reason; an id that is no number is left out", () => {
  const quarantine = open(join(directory, "new"));
  quarantine.add("orders", 42, "id: missing");
  quarantine.add("orders", "buyer@example.test", "id: unreadable id");
  quarantine.add("orders", "43", "id: missing");
  const lines = readFileSync(join(directory, "new", "job.jsonl"), "utf8")
    .trim()
    .split("\n");
  const line = (id: string | null, reason: string) => ({
    time: "2030-01-01T00:00:00.000Z",
    run_id: "run",
    source: "orders",
    id,
    reason,
  });
  expect(lines.map((one) => JSON.parse(one) as unknown)).toEqual([
    line("42", "id: missing"),
    line(null, "id: unreadable id"),
    line("43", "id: missing"),
  ]);
  expect(quarantine.reasons).toEqual({ "orders: id: missing": 2, "orders: id: unreadable id": 1 });
  expect(quarantine.total).toBe(3);
});

test("a file that has grown is put aside, and one old file is kept", () => {
  writeFileSync(join(directory, "job.jsonl"), "x".repeat(5 * 1024 * 1024));
  writeFileSync(join(directory, "job.jsonl.1"), "older");
  open().add("orders", 1, "reason");
  expect(readdirSync(directory).sort()).toEqual(["job.jsonl", "job.jsonl.1"]);
  expect(readFileSync(join(directory, "job.jsonl"), "utf8")).toContain('"reason":"reason"');
  expect(readFileSync(join(directory, "job.jsonl.1")).length).toBe(5 * 1024 * 1024);
});

test("a file whose first line is a month old is put aside as a run begins, an old file is removed", () => {
  const line = (time: string) => `${JSON.stringify({ time })}\n`;
  const file = join(directory, "job.jsonl");
  writeFileSync(file, line("2029-12-03T00:00:00.000Z"));
  open();
  expect(readdirSync(directory)).toEqual(["job.jsonl"]);
  writeFileSync(file, line("2029-12-01T00:00:00.000Z"));
  open();
  expect(readdirSync(directory)).toEqual(["job.jsonl.1"]);
  utimesSync(`${file}.1`, 0, Date.parse("2029-12-01T00:00:00Z") / 1000);
  open();
  expect(readdirSync(directory)).toEqual([]);
});

test("a folder that cannot be written costs one warning, not the count", () => {
  writeFileSync(join(directory, "file"), "");
  const quarantine = open(join(directory, "file"));
  quarantine.add("orders", 1, "reason");
  quarantine.add("orders", 2, "reason");
  expect(quarantine.total).toBe(2);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("check QUARANTINE_DIR");
});
