import { isSignificant, tokenize, type Token } from "../sql/lexer";
import {
  closingBracket,
  isWord,
  list,
  literal,
  NotAnObject,
  optionalText,
  Scan,
  split,
  text,
  topLevel,
  unquoteToken,
} from "./statement-tokens";

export { NotAnObject };

/** Where a column's value comes from when an INSERT does not give it. */
export interface ColumnDefault {
  kind: "DEFAULT" | "MATERIALIZED" | "ALIAS" | "EPHEMERAL";
  /** Empty for an EPHEMERAL column without a value. */
  expression: string;
}

/** A column; expressions are in ClickHouse's own spelling, on one line. What is not declared is absent. */
export interface Column {
  name: string;
  type: string;
  default?: ColumnDefault;
  /** With its bracket: `CODEC(ZSTD(3))`. */
  codec?: string;
  /** Expression after TTL. */
  ttl?: string;
  /** The text itself, not the literal. */
  comment?: string;
  /** Whatever else is declared (STATISTICS, SETTINGS …). */
  rest?: string;
}

/** A named entry of a table's list that is no column: CONSTRAINT, INDEX, PROJECTION. */
export interface Entry {
  kind: "CONSTRAINT" | "INDEX" | "PROJECTION";
  name: string;
  /** All that follows the name, e.g. `CHECK status IN ('ok', 'error')`. */
  definition: string;
}

export interface TableModel {
  kind: "table";
  /** `database.name`, without quotes. */
  name: string;
  columns: Column[];
  entries: Entry[];
  engine?: string;
  partitionBy?: string;
  primaryKey?: string;
  orderBy?: string;
  sampleBy?: string;
  ttl?: string;
  /** Settings by name; values as written. */
  settings: Record<string, string>;
  comment?: string;
}

export interface ViewModel {
  kind: "view" | "materialized_view";
  name: string;
  columns: Column[];
  definer?: string;
  sqlSecurity?: string;
  /** Target of a materialized view. */
  to?: string;
  /** Engine and other clauses of a materialized view that keeps its own rows. */
  rest?: string;
  /** The query, on one line. */
  select: string;
  comment?: string;
}

export type ObjectModel = TableModel | ViewModel;

export interface DatabaseModel {
  name: string;
  engine?: string;
  comment?: string;
}

const COLUMN_CLAUSES = [
  "DEFAULT",
  "MATERIALIZED",
  "ALIAS",
  "EPHEMERAL",
  "COMMENT",
  "CODEC",
  "TTL",
  "STATISTICS",
  "SETTINGS",
] as const;
const TABLE_CLAUSES = [
  "ENGINE",
  "PARTITION BY",
  "PRIMARY KEY",
  "ORDER BY",
  "SAMPLE BY",
  "TTL",
  "SETTINGS",
  "COMMENT",
] as const;
const VIEW_CLAUSES = ["TO", "ENGINE", "DEFINER", "SQL SECURITY", "COMMENT", "REFRESH", "AS"] as const;

/**
 * Reads one CREATE TABLE, CREATE VIEW or CREATE MATERIALIZED VIEW out of what ClickHouse's `formatQuery` makes of it.
 * Wanted (text of `sql/`) and found (`system.tables.create_table_query`) compare when both went through the `formatQuery`
 * of the same server: the spelling of types, brackets and functions is then the server's.
 * @throws NotAnObject
 */
export function parseObject(formatted: string): ObjectModel {
  const tokens = tokenize(formatted).filter(isSignificant);
  const scan = new Scan(tokens);
  scan.expect("CREATE");
  scan.accept("OR REPLACE");
  const noun = scan.accept("TABLE", "VIEW", "MATERIALIZED VIEW");
  if (noun === undefined) throw new NotAnObject(`Not a table and not a view: ${clip(formatted)}`);
  scan.accept("IF NOT EXISTS");
  const name = scan.name();
  if (scan.accept("UUID")) scan.next();
  return noun === "TABLE"
    ? table(name, scan.rest())
    : view(noun === "VIEW" ? "view" : "materialized_view", name, scan.rest());
}

