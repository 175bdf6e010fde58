import { users } from "../../warehouse/catalogue";
import { isSignificant, tokenize, type Token } from "../../warehouse/sql/lexer";
import { at, newlines, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";
import type { ViewModel } from "../../warehouse/schema/model";
import type { SqlStatement } from "../../warehouse/schema/source";

const CLOSING = "SETTINGS join_use_nulls = 1";

/** How a view is written: declared columns, definer, closing settings, no promise of an order, FINAL on every table. */
export function views(inspection: Inspection): Finding[] {
  const tables = new Set(createdObjects(inspection, "create_table").map(({ object }) => object.name));
  return createdObjects(inspection, "create_view").flatMap(({ object, statement }) => {
    const view = object.model as ViewModel;
    return [...declarations(view, statement), ...query(view.name, statement, tables)];
  });
}

/** Definer and closing settings; for the materialized view as well. */
export function declarations(view: ViewModel, statement: SqlStatement): Finding[] {
  const { name, columns, definer, sqlSecurity, select } = view;
  const findings: Finding[] = [];
  if (!/^\S+\s*\(/.test(afterName(statement)))
    findings.push(at(statement, name, "declares no columns", "a list of columns with types and comments"));
  else if (columns.some(({ type }) => type === ""))
    findings.push(
      at(statement, name, "declares columns without types", "a list of columns with types and comments"),
    );
  if (definer !== users.definer || sqlSecurity !== "DEFINER") {
    const found = `DEFINER = ${definer ?? "none"} SQL SECURITY ${sqlSecurity ?? "none"}`;
    findings.push(
      at(statement, name, found, `DEFINER = ${users.definer} SQL SECURITY DEFINER`, "DEFINER", "SQL"),
    );
  }
  if (!select.endsWith(CLOSING))
    findings.push(
      at(statement, name, "the query does not end with its setting", `${CLOSING} before COMMENT`, "SETTINGS"),
    );
  return findings;
}

/** What follows `CREATE … VIEW`, from the name of the view on; a `TO` table stepped over. */
function afterName({ text, object = "" }: SqlStatement): string {
  const [database = "", name = ""] = object.split(".");
  const rest = text.slice(text.search(new RegExp(`\\b${database}\\W{1,5}${name}\\b`)));
  return rest.replace(/\s+TO\s+\S+/, "");
}

function query(name: string, statement: SqlStatement, tables: ReadonlySet<string>): Finding[] {
  const tokens = tokenize(statement.text).filter(isSignificant);
  const start = tokens.findIndex(
    (token, i) => is(token, "AS") && ["SELECT", "WITH", "("].includes(upper(tokens[i + 1])),
  );
  const findings: Finding[] = [];
  const fault = (token: Token | undefined, wrong: string, expected: string): void => {
    const line = statement.line + newlines(statement.text.slice(0, token?.start ?? 0));
    findings.push({ file: statement.file, line, object: name, wrong, expected });
  };
  for (let i = start + 1; i < tokens.length; i++) {
    const token = tokens[i];
    if (is(token, "ORDER") && is(tokens[i + 1], "BY"))
      fault(token, "ORDER BY", "no order: it guarantees nothing and costs");
    if (is(token, "LIMIT")) fault(token, "LIMIT", "all rows");
    if (is(token, "FULL") && ["JOIN", "OUTER", "ANY", "ALL"].includes(upper(tokens[i + 1])))
      fault(token, "FULL JOIN", "UNION ALL of both sides, then GROUP BY");
    if (token?.text === "*" && isColumnStar(tokens, i)) fault(token, "*", "columns by name");
    const table = tableAt(tokens, i);
    if (table !== undefined && tables.has(table) && !readsFinal(tokens, i) && !isKeySet(tokens, i))
      fault(token, `reads ${table} without FINAL`, `${table} FINAL`);
  }
  return findings;
}

/** `SELECT *`, `SELECT a, *`, `t.*`; neither `a * b` nor `count(*)`. */
function isColumnStar(tokens: Token[], i: number): boolean {
  return ["SELECT", "DISTINCT", ",", "."].includes(upper(tokens[i - 1]));
}

/** `database.name` behind FROM or JOIN. */
function tableAt(tokens: Token[], i: number): string | undefined {
  if (!["FROM", "JOIN"].includes(upper(tokens[i - 1])) || tokens[i + 1]?.text !== ".") return undefined;
  return `${tokens[i]?.text}.${tokens[i + 2]?.text}`;
}

function readsFinal(tokens: Token[], i: number): boolean {
  const after = is(tokens[i + 3], "AS") ? i + 5 : i + 3;
  return is(tokens[after], "FINAL");
}

/** A sub-query behind IN that takes only keys, or the greatest version of each: physical rows do. */
function isKeySet(tokens: Token[], i: number): boolean {
  let depth = 0;
  for (let j = i - 1; j >= 0; j--) {
    if (tokens[j]?.text === ")") depth += 1;
    if (tokens[j]?.text !== "(") continue;
    if (depth === 0) return is(tokens[j - 1], "IN");
    depth -= 1;
  }
  return false;
}

function upper(token: Token | undefined): string {
  return token?.text.toUpperCase() ?? "";
}

function is(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && upper(token) === word;
}
