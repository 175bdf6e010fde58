import { users, type UserName } from "../../../warehouse/catalogue";

/** The users that tests speak as. */
export type User = Exclude<UserName, typeof users.definer>;

export interface Options {
  /** Default: admin. */
  as?: User;
  /** Values of the query's parameters. */
  params?: Record<string, string | number>;
}

/**
 * A ClickHouse with `sql/` installed, whatever it runs in. The reference scenario needs nothing else, so that it can be
 * run on any version.
 */
export interface Warehouse {
  /** Runs one statement that returns no rows. Throws an Error whose message has ClickHouse's `Code: N`. */
  run(sql: string, options?: Options): Promise<void>;
  /** Runs one query; each row as the texts of TabSeparated, NULL as `\N`. Throws like {@link run}. */
  rows(sql: string, options?: Options): Promise<string[][]>;
}

/** A warehouse that a test has made for itself. */
export interface OwnWarehouse extends Warehouse {
  /** Applies `sql/` and the passwords once more. Throws when a statement is refused. */
  install(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** The queries of a warehouse that answers over HTTP. */
export function warehouseOverHttp(url: string, passwordOf: (user: User) => string): Warehouse {
  async function send(sql: string, { as = users.admin, params = {} }: Options = {}): Promise<string> {
    const target = new URL(url);
    target.searchParams.set("default_format", "TabSeparated");
    target.searchParams.set("wait_end_of_query", "1");
    for (const [name, value] of Object.entries(params)) {
      target.searchParams.set(`param_${name}`, String(value));
    }
    const response = await fetch(target, {
      method: "POST",
      headers: { "X-ClickHouse-User": as, "X-ClickHouse-Key": passwordOf(as) },
      body: sql,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${text.trim()}\n${sql}`);
    return text;
  }

  return {
    run: async (sql, options) => {
      await send(sql, options);
    },
    rows: async (sql, options) => {
      const lines = (await send(sql, options)).split("\n");
      return lines.slice(0, -1).map((line) => line.split("\t"));
    },
  };
}
