import { parseObject, type ObjectModel } from "../warehouse/schema/model";
import { asAdmin } from "../warehouse/queries";
import type { Scratch } from "../warehouse/scratch";

export interface LiveColumn {
  name: string;
  type: string;
  /** `DEFAULT`, `MATERIALIZED`, … or empty. */
  defaultKind: string;
  defaultExpression: string;
  codec: string;
  comment: string;
}

/** A table or view as the engine itself describes it. */
export interface LiveObject {
  /** `database.name`. */
  name: string;
  /** `ReplacingMergeTree`, `View`, `MaterializedView` … */
  engine: string;
  /** Engine with arguments, keys, TTL and settings. */
  engineFull: string;
  partitionKey: string;
  /** Columns and expressions of ORDER BY. */
  sortingKey: string;
  primaryKey: string;
  comment: string;
  columns: LiveColumn[];
  /** Its definition as the engine keeps it, taken apart. */
  model: ObjectModel;
}

type Row = Omit<LiveObject, "columns" | "model"> & { definition: string; fields: string[][] };

/** Everything in the given databases, by `database.name`, in one round trip. */
export async function readLive(
  scratch: Scratch,
  databases: readonly string[],
): Promise<Map<string, LiveObject>> {
  const list = databases.map((name) => `'${name}'`).join(", ");
  const rows = await scratch.rows<Row>(asAdmin`
SELECT
    concat(t.database, '.', t.name) AS name, t.engine AS engine, t.engine_full AS engineFull, t.partition_key AS partitionKey,
    t.sorting_key AS sortingKey, t.primary_key AS primaryKey, t.comment AS comment, formatQuery(t.create_table_query) AS definition, c.fields AS fields
FROM system.tables AS t
LEFT JOIN
(
    SELECT database, table, arrayMap(x -> x.2, arraySort(x -> x.1, groupArray((position,
        [name, type, toString(default_kind), default_expression, compression_codec, comment])))) AS fields
    FROM system.columns
    WHERE database IN (${list})
    GROUP BY database, table
) AS c ON c.database = t.database AND c.table = t.name
WHERE t.database IN (${list})
ORDER BY name`);
  return new Map(
    rows.map(({ fields, definition, ...object }) => [
      object.name,
      {
        ...object,
        model: parseObject(definition),
        columns: fields.map(
          ([name = "", type = "", defaultKind = "", defaultExpression = "", codec = "", comment = ""]) => ({
            name,
            type,
            defaultKind,
            defaultExpression,
            codec,
            comment,
          }),
        ),
      },
    ]),
  );
}
