import { isSignificant, tokenize, type Token } from "../sql/lexer";
import { notSupported } from "./access-error";

/** Reads the tokens of one canonical statement from left to right. Keywords are compared in upper case. */
export class Cursor {
  private readonly tokens: Token[];
  private position = 0;

  /** `literals` are the strings that stood in the statement before mask() replaced them. */
  constructor(
    statement: string,
    private readonly literals: ReadonlyMap<string, string> = new Map(),
  ) {
    this.tokens = tokenize(statement).filter(isSignificant);
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
    if (!this.accept(...words)) throw this.unexpected();
  }

  peek(...words: string[]): boolean {
    const before = this.position;
    const found = this.accept(...words);
    this.position = before;
    return found;
  }

  /** A bare or quoted name, or one in string quotes. */
  name(): string {
    const token = this.tokens[this.position];
    if (!token || token.kind === "symbol") throw this.unexpected();
    this.position++;
    const text = token.kind === "word" ? token.text : unquote(token.text);
    return this.literals.get(text) ?? text;
  }

  names(): string[] {
    return this.list(() => this.name());
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
    if (!this.atString) throw this.unexpected();
    return this.name();
  }

  /** A string's content, or the tokens that stand together without a gap: `-1.5`, `true`. */
  value(): string {
    if (this.atString) return this.name();
    const first = this.tokens[this.position];
    if (!first || first.text === ",") throw this.unexpected();
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
    let text = "";
    let previousEnd: number | undefined;
    let depth = 0;
    for (let token = this.tokens[this.position]; token; token = this.tokens[this.position]) {
      if (depth === 0 && words.some((word) => this.isWord(token, word))) break;
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
      if (previousEnd !== undefined && previousEnd < token.start) text += " ";
      text += token.text;
      previousEnd = token.start + token.text.length;
      this.position++;
    }
    return text;
  }

  /** The error for what stands here. */
  unexpected(): Error {
    const next = this.tokens.slice(this.position, this.position + 4).map((token) => token.text);
    return notSupported(
      next.length > 0 ? `what begins with \`${next.join(" ")}\`` : "a statement that ends too early",
    );
  }

  private isWord(token: Token | undefined, word: string): boolean {
    return (token?.kind === "word" || token?.kind === "symbol") && token.text.toUpperCase() === word;
  }
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "0": "\0" };

/** The content of a quoted string, name or heredoc. */
export function unquote(text: string): string {
  if (text.startsWith("$")) {
    const tag = text.slice(0, text.indexOf("$", 1) + 1);
    return text.slice(tag.length, -tag.length);
  }
  const quote = text.charAt(0);
  return text.slice(1, -1).replace(/\\([^])|''|``|""/g, (whole: string, escaped: string | undefined) => {
    if (escaped !== undefined) return escapes[escaped] ?? escaped;
    return whole.startsWith(quote) ? quote : whole;
  });
}
