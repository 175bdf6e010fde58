import { isSignificant, tokenize, type Token } from "../../sql/lexer";
import { unreadable } from "./declaration-error";
import type { NameSet } from "./model";

type Placed = Token & { /** Offset behind the last character. */ end: number };

/** Reads the tokens of one canonical statement from left to right. Keywords are compared in upper case. */
export class Cursor {
  private readonly tokens: Placed[];
  private position = 0;

  constructor(statement: string) {
    this.tokens = tokenize(statement)
      .filter(isSignificant)
      .map((token) => ({ ...token, end: token.start + token.text.length }));
  }

  get ended(): boolean {
    return this.position >= this.tokens.length;
  }

  /** True, and behind them, when the next tokens are these words or symbols. */
  accept(...words: string[]): boolean {
    if (!words.every((word, index) => this.isWord(this.tokens[this.position + index], word))) return false;
    this.position += words.length;
    return true;
  }

  /** Like accept, but refuses the statement otherwise. */
  expect(...words: string[]): void {
    if (!this.accept(...words)) throw this.errorHere();
  }

  peek(...words: string[]): boolean {
    const before = this.position;
    const found = this.accept(...words);
    this.position = before;
    return found;
  }

  /** Steps over one token, whatever it is. */
  skip(): void {
    this.position++;
  }

  /** A bare or quoted name, or one in string quotes. */
  name(): string {
    const token = this.tokens[this.position];
    if (!token || token.kind === "symbol") throw this.errorHere();
    this.position++;
    return token.kind === "word" ? token.text : unquote(token.text);
  }

  names(): string[] {
    return this.list(() => this.name());
  }

  /** Names of users and roles; words for many or none of them are not accepted. */
  principals(): string[] {
    if (["ALL", "ANY", "NONE", "CURRENT_USER"].some((word) => this.peek(word))) throw this.errorHere();
    return this.names();
  }

  /** `NONE`, names, or `all` with or without `EXCEPT` names. */
  nameSet(all: "ALL" | "ANY"): NameSet {
    if (this.accept("NONE")) return { all: false, names: [] };
    if (!this.accept(all)) return { all: false, names: this.principals() };
    return { all: true, names: this.accept("EXCEPT") ? this.principals() : [] };
  }

  /** Items between commas. */
  list<Item>(read: () => Item): Item[] {
    const items = [read()];
    while (this.accept(",")) items.push(read());
    return items;
  }

  get atString(): boolean {
    return this.tokens[this.position]?.kind === "string";
  }

  string(): string {
    if (!this.atString) throw this.errorHere();
    return this.name();
  }

  /** A string's content, or the tokens that stand together without a gap: `-1.5`, `true`. */
  value(): string {
    if (this.atString) return this.name();
    const first = this.tokens[this.position];
    if (!first || first.text === ",") throw this.errorHere();
    let text = "";
    for (let token = this.tokens[this.position]; token; token = this.tokens[this.position]) {
      if (token.text === "," || token.start !== first.start + text.length) break;
      text += token.text;
      this.position++;
    }
    return text;
  }

  /** The text of the tokens up to one of these words or symbols outside parentheses; stays before it. */
  until(...words: string[]): string {
    const begin = this.position;
    let depth = 0;
    for (let token = this.tokens[begin]; token; token = this.tokens[++this.position]) {
      if (depth === 0 && words.some((word) => this.isWord(token, word))) break;
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
    }
    return joinTokens(this.tokens.slice(begin, this.position));
  }

  /** The error for what stands here. Strings are left out of it: one may be a password. */
  errorHere(): Error {
    const next = this.tokens
      .slice(this.position, this.position + 4)
      .map((token) => (token.kind === "string" ? { ...token, text: "'…'" } : token));
    return unreadable(next.length > 0 ? `\`${joinTokens(next)}\`` : "it ends too early");
  }

  private isWord(token: Token | undefined, word: string): boolean {
    return (token?.kind === "word" || token?.kind === "symbol") && token.text.toUpperCase() === word;
  }
}

/** Tokens with a space where the source has one or more. */
function joinTokens(tokens: Placed[]): string {
  return tokens
    .map(({ start, text }, i) => ((tokens[i - 1]?.end ?? start) < start ? ` ${text}` : text))
    .join("");
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "0": "\0" };

/** The content of a quoted string or name. */
export function unquote(text: string): string {
  const quote = text.charAt(0);
  return text.slice(1, -1).replace(/\\([^])|''|``|""/g, (whole: string, escaped: string | undefined) => {
    if (escaped !== undefined) return escapes[escaped] ?? escaped;
    return whole.startsWith(quote) ? quote : whole;
  });
}