function table(name: string, tokens: Token[]): TableModel {
  if (tokens[0]?.text !== "(") throw new NotAnObject(`${name} declares no columns`);
  const end = closingBracket(tokens, 0);
  const clauses = split(tokens.slice(end + 1), TABLE_CLAUSES);
  const { columns, entries } = items(tokens.slice(1, end));
  const clause = (words: (typeof TABLE_CLAUSES)[number]) => optionalText(clauses.get(words));
  return {
    kind: "table",
    name,
    columns,
    entries,
    ...withoutUndefined({
      engine: optionalText(clauses.get("ENGINE")?.slice(1)),
      partitionBy: clause("PARTITION BY"),
      primaryKey: clause("PRIMARY KEY"),
      orderBy: clause("ORDER BY"),
      sampleBy: clause("SAMPLE BY"),
      ttl: clause("TTL"),
      comment: literal(clauses.get("COMMENT")),
    }),
    settings: settings(clauses.get("SETTINGS") ?? []),
  };
}

function view(kind: ViewModel["kind"], name: string, tokens: Token[]): ViewModel {
  const as = topLevel(tokens).find((i) => isWord(tokens[i], "AS"));
  if (as === undefined) throw new NotAnObject(`${name} has no query`);
  const open = tokens.findIndex((token, i) => token.text === "(" && i < as);
  const close = open < 0 ? -1 : closingBracket(tokens, open);
  // Definer and comment stand before or behind the columns, as the version likes.
  const head = tokens.filter((_, i) => i < as && (open < 0 || i < open || i > close));
  const clauses = split(head, VIEW_CLAUSES);
  let query = tokens.slice(as + 1);
  let comment = literal(clauses.get("COMMENT"));
  // Older versions put the comment behind the query.
  if (isWord(query.at(-2), "COMMENT") && query.at(-1)?.kind === "string") {
    comment ??= literal(query.slice(-1));
    query = query.slice(0, -2);
  }
  // ... and write brackets around a query that a comment follows.
  if (query[0]?.text === "(" && closingBracket(query, 0) === query.length - 1) query = query.slice(1, -1);
  const rest = [clauses.get(""), clauses.get("ENGINE"), clauses.get("REFRESH")].flatMap((part) => part ?? []);
  return {
    kind,
    name,
    columns: open < 0 ? [] : items(tokens.slice(open + 1, close)).columns,
    select: text(query),
    ...withoutUndefined({
      definer: optionalText(clauses.get("DEFINER")?.slice(1)),
      sqlSecurity: optionalText(clauses.get("SQL SECURITY")),
      to: clauses.has("TO") ? new Scan(clauses.get("TO")!).name() : undefined,
      rest: optionalText(rest),
      comment,
    }),
  };
}

/** What stands in the bracket of a CREATE. */
function items(tokens: Token[]): { columns: Column[]; entries: Entry[] } {
  const columns: Column[] = [];
  const entries: Entry[] = [];
  for (const item of list(tokens)) {
    const kind = (["CONSTRAINT", "INDEX", "PROJECTION"] as const).find((word) => isWord(item[0], word));
    // A column of that name is quoted by the formatter, or is followed by its type alone.
    if (kind !== undefined && item.length > 2) {
      entries.push({ kind, name: unquoteToken(item[1]!), definition: text(item.slice(2)) });
    } else columns.push(column(item));
  }
  return { columns, entries };
}

function column(tokens: Token[]): Column {
  const clauses = split(tokens.slice(1), COLUMN_CLAUSES, 1);
  const kind = (["DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL"] as const).find((word) => clauses.has(word));
  const codec = clauses.get("CODEC");
  const rest = (["STATISTICS", "SETTINGS"] as const).flatMap((word) =>
    clauses.has(word) ? [`${word}${text(clauses.get(word)!)}`] : [],
  );
  return {
    name: unquoteToken(tokens[0]!),
    type: text(clauses.get("") ?? []),
    ...withoutUndefined({
      default: kind && { kind, expression: text(clauses.get(kind)!) },
      codec: codec && `CODEC${text(codec)}`,
      ttl: optionalText(clauses.get("TTL")),
      comment: literal(clauses.get("COMMENT")),
      rest: rest.length === 0 ? undefined : rest.join(" "),
    }),
  };
}

function settings(tokens: Token[]): Record<string, string> {
  return Object.fromEntries(list(tokens).map((item) => [unquoteToken(item[0]!), text(item.slice(2))]));
}

function withoutUndefined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function clip(sql: string): string {
  return sql.length > 60 ? `${sql.slice(0, 60)}…` : sql;
}
