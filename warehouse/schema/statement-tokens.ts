import type { Token } from "../sql/lexer";
import { unquote } from "../sql/quote";

/** A statement that is no CREATE of a table or a view, or one in a form that the parser does not know. */
export class NotAnObject extends Error {}

/**
 * Splits at the clause words on the top level; what stands before the first goes under the empty word. A clause word that
 * follows another one at once, or an operator, is a name in its expression.
 * @param least tokens that must come before the first clause (a column's type)
 */
export function split<Clause extends string>(
  tokens: Token[],
  clauses: readonly Clause[],
  least = 0,
): Map<Clause | "", Token[]> {
  const found = new Map<Clause | "", Token[]>();
  const top = new Set(topLevel(tokens));
  let current: Clause | "" = "";
  for (let i = 0; i < tokens.length; i++) {
    const clause = top.has(i) && i >= least ? clauseAt(tokens, i, clauses) : undefined;
    const begun: Token[] = found.get(current) ?? [];
    const expectsMore = current !== "" && (begun.length === 0 || isOperator(begun.at(-1)!));
    if (clause !== undefined && !found.has(clause) && (!expectsMore || current === ("EPHEMERAL" as Clause))) {
      current = clause;
      found.set(clause, []);
      i += clause.split(" ").length - 1;
    } else found.set(current, [...begun, tokens[i]!]);
  }
  return found;
}

function clauseAt<Clause extends string>(
  tokens: Token[],
  start: number,
  clauses: readonly Clause[],
): Clause | undefined {
  const clause = clauses.find((words) =>
    words.split(" ").every((word, i) => isWord(tokens[start + i], word)),
  );
  const after = tokens[start + (clause?.split(" ").length ?? 0)];
  if (clause === "COMMENT") return after?.kind === "string" ? clause : undefined;
  if (clause === "CODEC" || clause === "STATISTICS") return after?.text === "(" ? clause : undefined;
  if (clause === "ENGINE" || clause === "DEFINER") return after?.text === "=" ? clause : undefined;
  return clause;
}

/** Entries of a list, split at the commas on its top level. */
export function list(tokens: Token[]): Token[][] {
  const entries: Token[][] = [];
  const top = new Set(topLevel(tokens));
  let begin = 0;
  for (let i = 0; i <= tokens.length; i++) {
    if (i < tokens.length && !(top.has(i) && tokens[i]!.text === ",")) continue;
    if (i > begin) entries.push(tokens.slice(begin, i));
    begin = i + 1;
  }
  return entries;
}

/** Indexes of the tokens outside all brackets. */
export function topLevel(tokens: Token[]): number[] {
  const found: number[] = [];
  let depth = 0;
  tokens.forEach((token, i) => {
    if (token.kind === "symbol" && ")]}".includes(token.text)) depth -= 1;
    if (depth === 0) found.push(i);
    if (token.kind === "symbol" && "([{".includes(token.text)) depth += 1;
  });
  return found;
}

/** Index of the bracket that closes the one at `open`. */
export function closingBracket(tokens: Token[], open: number): number {
  const end = topLevel(tokens.slice(open)).find((i) => i > 0 && tokens[open + i]!.text === ")");
  if (end === undefined) throw new NotAnObject("A bracket is not closed");
  return open + end;
}

/** The words of a statement one after another. */
export class Scan {
  private position = 0;

  constructor(private readonly tokens: Token[]) {}

  /** @throws NotAnObject at the end */
  next(): Token {
    const token = this.tokens[this.position++];
    if (token === undefined) throw new NotAnObject("The statement ends too early");
    return token;
  }

  /** Steps over one of the phrases, if the tokens go on with it. */
  accept(...phrases: string[]): string | undefined {
    const found = phrases.find((phrase) =>
      phrase.split(" ").every((word, i) => isWord(this.tokens[this.position + i], word)),
    );
    this.position += found?.split(" ").length ?? 0;
    return found;
  }

  /** @throws NotAnObject */
  expect(word: string): void {
    if (this.accept(word) === undefined) throw new NotAnObject(`Expected ${word}`);
  }

  /** `name` or `database.name`. */
  name(): string {
    const first = unquoteToken(this.next());
    if (this.tokens[this.position]?.text !== ".") return first;
    this.next();
    return `${first}.${unquoteToken(this.next())}`;
  }

  /** What has not been read yet. */
  rest(): Token[] {
    return this.tokens.slice(this.position);
  }
}

/** Tokens on one line: a blank where the source had white space. */
export function text(tokens: Token[]): string {
  let line = "";
  let end: number | undefined;
  for (const token of tokens) {
    if (end !== undefined && token.start > end) line += " ";
    line += token.text;
    end = token.start + token.text.length;
  }
  return line;
}

/** As `text`; undefined for nothing. */
export function optionalText(tokens: Token[] | undefined): string | undefined {
  return tokens === undefined || tokens.length === 0 ? undefined : text(tokens);
}

/** The value of a string literal. */
export function literal(tokens: Token[] | undefined): string | undefined {
  const token = tokens?.[0];
  return token === undefined ? undefined : unquote(token.text);
}

/** A name without its quotes. */
export function unquoteToken(token: Token): string {
  return token.kind === "quotedName" ? unquote(token.text) : token.text;
}

/** True for this word, in any case, outside quotes. */
export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toUpperCase() === word;
}

function isOperator(token: Token): boolean {
  return token.kind === "symbol" && !")]}".includes(token.text);
}
