import { randomBytes } from "node:crypto";
import { LocalServer, SERVER_VERSION } from "../clickhouse/local-server";
import { users } from "./catalogue";
import { Warehouse, type Sending } from "./client";
import { Failure } from "./failure";

/** What lets `admin` see the values of named collections: those that `sql/` declares are to be read, and not `[HIDDEN]`. */
export const SHOWN_SECRETS: Record<string, string> = {
  "config.d/shown-secrets.xml":
    "<clickhouse><display_secrets_in_show_and_select>1</display_secrets_in_show_and_select></clickhouse>",
  "users.d/shown-secrets.xml":
    "<clickhouse><users><admin><show_named_collections_secrets>1</show_named_collections_secrets></admin></users></clickhouse>",
};

/** Below the number of queries at a time that the profiles of the users allow. */
const CONNECTIONS = 6;
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Query {
  /** `admin` by default. */
  user?: string;
  /** Settings of this query. */
  settings?: Record<string, string | number>;
  /** Query parameters: values of `{name:Type}`. */
  params?: Record<string, unknown> | undefined;
}

/** An empty ClickHouse server of its own, which goes with this process: also when a signal ends it. */
export class Scratch {
  /** Once the server has started. */
  private warehouse: Warehouse | undefined;
  /** Password of every user that is let in: random, never shown. */
  private readonly password = randomBytes(18).toString("hex");
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    void this.stop().then(() => process.kill(process.pid, signal));
  };

  private constructor(private readonly server: LocalServer) {
    for (const signal of ENDING_SIGNALS) process.on(signal, this.onSignal);
  }

  /**
   * Starts a server and waits until it takes queries.
   * @throws Failure when ClickHouse is not installed for this checkout, or does not start
   */
  static async start(version = SERVER_VERSION): Promise<Scratch> {
    let scratch: Scratch | undefined;
    try {
      scratch = new Scratch(new LocalServer({ version, files: SHOWN_SECRETS }));
      const { server } = scratch;
      await server.start();
      const target = { url: server.url, user: users.admin, password: server.adminPassword };
      scratch.warehouse = new Warehouse(target, { max_open_connections: CONNECTIONS });
      return scratch;
    } catch (error) {
      await scratch?.stop();
      throw new Failure((error as Error).message, undefined, { cause: error });
    }
  }

  /**
   * Rows of one statement.
   * @throws StatementFailure
   */
  rows<T = Record<string, unknown>>(sql: string, query: Query = {}): Promise<T[]> {
    return this.warehouse!.rows<T>(sql, query.params, this.as(query));
  }

  /**
   * What the server answers to one statement, as text with tabs, names and types first.
   * @throws StatementFailure
   */
  text(sql: string, query: Query = {}): Promise<string> {
    const settings = { default_format: "TabSeparatedWithNamesAndTypes", ...query.settings };
    return this.warehouse!.text(sql, query.params, this.as({ ...query, settings }));
  }

  /**
   * Lets users in that `sql/` creates locked.
   * @throws StatementFailure when one is not there
   */
  async letIn(users: readonly string[]): Promise<void> {
    for (const user of users) {
      await this.rows(
        `ALTER USER ${user} IDENTIFIED WITH sha256_password BY '${this.password}' HOST IP '127.0.0.1'`,
      );
    }
  }

  /** Drops the databases, so that another schema can be loaded; users and grants stay. */
  async clear(databases: readonly string[]): Promise<void> {
    for (const database of databases) await this.rows(`DROP DATABASE IF EXISTS ${database} SYNC`);
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    await this.server.stop();
    await this.warehouse?.close();
    for (const signal of ENDING_SIGNALS) process.off(signal, this.onSignal);
  }

  private as({ user = users.admin, settings = {} }: Query): Sending {
    if (user !== users.admin) return { as: { user, password: this.password }, settings };
    // Nobody reads the log of a server like this, and it takes a third of the time of a short query. Others may not change that.
    const asAdmin = { user, password: this.server.adminPassword };
    return { as: asAdmin, settings: { log_queries: 0, ...settings } };
  }
}
