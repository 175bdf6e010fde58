/** The users that tests speak as. */
export type User = "admin" | "etl_writer" | "datalens_reader" | "backup_user";

export interface Options {
  /** Default: admin. */
  as?: User;
  /** Values of the query's parameters. */
  params?: Record<string, string | number>;
}

/**
 * A ClickHouse with `sql/` installed, whatever engine it is. The reference scenario needs nothing else, so that it can
 * be run on any version.
 */
export interface Warehouse {
  /** Runs one statement that returns no rows. Throws an Error whose message has ClickHouse's `Code: N`. */
  run(sql: string, options?: Options): Promise<void>;
  /** Runs one query; each row as the texts of TabSeparated, NULL as `\N`. Throws like {@link run}. */
  rows(sql: string, options?: Options): Promise<string[][]>;
}
