import { Failure } from "../failure";
import type { LiveSchema, WantedSchema } from "./compare";
import { checksum } from "./journal-table";
import { readMigrationFiles, schemaStatements, type SqlStatement } from "./source";

/** `sql/` as statements, by what they do. */
export interface SchemaSource {
  databases: SqlStatement[];
  objects: SqlStatement[];
  /** INSERT … SELECT statements that write only rows that differ. */
  seeds: SqlStatement[];
}

/**
 * Reads the files of `sql/`, access left out.
 * @param root folder that holds `sql/`; the repository's when absent
 * @throws Failure for a statement that does not belong there
 */
export function readSource(root?: string): SchemaSource {
  const source: SchemaSource = { databases: [], objects: [], seeds: [] };
  for (const statement of schemaStatements(root)) {
    const { kind, file, line } = statement;
    if (kind === "access") continue;
    else if (kind === "create_database") source.databases.push(statement);
    else if (kind === "create_table" || kind === "create_view" || kind === "create_materialized_view")
      source.objects.push(statement);
    else if (kind === "insert") source.seeds.push(statement);
    else
      throw new Failure(
        `${file}:${line} neither creates nor fills an object: sql/ says what there is, changes go into sql/migrations/`,
      );
  }
  return source;
}

/** Hash of all that an apply goes by: what `sql/` creates and fills, and its migrations. Layout and comments do not count. */
export function schemaHash(root?: string): string {
  const { databases, objects, seeds } = readSource(root);
  const migrations = readMigrationFiles(root).flatMap(({ statements }) => statements);
  return checksum([...databases, ...objects, ...seeds, ...migrations].map(({ text }) => text));
}

/**
 * The source with what an empty server has made of each statement.
 * @throws Failure for a statement that makes nothing there
 */
export function wantedSchema(source: SchemaSource, { databases, objects }: LiveSchema): WantedSchema {
  const wanted = <Model>(statements: SqlStatement[], models: ReadonlyMap<string, Model | undefined>) =>
    statements.map(({ file, line, text, object = "" }) => {
      const model = models.get(object);
      if (model !== undefined) return { model, statement: text };
      throw new Failure(
        `${file}:${line} makes no table and no view in a database of sql/: write it as database.name`,
      );
    });
  return {
    databases: wanted(source.databases, new Map(databases.map((database) => [database.name, database]))),
    objects: wanted(source.objects, objects),
  };
}
