import type { RowSource } from "../client";
import { asAdmin } from "../queries";
import type { LiveSchema } from "./compare";
import { NotAnObject, parseObject, type DatabaseModel, type ObjectModel } from "./model";

/** What the server has in these databases. */
export async function readSchema(warehouse: RowSource, databases: string[]): Promise<LiveSchema> {
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
