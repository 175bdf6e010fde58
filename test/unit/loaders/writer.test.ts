import { gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PackedBlock } from "../../../loaders/core/block";
import type { Database } from "../../../loaders/core/database";
import { createLog } from "../../../loaders/core/log";
import { tsvLine } from "../../../loaders/core/tsv";
import { TableWriter } from "../../../loaders/core/writer";

interface Insert {
  token: string;
  lines: string[];
}

function unpacked({ encoding, chunks }: PackedBlock): string {
  const bytes = Buffer.concat(chunks);
  return (encoding === "zstd" ? zstdDecompressSync(bytes) : gunzipSync(bytes)).toString();
}

/** A database that takes inserts when it is told to. */
function slowDatabase() {
  const inserts: Insert[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const insertBlock: Database["insertBlock"] = (_table, _columns, block, token) => {
    inserts.push({ token, lines: unpacked(block).split("\n").slice(0, -1) });
    return new Promise((resolve, reject) =>
      waiting.push((error) => (error === undefined ? resolve() : reject(error))),
    );
  };
  return { inserts, waiting, database: { name: "zakaz", insertBlock } as Database };
}

const log = createLog({ name: "t", level: "ERROR", format: "text", write: () => undefined });
const writerOf = (database: Database, batchRows: number) =>
  new TableWriter({ database, log, blockPrefix: "r", table: "t", columns: ["order", "item"], batchRows });

test("every row once and in order, groups whole, tokens different, one insert at a time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 1500 }),
      async (groups, batchRows) => {
        const { inserts, waiting, database } = slowDatabase();
        const writer = writerOf(database, batchRows);
        let greatest = 0;
        const acknowledge = setInterval(() => {
          greatest = Math.max(greatest, waiting.length);
          waiting.shift()?.();
        }, 0);
        const expected: string[] = [];
        for (const [order, size] of groups.entries()) {
          const rows = Array.from({ length: size }, (_, item) => ({ order, item }));
          expected.push(...rows.map(({ item }) => `${order}\t${item}`));
          await writer.add(rows);
        }
        expect(await writer.finish()).toBe(expected.length);
        clearInterval(acknowledge);
        expect(inserts.flatMap(({ lines }) => lines)).toEqual(expected);
        expect(greatest).toBeLessThanOrEqual(1);
        expect(new Set(inserts.map(({ token }) => token)).size).toBe(inserts.length);
        const orders = inserts.map(({ lines }) => new Set(lines.map((line) => line.split("\t")[0])));
        for (const [index, one] of orders.entries()) {
          for (const other of orders.slice(index + 1))
            expect([...one].filter((id) => other.has(id))).toEqual([]);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("a failed insert is thrown by the next call, and nothing more is sent", async () => {
  const { inserts, waiting, database } = slowDatabase();
  const writer = writerOf(database, 1);
  await writer.add([{ order: 1, item: 1 }]);
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]?.(new Error("disk full"));
  await expect(writer.add([{ order: 2, item: 1 }])).rejects.toThrow("disk full");
  await expect(writer.finish()).rejects.toThrow("disk full");
  expect(inserts).toHaveLength(1);
});

test("without rows there is no insert", async () => {
  const { inserts, database } = slowDatabase();
  const writer = writerOf(database, 1);
  await writer.add([]);
  expect(await writer.finish()).toBe(0);
  expect(inserts).toEqual([]);
});

describe("lines", () => {
  test("scalars of every kind", () => {
    const row = { a: "text", b: 7, c: null, d: true, e: false, f: -1.5, g: "" };
    expect(tsvLine(["a", "b", "c", "d", "e", "f", "g"], row)).toBe("text\t7\t\\N\t1\t0\t-1.5\t\n");
  });

  test("what has a meaning in the format is escaped", () => {
    expect(tsvLine(["a"], { a: "\\N\t\n\r\0\b\f'\"" })).toBe("\\\\N\\t\\n\\r\\0\\b\\f\\'\"\n");
  });

  test("lists of texts", () => {
    expect(tsvLine(["a", "b"], { a: [], b: ["x", "o'\\\t,"] })).toBe("[]\t['x','o\\'\\\\\\t,']\n");
  });

  test.each([[undefined], [{}], [[[1]]], [NaN], [Infinity], [1n]])(
    "%s is a mistake of the program",
    (value) => {
      expect(() => tsvLine(["a"], { a: value as never })).toThrow("Column a cannot be written");
    },
  );
});
