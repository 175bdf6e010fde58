import ts from "typescript";
import { isSignificant, tokenize } from "../../warehouse/sql/lexer";
import { isMeant } from "./jobs";
import type { Place, Program } from "./program";

/** A statement written in the code. */
export interface CodeQuery extends Place {
  /** Its text with all constants filled in; undefined when a part of it is known only at run time. */
  sql?: string;
  /** Objects of the warehouse that it names, as far as they stand in the text. */
  mentions: Mention[];
}

/** `database.name` with what is done to it. */
export interface Mention {
  object: string;
  right: "SELECT" | "INSERT";
}

/** A statement, told from a sentence for people that begins with the same word. */
const STATEMENT = [
  /^\s*(?:SELECT|WITH)\s(?=[^]*(?:\bFROM\b|\(|\d))/,
  /^\s*INSERT INTO\s[^]*(?:\(|\bSELECT\b|\bFORMAT\b)/,
  /^\s*(?:DESCRIBE|SHOW)(?:\s+[A-Z]+)*\s+[a-z`?][\w.`?]*\s*$/,
  /^\s*DESCRIBE TABLE\s*\(/,
];
const DATABASES = ["zakaz", "bi", "meta", "system"];

/** Every string of the code that is a statement. A constant that is only a part of others counts where it is used. */
export function findQueries(program: Program): CodeQuery[] {
  const queries: CodeQuery[] = [];
  program.visit((node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return;
    const literal = ts.isTemplateExpression(node) ? templateText(program, node) : node.text;
    if (!isStatement(literal) || isPart(program, node)) return;
    const place = program.place(node);
    if (!isMeant(place.file)) return;
    const sql = program.text(node);
    queries.push({
      ...place,
      ...(sql === undefined ? {} : { sql }),
      mentions: mentionsIn(sql ?? literal),
    });
  });
  return queries;
}

/** The objects that a statement names: written behind INSERT INTO and the TO of a materialized view, else read. */
export function mentionsIn(sql: string): Mention[] {
  const tokens = tokenize(sql).filter(isSignificant);
  return tokens.flatMap((token, i): Mention[] => {
    const isName =
      DATABASES.includes(token.text) && tokens[i + 1]?.text === "." && tokens[i + 2]?.kind === "word";
    if (!isName || tokens[i - 1]?.text === ".") return [];
    const right = ["INTO", "TO"].includes(tokens[i - 1]?.text.toUpperCase() ?? "") ? "INSERT" : "SELECT";
    return [{ object: `${token.text}.${tokens[i + 2]?.text}`, right }];
  });
}

/** What stands in a template, with a `?` for each part that is known only at run time. */
function templateText(program: Program, node: ts.TemplateExpression): string {
  return (
    node.head.text +
    node.templateSpans
      .map(({ expression, literal }) => (program.text(expression) ?? "?") + literal.text)
      .join("")
  );
}

function isStatement(text: string): boolean {
  return STATEMENT.some((pattern) => pattern.test(text));
}

/** True within a template that is a statement itself: the outer one is taken. */
function isPart(program: Program, node: ts.Node): boolean {
  for (let outer = node.parent; !ts.isSourceFile(outer); outer = outer.parent) {
    if (ts.isFunctionLike(outer)) return false;
    if (ts.isTemplateExpression(outer) && isStatement(templateText(program, outer))) return true;
  }
  return false;
}
