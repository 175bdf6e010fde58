import PQueue from "p-queue";
import { probe } from "../../warehouse/queries";
import { isSignificant, tokenize } from "../../warehouse/sql/lexer";
import type { CodeQuery } from "../code/queries";
import { describeRefusal, type Finding } from "../finding";
import type { Inspection } from "../inspection";
import { StatementFailure } from "../../warehouse/failure";
import type { Scratch } from "../../warehouse/scratch";
import type { LiveObject } from "../live";

/** A value of each type that a query parameter may have. */
const SAMPLES: readonly [RegExp, string][] = [
  [/^(?:U?Int|Float|Decimal)/, "0"],
  // Some are statements, for formatQuery.
  [/^(?:String|LowCardinality|FixedString)/, probe`SELECT 1`],
  [/^Identifier/, "zakaz"],
  [/^DateTime/, "2000-01-01 00:00:00"],
  [/^Date/, "2000-01-01"],
  [/^UUID/, "00000000-0000-0000-0000-000000000000"],
  [/^Array/, "[]"],
  [/^Nullable/, "0"],
  [/^Bool/, "0"],
];

const TAGGED = "asLoader`…` or another tag of warehouse/queries.ts";

/** Every query in the code names its user, the engine understands it when that user sends it, and it fits the tables. */
export async function queries({ queries: all, canon, live, scratch }: Inspection): Promise<Finding[]> {
  // One at a time for each user: what a profile allows at once is no matter of a single query.
  const turns = new Map<string, PQueue>();
  const turnOf = (user: string): PQueue => {
    const turn = turns.get(user) ?? new PQueue({ concurrency: 1 });
    turns.set(user, turn);
    return turn;
  };
  const findings = all.map(async (query): Promise<Finding[]> => {
    const { user } = query;
    if (user === undefined) {
      const wrong = "a statement does not say who runs it";
      return [fault(query, query.mentions[0]?.object ?? "query", wrong, TAGGED)];
    }
    const unknown = query.mentions.filter(
      ({ object }) => !object.startsWith("system.") && !live.has(object) && !canon.has(object),
    );
    if (unknown.length > 0) {
      return [...new Set(unknown.map(({ object }) => object))].map((object) =>
        fault(query, object, "a query names it, and it does not exist", "an object of sql/"),
      );
    }
    const { sql } = query;
    if (sql === undefined) return [];
    return turnOf(user).add(() => explain(scratch, live, { ...query, user, sql }));
  });
  return (await Promise.all(findings)).flat();
}

async function explain(
  scratch: Scratch,
  live: ReadonlyMap<string, LiveObject>,
  query: CodeQuery & { user: string; sql: string },
): Promise<Finding[]> {
  const { user, sql } = query;
  const insert = insertOf(sql);
  const params = parametersOf(sql);
  const object = insert?.table ?? query.mentions[0]?.object ?? "query";
  try {
    if (insert === undefined) {
      if (/^\s*(?:SELECT|WITH)\b/.test(sql))
        await scratch.text(probe`EXPLAIN ${withoutFormat(sql)}`, { user, params });
      else await scratch.text(sql, { user, params });
      return [];
    }
    if (insert.select === undefined) return [];
    const types = await scratch.rows<{ type: string }>(probe`DESCRIBE TABLE (${insert.select})`, {
      user,
      params,
    });
    return insertFaults(
      query,
      insert,
      types.map(({ type }) => type),
      live.get(insert.table),
    );
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    const wrong = `${user} cannot run a query: ${describeRefusal(error)}`;
    const follows = query.mentions.map((mention) => mention.object);
    return [{ ...fault(query, object, wrong, "a query that fits the schema and its rights"), follows }];
  }
}

interface Insert {
  table: string;
  columns: string[];
  /** The SELECT behind it; none for VALUES and data. */
  select: string | undefined;
}

/** `INSERT INTO t (columns) SELECT …`. */
function insertOf(sql: string): Insert | undefined {
  const [, table, columns, rest = ""] = /^\s*INSERT INTO\s+([\w.]+)\s*(\([^()]*\))?([^]*)$/.exec(sql) ?? [];
  if (table === undefined) return undefined;
  return {
    table,
    columns: (columns ?? "")
      .replace(/[()\s]/g, "")
      .split(",")
      .filter(Boolean),
    select: /^\s*(?:SELECT|WITH)\b/.test(rest) ? withoutFormat(rest) : undefined,
  };
}

function insertFaults(
  query: CodeQuery,
  { table, columns }: Insert,
  types: string[],
  target?: LiveObject,
): Finding[] {
  if (columns.length === 0)
    return [fault(query, table, "INSERT without a list of columns", "their names behind the table")];
  if (columns.length !== types.length)
    return [fault(query, table, `${types.length} expressions for ${columns.length} columns`, "one for each")];
  return columns.flatMap((column, i) => {
    const wanted = target?.columns.find(({ name }) => name === column)?.type;
    if (wanted === undefined)
      return [
        fault(query, `${table}.${column}`, "names a column that does not exist", `a column of ${table}`),
      ];
    const given = types[i] ?? "";
    if (fits(given, wanted)) return [];
    return [fault(query, `${table}.${column}`, `is given ${given}`, wanted)];
  });
}

/** Whether values of one type go into another without loss: the same kind, and NULL only where it may be. */
function fits(given: string, wanted: string): boolean {
  const [from, to] = [given, wanted].map((type) => type.replace(/^LowCardinality\((.*)\)$/, "$1")) as [
    string,
    string,
  ];
  if (from === to || from === "Nullable(Nothing)") return from === to || to.startsWith("Nullable");
  if (from.startsWith("Nullable") && !to.startsWith("Nullable")) return false;
  return family(from) === family(to);
}

function family(type: string): string {
  const bare = type.replace(/^Nullable\((.*)\)$/, "$1");
  return /^U?Int|^Decimal/.test(bare) ? "number" : bare.replace(/\(.*$/, "");
}

/** A statement without FORMAT and what follows it. */
function withoutFormat(sql: string): string {
  return sql.replace(/\sFORMAT \w+\s*$/, "");
}

/** A value for each `{name:Type}`. */
function parametersOf(sql: string): Record<string, string> {
  const tokens = tokenize(sql).filter(isSignificant);
  return Object.fromEntries(
    tokens.flatMap((token, i) => {
      if (token.text !== "{" || tokens[i + 2]?.text !== ":") return [];
      const type = tokens[i + 3]?.text ?? "";
      return [[tokens[i + 1]?.text ?? "", SAMPLES.find(([pattern]) => pattern.test(type))?.[1] ?? ""]];
    }),
  );
}

function fault({ file, line }: CodeQuery, object: string, wrong: string, expected: string): Finding {
  return { file, line, object, wrong, expected, harmless: true };
}
