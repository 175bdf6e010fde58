import ts from "typescript";
import { isSignificant, tokenize } from "../../warehouse/sql/lexer";
import { DATABASES, users, type UserName } from "../../warehouse/catalogue";
import { QUERIES, type Place, type Program } from "./program";

/** A statement written in the code. */
export interface CodeQuery extends Place {
  /** Who runs it, by its tag; undefined where it has none. */
  user: UserName | undefined;
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
const KNOWN_DATABASES: readonly string[] = [...DATABASES, "system"];

/** The tags of warehouse/queries.ts. */
const TAGS: Readonly<Record<string, UserName>> = {
  asAdmin: users.admin,
  asLoader: users.loader,
  asReader: users.reader,
  asBackup: users.backup,
  asMonitor: users.monitor,
};
/** Tags and functions, by file, whose statements are only tried and may be refused. */
const PROBES: Readonly<Record<string, readonly string[]>> = {
  [QUERIES]: ["probe"],
  "warehouse/access/matrix/cell.ts": ["allow", "forbid"],
};

/**
 * Every string of the code that is a statement, without those that are only tried. A constant that is only a part of others
 * counts where it is used.
 */
export function findQueries(program: Program): CodeQuery[] {
  const queries: CodeQuery[] = [];
  program.visit((node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return;
    const literal = ts.isTemplateExpression(node) ? templateText(program, node) : node.text;
    if (!isStatement(literal) || isPart(program, node) || isProbe(program, node)) return;
    const sql = program.text(node);
    queries.push({
      ...program.place(node),
      user: userOf(program, node),
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
      KNOWN_DATABASES.includes(token.text) && tokens[i + 1]?.text === "." && tokens[i + 2]?.kind === "word";
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

/** The user whom the tag of a statement names. */
function userOf(program: Program, { parent }: ts.Node): UserName | undefined {
  if (!ts.isTaggedTemplateExpression(parent)) return undefined;
  const tag = program.importOf(parent.tag);
  return tag?.file === QUERIES ? TAGS[tag.name] : undefined;
}

/** True for a statement with the tag `probe`, and in the cells of the matrix of rights, which name their user. */
function isProbe(program: Program, node: ts.Node): boolean {
  for (let outer = node.parent; !ts.isSourceFile(outer) && !ts.isFunctionLike(outer); outer = outer.parent) {
    const taker = ts.isTaggedTemplateExpression(outer)
      ? outer.tag
      : ts.isCallExpression(outer)
        ? outer.expression
        : undefined;
    const from = taker && program.importOf(taker);
    if (from && PROBES[from.file]?.includes(from.name)) return true;
  }
  return false;
}
