import { randomUUID } from "node:crypto";
import { Agent } from "node:https";
import { text as readAll } from "node:stream/consumers";
import {
  ClickHouseError,
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
} from "@clickhouse/client";
import { StatementFailure, Unreachable } from "./failure";
import type { Credentials, WarehouseTarget } from "./target";

/** What a reader of state asks: the live server, or an empty one that has run `sql/`. */
export interface RowSource {
  rows<T>(sql: string, params?: Record<string, unknown>): Promise<T[]>;
}

/** No answer to a command or a loader is longer: definitions of some fifty objects, rights of a few users, aggregates. */
const RESPONSE_BYTES = 16 * 2 ** 20;

/** Long enough for an INSERT … SELECT that copies a table. */
const ONE_HOUR = 3_600_000;

/** Numbers are numbers, and an error is text and not JSON. */
const ROWS = {
  default_format: "JSONEachRow",
  output_format_json_quote_64bit_integers: 0,
  http_write_exception_in_output_format: 0,
} as const;

/**
 * A client of the server, as the user of the target: all that speaks to ClickHouse does so by one of these. Opens nothing
 * yet: the first statement connects. Pass what it throws through {@link failureOf}.
 */
export function openClient(
  { url, tls, user, password }: WarehouseTarget,
  options: ClickHouseClientConfigOptions = {},
): ClickHouseClient {
  const maxSockets = options.max_open_connections;
  return createClient({
    url,
    username: user,
    password,
    // Not by the client's own `tls`: a certificate would be the login there, and a password beside it refused.
    ...(url.startsWith("https:") ? { http_agent: new Agent({ keepAlive: true, maxSockets, ...tls }) } : {}),
    // Errors are thrown; the client's own log would say them twice, with whole statements.
    log: { level: ClickHouseLogLevel.OFF },
    ...options,
    clickhouse_settings: {
      // An error that comes late is an error, and not the end of an answer …
      wait_end_of_query: 1,
      // … which waits in memory: in a file, as is the default, a full disk makes it empty, with status 200 (seen on 25.8), and
      // a journal that reads as empty would start a first load.
      buffer_size: String(RESPONSE_BYTES),
      ...options.clickhouse_settings,
    },
  });
}

/**
 * What a client has thrown, as StatementFailure or Unreachable, in which the password and
 * further secrets are masked. What comes neither from the
 * server nor from the way to it, such as a mistake of the program, stays as it is.
 */
export function failureOf(
  cause: unknown,
  { url, container, password }: Pick<WarehouseTarget, "url" | "container" | "password">,
  secrets: readonly string[] = [],
): unknown {
  if (!(cause instanceof Error)) return cause;
  // Of several addresses that were tried there is a code only.
  const said = cause.message.trim() || ((cause as NodeJS.ErrnoException).code ?? "an empty answer");
  const reason = [password, ...secrets]
    .filter((secret) => secret !== "")
    .reduce((text, secret) => text.replaceAll(secret, "[secret]"), said);
  if (cause instanceof ClickHouseError)
    return new StatementFailure(Number(cause.code), cause.type ?? "", reason, { cause });
  // Errors of the network have a code; what the client itself throws, such as a time-out, is a plain error.
  if (!("code" in cause) && cause.constructor !== Error) return cause;
  const advice = container === undefined ? "" : `: start it with docker start ${container}, or make up`;
  return new Unreachable(`ClickHouse does not answer at ${url} (${reason})${advice}`, reason, { cause });
}

/** How one statement is sent. */
export interface Sending {
  /** Who sends it; by default the user of the target. */
  as?: Credentials;
  /** Settings of this statement. */
  settings?: Record<string, string | number>;
  /** The server runs at most one query of an id at a time. */
  queryId?: string;
  /** Texts of the statement that are shown in no error, as the password is not. */
  secrets?: readonly string[];
}

/** Sends statements and answers rows or text; see {@link openClient}. Close it when done. */
export class Warehouse implements RowSource {
  private readonly client: ClickHouseClient;

  constructor(
    readonly target: WarehouseTarget,
    options: ClickHouseClientConfigOptions = {},
  ) {
    this.client = openClient(target, { request_timeout: ONE_HOUR, ...options });
  }

  /**
   * Rows of one statement as objects; 64-bit integers are numbers.
   * @param params values of `{name:Type}` in the statement
   * @throws StatementFailure, Unreachable
   */
  async rows<T>(sql: string, params: Record<string, unknown> = {}, how: Sending = {}): Promise<T[]> {
    const answer = await this.text(sql, params, { ...how, settings: { ...ROWS, ...how.settings } });
    return answer
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }

  /**
   * Runs one statement that answers nothing (DDL, INSERT … SELECT, access statements).
   * @param params as for `rows`
   * @throws StatementFailure, Unreachable
   */
  async command(sql: string, params: Record<string, unknown> = {}, how: Sending = {}): Promise<void> {
    await this.text(sql, params, how);
  }

  /**
   * The answer to one statement as it is, without the last line break: rows with tabs, or what `default_format` says.
   * @param params as for `rows`
   * @throws StatementFailure, Unreachable
   */
  async text(
    sql: string,
    params: Record<string, unknown> = {},
    { as = this.target, settings = {}, queryId = randomUUID(), secrets = [] }: Sending = {},
  ): Promise<string> {
    try {
      const { stream } = await this.client.exec({
        query: sql,
        query_params: params,
        query_id: queryId,
        clickhouse_settings: settings,
        auth: { username: as.user, password: as.password },
      });
      return (await readAll(stream)).replace(/\n$/, "");
    } catch (cause) {
      throw failureOf(cause, { ...this.target, password: as.password }, secrets);
    }
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.client.close();
  }
}

/** Does work on a server, and ends the connections. */
export async function withWarehouse<T>(
  warehouse: Warehouse,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}
