import { randomBytes } from "node:crypto";
import { Agent, request } from "undici";
import { LocalServer } from "../clickhouse/local-server";
import { users } from "../warehouse/catalogue";
import { Failure } from "../warehouse/failure";
import { Refused } from "./refused";

/** Below the number of queries at a time that the profiles of the users allow. */
const CONNECTIONS = 6;
/** Errors come whole and as text, and big numbers as numbers. */
const SETTINGS = {
  wait_end_of_query: 1,
  http_write_exception_in_output_format: 0,
  output_format_json_quote_64bit_integers: 0,
};
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Query {
  /** `admin` by default. */
  user?: string;
  /** Settings of this query. */
  settings?: Record<string, string | number>;
  /** Query parameters: values of `{name:Type}`. */
  params?: Record<string, string>;
}

/** An empty ClickHouse server of its own, which goes with this process: also when a signal ends it. */
export class Scratch {
  private readonly connections = new Agent({ connections: CONNECTIONS });
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
  static async start(): Promise<Scratch> {
    let scratch: Scratch | undefined;
    try {
      scratch = new Scratch(new LocalServer());
      await scratch.server.start();
      return scratch;
    } catch (error) {
      await scratch?.stop();
      throw new Failure((error as Error).message, undefined, { cause: error });
    }
  }

  /**
   * Rows of one statement.
   * @throws Refused
   */
  async rows<T = Record<string, unknown>>(sql: string, query: Query = {}): Promise<T[]> {
    const body = await this.send(sql, { ...query, format: "JSONEachRow" });
    return body
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }

  /**
   * What the server answers to one statement, as text with tabs.
   * @throws Refused
   */
  async text(sql: string, query: Query = {}): Promise<string> {
    return this.send(sql, { ...query, format: "TabSeparatedWithNamesAndTypes" });
  }

  /**
   * Lets users in that `sql/` creates locked.
   * @throws Refused when one is not there
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
    await this.connections.destroy();
    for (const signal of ENDING_SIGNALS) process.off(signal, this.onSignal);
  }

  private async send(
    sql: string,
    { user = users.admin, settings, params, format }: Query & { format: string },
  ): Promise<string> {
    const parameters: Record<string, string | number> = { default_format: format, ...SETTINGS, ...settings };
    for (const [name, value] of Object.entries(params ?? {}))
      parameters[`param_${name}`] = escapeParameter(value);
    const password = user === users.admin ? this.server.adminPassword : this.password;
    const { statusCode, body } = await request(this.server.url, {
      dispatcher: this.connections,
      method: "POST",
      query: parameters,
      headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password },
      body: sql,
    });
    const answer = await body.text();
    if (statusCode === 200) return answer;
    const [, code, message] =
      /^Code: (\d+)\. DB::Exception: ([^]*?)(?: \(version [^)]*\))?\s*$/.exec(answer) ?? [];
    throw new Refused(Number(code ?? 0), message ?? answer.trim());
  }
}

/** A parameter's value is read as in a file with tabs. */
function escapeParameter(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
