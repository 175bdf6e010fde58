import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { barProgress, plainProgress } from "../../../loaders/pipeline/progress";

/** A stream that keeps what was written; a terminal of 120 columns when asked for. */
function screen(terminal: boolean) {
  let text = "";
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  Object.assign(stream, terminal ? { isTTY: true, columns: 120, rows: 40 } : {});
  return { stream, text: () => text };
}

test("on a terminal: a bar per source with pages, rows, rate and time left, and lines of the log between them", () => {
  const { stream, text } = screen(true);
  let now = 0;
  const progress = barProgress(stream, () => now);
  progress.line("before any source\n");
  progress.show("events", { pages: 0, rows: 0, total: 0 });
  progress.end("events", { pages: 1, rows: 12, total: 12 });
  progress.show("orders", { pages: 0, rows: 0, total: 0 });
  now = 2000;
  progress.show("orders", { pages: 3, rows: 300, total: 1000 });
  progress.line("a line of the log\n");
  progress.stop();
  const shown = text();
  expect(shown).toContain("before any source\n");
  expect(shown).toContain("a line of the log");
  expect(shown).toMatch(/events {4}\|.*\| 100% 1 pages 12 of 12 rows/);
  expect(shown).toMatch(/orders {4}\|.*\| 30% 3 pages 300 of 1000 rows 150\/s ETA/);
});

test("a source that said too little of its size ends full, one that said too much as well", () => {
  const { stream, text } = screen(true);
  const progress = barProgress(stream, () => 1);
  progress.show("orders", { pages: 2, rows: 200, total: 100 });
  progress.end("orders", { pages: 3, rows: 250, total: 9999 });
  progress.stop();
  expect(text()).toContain("100% 3 pages 250 of 250 rows");
});

test("elsewhere: lines and nothing else", () => {
  const { stream, text } = screen(false);
  const progress = plainProgress(stream);
  progress.show("orders", { pages: 3, rows: 300, total: 1000 });
  progress.line("a line of the log\n");
  progress.end("orders", { pages: 3, rows: 300, total: 300 });
  progress.stop();
  expect(text()).toBe("a line of the log\n");
});
