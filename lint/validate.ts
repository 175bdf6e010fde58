import { DATABASES } from "../warehouse/catalogue";
import { readRights } from "./rights";
import { withBuiltQueries } from "./code/built-queries";
import { findColumnLists, type ColumnList } from "./code/column-lists";
import { Program } from "./code/program";
import { findQueries, type CodeQuery } from "./code/queries";
import { rootCauses, type Finding } from "./finding";
import { createdObjects } from "./inspection";
import { readLive, type LiveObject } from "./live";
import { loadTwice } from "./install";
import { LIVE_RULES, STATIC_RULES } from "./rules";
import { sampleInserts } from "./sample-rows";
import type { Scratch } from "../warehouse/scratch";
import {
  readMigrationFiles,
  readSchemaFiles,
  readSqlFiles,
  type SqlFile,
  type SqlStatement,
} from "../warehouse/schema/source";

/** What was looked at, for the last line of a good report. */
export interface Counts {
  objects: number;
  columns: number;
  statements: number;
  queries: number;
  /** Of these, those whose text is known only at run time: the objects they name are checked, not the whole. */
  openQueries: number;
  columnLists: number;
  grants: number;
}

export interface Report {
  /** In the order of files and lines. */
  findings: Finding[];
  counts: Counts;
}

/** Files and code of a tree, read without an engine. */
export interface Tree {
  schema: SqlFile[];
  migrations: SqlFile[];
  others: SqlFile[];
  canon: Map<string, SqlStatement>;
  queries: CodeQuery[];
  columnLists: ColumnList[];
}

/**
 * @param root repository
 * @param paths SQL files and folders outside `sql/` that define objects of the schema
 * @throws the error of the file system for a path that cannot be read
 */
export function readTree(root: string, paths: string[]): Tree {
  const schema = readSchemaFiles(root);
  const canon = new Map<string, SqlStatement>();
  for (const statement of schema.flatMap(({ statements }) => statements)) {
    const { kind, object } = statement;
    if (kind.startsWith("create_") && object !== undefined && !canon.has(object))
      canon.set(object, statement);
  }
  const program = new Program(root);
  return {
    schema,
    migrations: readMigrationFiles(root),
    others: readSqlFiles(paths, root),
    canon,
    queries: withBuiltQueries(root, program, findQueries(program)),
    columnLists: findColumnLists(program, new Set(canon.keys())),
  };
}

/**
 * Loads `sql/` into an empty engine twice and applies every rule. When it does not load, the rules that read an engine
 * would only repeat that.
 */
export async function validate(tree: Tree, scratch: Scratch): Promise<Report> {
  const refused = await loadTwice(scratch, tree.schema);
  if (refused.length === 0) return check(tree, scratch);
  return report([...staticFindings(tree, new Map()), ...refused], tree, new Map(), 0);
}

/** Applies every rule; `sql/` of the tree is in the engine already. */
export async function check(tree: Tree, scratch: Scratch): Promise<Report> {
  const [live, rights] = await Promise.all([readLive(scratch, DATABASES), readRights(scratch, tree.schema)]);
  const inspection = { ...tree, live, rights, scratch };
  const tables = createdObjects(inspection, "create_table").map(({ object }) => object);
  await Promise.all(sampleInserts(tables).map((sql) => scratch.rows(sql)));
  const found = await Promise.all(LIVE_RULES.map(async (rule) => rule(inspection)));
  return report([...staticFindings(tree, live), ...found.flat()], tree, live, rights.length);
}

function staticFindings(tree: Tree, live: ReadonlyMap<string, LiveObject>): Finding[] {
  return STATIC_RULES.flatMap((rule) => rule({ ...tree, live }));
}

function report(
  findings: Finding[],
  tree: Tree,
  live: ReadonlyMap<string, LiveObject>,
  grants: number,
): Report {
  return {
    findings: rootCauses(findings),
    counts: {
      objects: live.size,
      columns: [...live.values()].reduce((sum, { columns }) => sum + columns.length, 0),
      grants,
      statements: tree.schema.reduce((sum, { statements }) => sum + statements.length, 0),
      queries: tree.queries.length,
      openQueries: tree.queries.filter(({ sql }) => sql === undefined).length,
      columnLists: tree.columnLists.length,
    },
  };
}
