import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitStatements } from "../../../warehouse/sql/split";
import { tokenize } from "../../../warehouse/sql/lexer";

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text);

/** Pieces of SQL in which a `;` is not the end of a statement. */
const pieces = fc.oneof(
  fc.constantFrom("SELECT 1", "a.b", "(1, 2)", "$1", "1e-5", "x$y", "ключ"),
  fc.string().map((text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")};'`),
  fc.string().map((text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")};'`),
  fc.string().map((text) => `\`${text.replaceAll("\\", "\\\\").replaceAll("`", "``")};\``),
  fc.string().map((text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')};"`),
  fc.string().map((text) => `/* ${text.replaceAll("*", "")}; */ 1`),
  fc.string().map((text) => `-- ${text.replace(/[\r\n]/g, "")}; '\n 1`),
  fc.string().map((text) => `$tag$${text.replaceAll("$", "")}; '$tag$`),
);
const statement = fc
  .array(pieces, { minLength: 1, maxLength: 5 })
  .map((parts) => `SELECT ${parts.join(" ")}`);

describe("tokenize", () => {
  it("loses no character of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const tokens = tokenize(text);
        expect(tokens.map((token) => token.text).join("")).toBe(text);
        expect(tokens.every((token) => text.startsWith(token.text, token.start))).toBe(true);
      }),
    );
  });

  it("takes an unclosed quote or comment to the end", () => {
    for (const text of ["'a;", "'a\\", "`a;", '"a;', "/* a;"]) expect(tokenize(text)).toHaveLength(1);
  });
});

describe("splitStatements", () => {
  it("finds the statements that were joined, whatever is in them", () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 6 }), (statements) => {
        expect(texts(statements.join(";\n"))).toEqual(statements);
        expect(texts(`${statements.join(" ;\n\n")};`)).toEqual(statements);
      }),
    );
  });

  it("skips what is empty", () => {
    expect(texts("")).toEqual([]);
    expect(texts(" ;; -- only a comment; \n/* another */ ;")).toEqual([]);
  });

  it("counts lines", () => {
    expect(splitStatements("SELECT 1;\n-- why\n\nSELECT\n2;")[1]).toEqual({ text: "SELECT\n2", line: 4 });
  });

  it("keeps VALUES with their strings together", () => {
    const insert = "INSERT INTO t (a, b) VALUES (1, 'x;y'), (2, 'it''s')";
    expect(texts(`${insert};\nSELECT 1;`)).toEqual([insert, "SELECT 1"]);
    expect(texts("INSERT INTO t FORMAT Values (1), (2); SELECT 1")).toEqual([
      "INSERT INTO t FORMAT Values (1), (2)",
      "SELECT 1",
    ]);
  });

  it("takes one line of inline data, and none where it comes apart", () => {
    const sql = "INSERT INTO t FORMAT CSV\n1;'2\nSELECT 1;";
    expect(texts(sql)).toEqual(["INSERT INTO t FORMAT CSV\n1;'2", "SELECT 1"]);
    expect(texts('INSERT INTO t FORMAT JSONEachRow {"a":"\';"}\nSELECT 1')).toEqual([
      'INSERT INTO t FORMAT JSONEachRow {"a":"\';"}',
      "SELECT 1",
    ]);
    expect(texts("INSERT INTO t FORMAT TSV ;\nSELECT 1")).toEqual(["INSERT INTO t FORMAT TSV", "SELECT 1"]);
  });
});
