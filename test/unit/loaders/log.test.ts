import { expect, test } from "vitest";
import { createLog, type LogOptions } from "../../../loaders/core/log";

function logged(options: Partial<LogOptions>, write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  write(
    createLog({
      name: "job",
      level: "INFO",
      format: "text",
      now: () => new Date("2030-01-01T00:00:00.123Z"),
      write: (line) => lines.push(line),
      ...options,
    }),
  );
  return lines;
}

test("a text line has time, name, level, text and the fields as JSON", () => {
  const lines = logged({ always: { run_id: "r" } }, (log) => {
    log.info("100% done", { rows: 3 });
    log.error("first\n  second");
    log.debug("unseen");
  });
  expect(lines).toEqual([
    '2030-01-01T00:00:00Z job INFO 100% done | metrics={"rows":3}\n',
    "2030-01-01T00:00:00Z job ERROR first; second\n",
  ]);
});

test("a JSON line is one object", () => {
  const [line] = logged({ format: "json", always: { run_id: "r" } }, (log) =>
    log.warning("careful", { rows: 3 }),
  );
  expect(JSON.parse(line ?? "")).toEqual({
    time: "2030-01-01T00:00:00Z",
    logger: "job",
    level: "WARNING",
    message: "careful",
    run_id: "r",
    rows: 3,
  });
});

test("secrets become stars in text and fields, at every level", () => {
  const lines = logged({ level: "DEBUG", secrets: ["s3cret", ""] }, (log) => {
    log.debug("the s3cret", { nested: { of: "s3crets3cret" } });
  });
  expect(lines.join("")).toBe(
    '2030-01-01T00:00:00Z job DEBUG the *** | metrics={"nested":{"of":"******"}}\n',
  );
});
