import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isSignificant, tokenize } from "../../warehouse/sql/lexer";

export { NAMES, READER_VIEWS } from "../../lint/agreements";

const folder = resolve(__dirname, "../../sql");

/** Names of the SQL files, in the order in which they run. */
export function sqlFiles(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/** Bytes of one SQL file. */
export function readSqlFile(name: string): Buffer {
  return readFileSync(join(folder, name));
}

/** Everything in `sql/`, as a user pipes it into the client. */
export function wholeSql(): string {
  return sqlFiles()
    .map((name) => readSqlFile(name).toString())
    .join("\n");
}

/** Statements of a text: without comments, without the closing semicolon, layout kept. */
export function statementsOf(sql: string): string[] {
  const statements = [""];
  for (const token of tokenize(sql)) {
    if (token.kind === "comment") continue;
    if (token.text === ";") statements.push("");
    else
      statements[statements.length - 1] += isSignificant(token)
        ? token.text
        : token.text.replace(/ +\n/g, "\n");
  }
  return statements.map((statement) => statement.trim()).filter(Boolean);
}

/** A statement with the content of its strings removed, so that words in comments of columns do not count. */
export function withoutStrings(statement: string): string {
  return tokenize(statement)
    .map((token) => (token.kind === "string" ? "''" : token.text))
    .join("");
}
