import { isSignificant, tokenize, type Token } from "../../sql/lexer";
import { unquote } from "../../access/cursor";

export interface Masked {
  text: string;
  /** What stood there, by placeholder. */
  literals: Map<string, string>;
}

/**
 * Replaces every string of a statement about users by a placeholder, so that no password, not even one in a misspelt
 * statement, reaches the engine and its logs. Addresses after HOST stay: the engine brings them into canonical form.
 */
export function mask(statement: string): Masked {
  const tokens = tokenize(statement);
  const literals = new Map<string, string>();
  if (!isAboutUsers(tokens)) return { text: statement, literals };
  let text = "";
  let inHosts = false;
  for (const token of tokens) {
    if (token.kind === "word") inHosts = hostsAfter(token.text.toUpperCase(), inHosts);
    if ((token.kind === "string" || token.kind === "heredoc") && !inHosts) {
      const placeholder = `zakaz_literal_${literals.size}`;
      literals.set(placeholder, unquote(token.text));
      text += `'${placeholder}'`;
    } else if (isSignificant(token)) {
      text += token.text;
    } else {
      text += " "; // a comment may hold anything
    }
  }
  return { text, literals };
}

/** `CREATE OR REPLACE USER`, `ALTER USER`; the other statements hold no password. */
function isAboutUsers(tokens: Token[]): boolean {
  const words = tokens.filter((token) => token.kind === "word").slice(0, 4);
  return words.some((word) => word.text.toUpperCase() === "USER");
}

function hostsAfter(word: string, inHosts: boolean): boolean {
  if (word === "HOST") return true;
  return inHosts && ["IP", "LOCAL", "ANY", "NONE", "NAME", "REGEXP", "LIKE"].includes(word);
}
