export type TokenKind = "space" | "comment" | "string" | "heredoc" | "quotedName" | "word" | "symbol";

export interface Token {
  kind: TokenKind;
  text: string;
  /** Offset of the first character in the source. */
  start: number;
}

const heredocOpening = /\$\w*\$/y;

/** One rule per kind, tried in order at each position; the last matches any character, so nothing is ever skipped. */
const rules: [TokenKind, RegExp][] = [
  ["space", /\s+/y],
  ["comment", /(?:--|#[ !])[^\n]*|\/\*[^]*?(?:\*\/|$(?![^]))/y],
  ["string", /'(?:\\[^]|''|[^'\\])*(?:'|\\?$(?![^]))/y],
  ["quotedName", /`(?:\\[^]|``|[^`\\])*(?:`|\\?$(?![^]))|"(?:\\[^]|""|[^"\\])*(?:"|\\?$(?![^]))/y],
  ["word", /[\p{L}\p{N}_][\p{L}\p{N}_$]*/uy],
  ["symbol", /[^]/uy],
];

/** Splits ClickHouse SQL into tokens. Joined together they are the source again; an unclosed quote runs to the end. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < sql.length;) {
    const token = heredocAt(sql, start) ?? ruleAt(sql, start);
    tokens.push(token);
    start += token.text.length;
  }
  return tokens;
}

/** True for what the parser sees: neither white space nor a comment. */
export function isSignificant(token: Token): boolean {
  return token.kind !== "space" && token.kind !== "comment";
}

function heredocAt(sql: string, start: number): Token | undefined {
  heredocOpening.lastIndex = start;
  const tag = heredocOpening.exec(sql)?.[0];
  if (tag === undefined) return undefined;
  const close = sql.indexOf(tag, start + tag.length);
  if (close < 0) return undefined;
  return { kind: "heredoc", text: sql.slice(start, close + tag.length), start };
}

function ruleAt(sql: string, start: number): Token {
  for (const [kind, rule] of rules) {
    rule.lastIndex = start;
    const text = rule.exec(sql)?.[0];
    if (text) return { kind, text, start };
  }
  throw new Error(`No rule matches at ${start}`);
}
