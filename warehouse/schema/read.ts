import { Failure } from "../failure";
import type { Warehouse } from "../client";
import { asAdmin } from "../queries";
import type { LiveSchema, WantedSchema } from "./compare";
import { NotAnObject, parseDatabase, parseObject, type DatabaseModel, type ObjectModel } from "./model";
import { quoteText } from "../sql/quote";
import { checksum } from "./journal-table";
import { readMigrationFiles, readSchemaFiles, type SqlStatement } from "./source";

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
  for (const statement of readSchemaFiles(root).flatMap((file) => file.statements)) {
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

/** The source as models, through the server's own formatter. */
export async function readWanted(warehouse: Warehouse, source: SchemaSource): Promise<WantedSchema> {
  const statements = [...source.databases, ...source.objects];
  if (statements.length === 0) return { databases: [], objects: [] };
  const rows = await warehouse.rows<{ formatted: string | null; error: string }>(
    asAdmin`SELECT formatQueryOrNull(text) AS formatted FROM (SELECT arrayJoin([${statements.map(({ text }) => quoteText(text)).join(",")}]) AS text)`,
  );
  const formatted = statements.map((statement, i) => {
    const text = rows[i]?.formatted;
    if (typeof text === "string") return { statement, text };
    throw new Failure(
      `${statement.file}:${statement.line} is not valid for this server: check it with npx zakaz validate`,
    );
  });
  const count = source.databases.length;
  const read = <Model>(parse: (text: string) => Model) => {
    return ({ statement, text }: (typeof formatted)[number]) => ({
      model: parse(text),
      statement: statement.text,
    });
  };
  return {
    databases: formatted.slice(0, count).map(read(parseDatabase)),
    objects: formatted.slice(count).map(read(parseObject)),
  };
}

/** What the server has in these databases. */
export async function readLive(warehouse: Warehouse, databases: string[]): Promise<LiveSchema> {
  const params = { databases };
  const [found, objects] = await Promise.all([
    warehouse.rows<DatabaseModel & { altersComments: number }>(
      asAdmin`SELECT name, engine, comment, isNotNull(formatQueryOrNull('ALTER DATABASE d MODIFY COMMENT \\'c\\'')) AS altersComments
FROM system.databases WHERE name IN {databases:Array(String)}`,
      params,
    ),
    warehouse.rows<{ name: string; formatted: string | null }>(
      asAdmin`SELECT concat(database, '.', name) AS name, formatQueryOrNull(create_table_query) AS formatted
FROM system.tables WHERE database IN {databases:Array(String)} AND NOT is_temporary`,
      params,
    ),
  ]);
  return {
    databases: found.map(({ name, engine, comment }) => ({
      name,
      engine: engine ?? "",
      comment: comment ?? "",
    })),
    objects: new Map(objects.map(({ name, formatted }) => [name, model(formatted ?? "")])),
    altersDatabaseComments: found.some(({ altersComments }) => altersComments === 1),
  };
}

function model(formatted: string): ObjectModel | undefined {
  try {
    return parseObject(formatted);
  } catch (error) {
    if (error instanceof NotAnObject) return undefined;
    throw error;
  }
}
