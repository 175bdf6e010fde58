import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import { ExpectedError } from "../core/errors";
import { JOURNAL_COLUMNS } from "../core/journal";

/** Columns by table of the data database: those that a run names, and those in which it may write NULL. */
export interface TableUse {
  columns: Readonly<Record<string, readonly string[]>>;
  nulls: Readonly<Record<string, readonly string[]>>;
}

/** What every run writes in the end. */
const JOURNAL: TableUse["columns"] = { meta_job_runs: JOURNAL_COLUMNS };

/**
 * Checks the tables of a run, the journal's among them, before anything is read.
 * Throws one sentence that names every table or column that is missing, or every column that does not take the NULL that
 * a run may write.
 */
export async function checkTables(database: Database, { columns, nulls }: TableUse): Promise<void> {
  const found = await database.rows<{ table: string; name: string; type: string }>(
    asLoader`SELECT table, name, type FROM system.columns WHERE database = {db:String}`,
    { db: database.name },
  );
  const types = new Map(found.map(({ table, name, type }) => [`${table}.${name}`, type]));
  const tables = new Set(found.map(({ table }) => table));
  const missing = Object.entries({ ...columns, ...JOURNAL }).flatMap(([table, names]) =>
    tables.has(table)
      ? names.filter((name) => !types.has(`${table}.${name}`)).map((name) => `column ${table}.${name}`)
      : [`table ${table}`],
  );
  if (missing.length > 0) {
    throw new ExpectedError(
      `Database ${database.name} lacks ${missing.join(", ")} (or the loader's user may not see them): ` +
        "apply the schema (`make up`) and run the loader again.",
    );
  }
  const refusing = Object.entries(nulls).flatMap(([table, names]) =>
    names
      .map((name) => `${table}.${name}`)
      .filter((name) => !types.get(name)?.includes("Nullable("))
      .map((name) => `${name} (${types.get(name)})`),
  );
  if (refusing.length > 0) {
    throw new ExpectedError(
      `Database ${database.name} takes no NULL in ${refusing.join(", ")}, where the loader may write it: ` +
        "apply the schema (`make up`) and run the loader again.",
    );
  }
}
