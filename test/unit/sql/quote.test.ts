import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoteIfNeeded, quoteName, quoteText, unquote } from "../../../warehouse/sql/quote";
import { tokenize } from "../../../warehouse/sql/lexer";

describe("quoting", () => {
  it("makes one token of any text, from which unquote makes the text again", () => {
    for (const quote of [quoteText, quoteName]) {
      fc.assert(
        fc.property(fc.string({ unit: "binary" }), (text) => {
          expect(tokenize(quote(text))).toHaveLength(1);
          expect(unquote(quote(text))).toBe(text);
        }),
      );
    }
  });

  it("leaves a plain word alone", () => {
    expect(["plan_sales", "an intern", "2nd", "a`b"].map(quoteIfNeeded)).toEqual([
      "plan_sales",
      "`an intern`",
      "`2nd`",
      "`a\\`b`",
    ]);
  });
});

describe("unquote", () => {
  it.each([
    ["'it''s'", "it's"],
    ["'a\\'b\\\\c\\n\\t\\0'", "a'b\\c\n\t\0"],
    ["'a``b\"\"'", 'a``b""'],
    ['`a``b""`', 'a`b""'],
    ['"a""b"', 'a"b'],
  ])("%s", (quoted, content) => expect(unquote(quoted)).toBe(content));
});
