import { isSignificant, tokenize, type Token } from "./lexer";

export interface Statement {
  /** The statement with any inline data, without the closing `;`. */
  text: string;
  /** The line it starts on, from 1. */
  line: number;
  /** Its first words, in upper case. */
  words: string[];
  /** Its beginning, up to the first string: names the statement in an error without showing a value. */
  title: string;
  /** True for an INSERT that names a format but brings no data: they come on standard input. */
  wantsData: boolean;
}

export interface SplitOptions {
  /**
   * As with the real client, inline data of `INSERT … FORMAT …` is then one line, and the next statement follows it.
   * Otherwise the data is all the rest.
   */
  multiquery: boolean;
}

const longestTitle = 80;

/** Splits a script at its `;`, minding strings, comments, quoted names, heredocs and the data of INSERTs. */
export function splitStatements(sql: string, { multiquery }: SplitOptions): Statement[] {
  const statements: Statement[] = [];
  let tokens = tokenize(sql);
  let position = 0;
  let current: Token[] = [];

  const finish = (end: number, wantsData: boolean) => {
    const first = current[0];
    if (first) {
      statements.push({
        text: sql.slice(first.start, end).trimEnd(),
        line: sql.slice(0, first.start).split("\n").length,
        words: leadingWords(current),
        title: title(current),
        wantsData,
      });
    }
    current = [];
  };

  while (position < tokens.length) {
    const token = tokens[position++] as Token;
    if (token.text === ";" && token.kind === "symbol") {
      finish(token.start, wantsDataAtEnd(current));
      continue;
    }
    if (!isSignificant(token)) continue;
    current.push(token);
    const format = insertFormat(current);
    if (format === undefined || format.toUpperCase() === "VALUES") continue;
    const data = inlineData(sql, token.start + token.text.length, multiquery);
    if (!data) continue;
    finish(data.end, false);
    tokens = tokenize(sql.slice(data.end)).map((next) => ({ ...next, start: next.start + data.end }));
    position = 0;
  }
  finish(sql.length, wantsDataAtEnd(current));
  return statements;
}

/** The format's name when the tokens are an INSERT that ends with `FORMAT name`. */
function insertFormat(tokens: Token[]): string | undefined {
  const [keyword, name] = tokens.slice(-2);
  const isInsert = tokens[0]?.kind === "word" && tokens[0].text.toUpperCase() === "INSERT";
  if (!isInsert || tokens.length < 4 || keyword?.kind !== "word" || name?.kind !== "word") return undefined;
  return keyword.text.toUpperCase() === "FORMAT" ? name.text : undefined;
}

function wantsDataAtEnd(tokens: Token[]): boolean {
  if (tokens[0]?.text.toUpperCase() !== "INSERT") return false;
  const last = tokens.at(-1);
  return (
    insertFormat(tokens) !== undefined || (last?.kind === "word" && last.text.toUpperCase() === "VALUES")
  );
}

/** Where the data after `FORMAT name` ends; undefined when there is none (the statement ends, or the data comes apart). */
function inlineData(sql: string, start: number, multiquery: boolean): { end: number } | undefined {
  const gap = /^[ \t\f]*\r?\n?/.exec(sql.slice(start))?.[0] ?? "";
  const rest = sql.slice(start + gap.length);
  if (rest.trim() === "" || /^\s*;/.test(rest) || /^\s+SETTINGS\b/i.test(sql.slice(start))) return undefined;
  const lineEnd = rest.indexOf("\n");
  return { end: multiquery && lineEnd >= 0 ? start + gap.length + lineEnd : sql.length };
}

function leadingWords(tokens: Token[]): string[] {
  return beforeStrings(tokens)
    .filter((token) => token.kind === "word")
    .slice(0, 5)
    .map((token) => token.text.toUpperCase());
}

function title(tokens: Token[]): string {
  let text = "";
  let end: number | undefined;
  for (const token of beforeStrings(tokens)) {
    if (end !== undefined && token.start > end) text += " ";
    text += token.text;
    end = token.start + token.text.length;
  }
  return text.length > longestTitle ? `${text.slice(0, longestTitle)}…` : text;
}

function beforeStrings(tokens: Token[]): Token[] {
  const end = tokens.findIndex((token) => token.kind === "string" || token.kind === "heredoc");
  return tokens.slice(0, end < 0 ? undefined : end);
}
