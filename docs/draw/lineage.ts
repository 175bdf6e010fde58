import { DATASETS } from "../../warehouse/datalens/datasets";
import { deriveStatements as deriveSales } from "../../loaders/qtickets/derive";
import { deriveStatements as deriveCosts } from "../../loaders/vk-ads/derive";

/** One table or view, as the server's system tables describe it. */
export interface SchemaObject {
  /** `database.name` */
  id: string;
  database: string;
  name: string;
  /** `View`, `MaterializedView` or the engine of a table. */
  engine: string;
  /** Everything of the engine: version column, keys, TTL. Empty for views. */
  engineFull: string;
  /** Columns and expressions of ORDER BY. */
  sortingKey: string;
  partitionKey: string;
  columns: number;
  comment: string;
  /** What a view selects from, by the server's own analysis; what the loaders fill a table from; sorted. */
  reads: string[];
  /** Table that a materialized view writes to. */
  writes: string | undefined;
  /** Where rows come from that no other object of the warehouse holds. */
  origin: string | undefined;
  /** DataLens dataset that stands on a view. */
  dataset: string | undefined;
}

/** Runs one query on a server with `sql/` in it, as admin; rows as objects. */
export type Query = <Row>(sql: string) => Promise<Row[]>;

interface TableRow {
  database: string;
  name: string;
  engine: string;
  engine_full: string;
  sorting_key: string;
  partition_key: string;
  comment: string;
  as_select: string;
  target: string;
  columns: number;
}

/** Reads all objects, by database (zakaz, bi, meta) and name, with what each is made from. */
export async function readSchema(query: Query): Promise<SchemaObject[]> {
  const rows = await query<TableRow>(`
    SELECT database, name, engine, engine_full, sorting_key, partition_key, comment, as_select,
           extract(create_table_query, '^CREATE MATERIALIZED VIEW \\\\S+ TO (\\\\S+)') AS target,
           toUInt32(c.columns) AS columns
    FROM system.tables AS t
    INNER JOIN (SELECT database, table, count() AS columns FROM system.columns GROUP BY database, table) AS c
      ON c.database = t.database AND c.table = t.name
    WHERE database IN ('zakaz', 'bi', 'meta')
    ORDER BY indexOf(['zakaz', 'bi', 'meta'], database), name`);
  const objects: SchemaObject[] = [];
  for (const row of rows) {
    const id = `${row.database}.${row.name}`;
    objects.push({
      id,
      database: row.database,
      name: row.name,
      engine: row.engine,
      engineFull: row.engine_full.replace(/ SETTINGS index_granularity = \d+$/, ""),
      sortingKey: row.sorting_key.replace(/^\((.*)\)$/, "$1"),
      partitionKey: row.partition_key,
      columns: row.columns,
      comment: row.comment,
      reads: row.as_select === "" ? derivedFrom(id) : await tablesOf(query, row.as_select),
      writes: row.target === "" ? undefined : row.target,
      origin: origin(row.name, row.comment),
      dataset: DATASETS.find(({ view }) => view === id)?.name,
    });
  }
  return objects;
}

/** Tables and views that a SELECT reads, by the server's own analysis. */
async function tablesOf(query: Query, select: string): Promise<string[]> {
  const tree = await query<{ explain: string }>(`EXPLAIN QUERY TREE ${select}`);
  const names = tree.flatMap(({ explain }) => /table_name: ([\w.]+)/.exec(explain)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** What the loaders' derivation fills a table from. */
function derivedFrom(id: string): string[] {
  const texts = [...deriveSales(), ...deriveCosts()].filter(({ table }) => table === id);
  const names = texts.flatMap(({ sql }) => sql.match(/\bzakaz\.\w+/g) ?? []);
  return [...new Set(names)].filter((name) => name !== id).sort();
}

/** The one thing that no server knows: who writes the first table of each chain. */
function origin(name: string, comment: string): string | undefined {
  if (/kept empty/i.test(comment)) return undefined;
  if (/^stg_qtickets_api_/.test(name) || name === "dim_events") return "Qtickets API";
  return {
    stg_vk_ads_daily: "VK Ads API",
    fact_direct_daily: "Yandex Direct (CSV file)",
    plan_sales: "Plan (CSV file)",
    dim_city_alias: "sql/60_city_aliases.sql",
  }[name];
}
