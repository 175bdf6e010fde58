import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { isSignificant, tokenize, type Token } from "../sql/lexer";
import { splitStatements } from "../sql/split";

/** Repository root. */
const ROOT = resolve(__dirname, "../..");

/**
 * What a statement does, as far as the schema is concerned. `drop` takes data away (DROP, DETACH, TRUNCATE);
 * `access` is about users, roles, grants, profiles, quotas.
 */
export type StatementKind =
  | "create_database"
  | "create_table"
  | "create_view"
  | "create_materialized_view"
  | "alter"
  | "drop"
  | "insert"
  | "access"
  | "other";

/** One statement of a SQL file. */
export interface SqlStatement {
  /** File, relative to the repository where it lies in it. */
  file: string;
  /** Line on which the statement starts, from 1. */
  line: number;
  /** The statement without the comments before it and without the closing `;`. */
  text: string;
  kind: StatementKind;
  /** `database.name` of the table or view, or the name of the database, that it creates, changes, drops or fills. */
  object?: string;
}

/** One SQL file as it lies on the disk. */
export interface SqlFile {
  /** As in `SqlStatement.file`. */
  file: string;
  content: Buffer;
  statements: readonly SqlStatement[];
}

/** Kind of a statement by its verb; a CREATE is told apart by what it creates. */
const VERBS: Record<string, StatementKind | undefined> = {
  CREATE: undefined,
  ATTACH: undefined,
  ALTER: "alter",
  DROP: "drop",
  DETACH: "drop",
  TRUNCATE: "drop",
  UNDROP: "other",
  RENAME: "other",
  EXCHANGE: "other",
  OPTIMIZE: "other",
};
const CREATED: Record<string, StatementKind | undefined> = {
  DATABASE: "create_database",
  TABLE: "create_table",
  VIEW: "create_view",
  "MATERIALIZED VIEW": "create_materialized_view",
};
const ACCESS_NOUNS = ["USER", "ROLE", "SETTINGS PROFILE", "PROFILE", "QUOTA", "ROW POLICY", "POLICY"];

/** The files that build the schema: `*.sql` of `sql/`, in the order in which they run. Migrations are not among them. */
export function readSchemaFiles(root = ROOT): SqlFile[] {
  return readSqlFiles([join(root, "sql")], root);
}

/** All statements of {@link readSchemaFiles}. */
export function schemaStatements(root?: string): SqlStatement[] {
  return readSchemaFiles(root).flatMap(({ statements }) => statements);
}

/** The numbered files of `sql/migrations/`; none when there is no such folder. */
export function readMigrationFiles(root = ROOT): SqlFile[] {
  const folder = join(root, "sql", "migrations");
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readSqlFiles([folder], root);
}

/**
 * Files by path; a folder stands for the `*.sql` files directly in it, by name.
 * @throws the error of the file system (ENOENT …) for a path that cannot be read
 */
export function readSqlFiles(paths: string[], root = ROOT): SqlFile[] {
  return paths.flatMap(sqlPaths).map((path) => {
    const content = readFileSync(path);
    const file = displayPath(path, root);
    const key = `${file}\0${content.toString()}`;
    const statements = parsed.get(key) ?? parseStatements(content.toString(), file);
    parsed.set(key, statements);
    return { file, content, statements };
  });
}

/** What has been read in this process, by file and text: a preview asks for all of `sql/` five times. */
const parsed = new Map<string, readonly SqlStatement[]>();

/** Statements of a text that was read from `file`. */
export function parseStatements(sql: string, file: string): SqlStatement[] {
  return splitStatements(sql.replace(/^\uFEFF/, "")).map(({ text, line }) => ({
    file,
    line,
    text,
    ...classify(tokenize(text).filter(isSignificant)),
  }));
}

function sqlPaths(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => join(path, name));
}

function displayPath(path: string, root: string): string {
  const inside = relative(root, resolve(path));
  return inside.startsWith(`..${sep}`) || inside === ".." ? path : inside.replaceAll(sep, "/");
}

/** Kind and object of a statement, from its leading words: nothing behind the object's name is looked at. */
function classify(tokens: Token[]): Pick<SqlStatement, "kind" | "object"> {
  let position = 0;
  /** Steps over one of the phrases, if the tokens go on with it. */
  const accept = (...phrases: string[]): string | undefined => {
    const found = phrases.find((phrase) =>
      phrase.split(" ").every((word, i) => tokens[position + i]?.text.toUpperCase() === word),
    );
    if (found !== undefined) position += found.split(" ").length;
    return found;
  };

  if (accept("GRANT", "REVOKE", "SET DEFAULT ROLE", "SET ROLE")) return { kind: "access" };
  if (accept("INSERT INTO TABLE FUNCTION", "INSERT INTO FUNCTION")) return { kind: "insert" };
  if (accept("INSERT INTO TABLE", "INSERT INTO", "INSERT")) return withObject("insert", tokens, position);
  const verb = accept(...Object.keys(VERBS));
  if (verb === undefined) return { kind: "other" };
  accept("OR REPLACE");
  accept("TEMPORARY");
  if (accept(...ACCESS_NOUNS)) return { kind: "access" };
  const noun = accept(...Object.keys(CREATED), "DICTIONARY", "FUNCTION");
  accept("IF NOT EXISTS", "IF EXISTS");
  return withObject(VERBS[verb] ?? CREATED[noun ?? ""] ?? "other", tokens, position);
}

/** The name that starts at a position: `name` or `database.name`, quoted or not. */
function withObject(
  kind: StatementKind,
  tokens: Token[],
  position: number,
): Pick<SqlStatement, "kind" | "object"> {
  const first = nameAt(tokens[position]);
  if (first === undefined) return { kind };
  const second = tokens[position + 1]?.text === "." ? nameAt(tokens[position + 2]) : undefined;
  return { kind, object: second === undefined ? first : `${first}.${second}` };
}

function nameAt(token: Token | undefined): string | undefined {
  if (token?.kind === "word") return token.text;
  return token?.kind === "quotedName" ? token.text.slice(1, -1) : undefined;
}
