import { DATABASES } from "../catalogue";
import type { Warehouse } from "../client";
import { asAdmin } from "../queries";
import { quoteText } from "../sql/quote";

/** A table with what is in it. */
export interface Fingerprint {
  /** `database.table`, by the databases' own names. */
  table: string;
  /** Rows as they are read, newest versions only. */
  rows: number;
  /**
   * Sum of a hash over all columns of each row, as decimal digits. Over their text: the hash of a row with a NULL would be NULL, and
   * that of a tuple is another one in another version (24.8 and 25.8 differ).
   */
  sum: string;
}

/** Names of the databases of the warehouse, or of their copies with a suffix. */
export const databasesWith = (suffix: string): string[] =>
  DATABASES.map((database) => (suffix === "" ? database : `${database}_${suffix}`));

/** All tables with data of the warehouse, or of its copy with a suffix; by the databases' own names. */
export async function tablesOf(warehouse: Warehouse, suffix = ""): Promise<string[]> {
  const names = databasesWith(suffix);
  const rows = await warehouse.rows<{ database: string; name: string }>(
    asAdmin`SELECT database, name FROM system.tables WHERE database IN (${names.map(quoteText).join(", ")}) AND engine LIKE '%MergeTree' ORDER BY 1, 2`,
  );
  return rows.map(({ database, name }) => `${DATABASES[names.indexOf(database)]}.${name}`);
}

/** The same table in the copy with a suffix. */
export function inCopy(table: string, suffix: string): string {
  const [database, name] = table.split(".");
  return suffix === "" ? table : `${database}_${suffix}.${name}`;
}

/** What is in a table. */
export async function fingerprint(warehouse: Warehouse, table: string, suffix = ""): Promise<Fingerprint> {
  const [row] = await warehouse.rows<{ rows: number; sum: string }>(
    asAdmin`SELECT count() AS rows, toString(sum(cityHash64(formatRow('TSV', *)))) AS sum FROM ${inCopy(table, suffix)} FINAL`,
  );
  return { table, rows: row!.rows, sum: row!.sum };
}
