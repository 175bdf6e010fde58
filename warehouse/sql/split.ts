import { isSignificant, tokenize, type Token } from "./lexer";

export interface Statement {
  /** The statement with any inline data, without the closing `;`. */
  text: string;
  /** The line it starts on, from 1. */
  line: number;
}

/**
 * Splits a script at its `;`, minding strings, comments, quoted names, heredocs and the data of INSERTs: as with the real
 * client, inline data of `INSERT … FORMAT …` is one line, and the next statement follows it.
 */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let tokens = tokenize(sql);
  let position = 0;
  let current: Token[] = [];

  const finish = (end: number) => {
    const first = current[0];
    if (first) {
      statements.push({
        text: sql.slice(first.start, end).trimEnd(),
        line: sql.slice(0, first.start).split("\n").length,
      });
    }
    current = [];
  };

  while (position < tokens.length) {
    const token = tokens[position++] as Token;
    if (token.text === ";" && token.kind === "symbol") {
      finish(token.start);
      continue;
    }
    if (!isSignificant(token)) continue;
    current.push(token);
    const format = insertFormat(current);
    if (format === undefined || format.toUpperCase() === "VALUES") continue;
    const end = inlineDataEnd(sql, token.start + token.text.length);
    if (end === undefined) continue;
    finish(end);
    tokens = tokenize(sql.slice(end)).map((next) => ({ ...next, start: next.start + end }));
    position = 0;
  }
  finish(sql.length);
  return statements;
}

/** The format's name when the tokens are an INSERT that ends with `FORMAT name`. */
function insertFormat(tokens: Token[]): string | undefined {
  const [keyword, name] = tokens.slice(-2);
  const isInsert = tokens[0]?.kind === "word" && tokens[0].text.toUpperCase() === "INSERT";
  if (!isInsert || tokens.length < 4 || keyword?.kind !== "word" || name?.kind !== "word") return undefined;
  return keyword.text.toUpperCase() === "FORMAT" ? name.text : undefined;
}

/** Where the data after `FORMAT name` ends; undefined when there is none (the statement ends, or the data comes apart). */
function inlineDataEnd(sql: string, start: number): number | undefined {
  const gap = /^[ \t\f]*\r?\n?/.exec(sql.slice(start))?.[0] ?? "";
  const rest = sql.slice(start + gap.length);
  if (rest.trim() === "" || /^\s*;/.test(rest) || /^\s+SETTINGS\b/i.test(sql.slice(start))) return undefined;
  const lineEnd = rest.indexOf("\n");
  return lineEnd >= 0 ? start + gap.length + lineEnd : sql.length;
}
