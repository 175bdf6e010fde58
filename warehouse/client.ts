import { ClickHouseError, createClient, type ClickHouseClient } from "@clickhouse/client";
import { EXIT } from "../exit-codes";
import { Failure } from "./failure";
import type { WarehouseTarget } from "./target";

/** What a reader of state asks: the live server, or an empty one that has run `sql/`. */
export interface RowSource {
  rows<T>(sql: string, params?: Record<string, unknown>): Promise<T[]>;
}

/** The server does not answer: it is stopped, starting, or not reachable from here. */
export class Unreachable extends Failure {}

export interface WarehouseOptions {
  /** Longest time that one statement may take, in milliseconds. */
  timeoutMs?: number;
}

/** Long enough for an INSERT … SELECT that copies a table. */
const ONE_HOUR = 3_600_000;

/** No answer to a command is longer: definitions of some fifty objects, rights of a few users. */
const RESPONSE_BYTES = 16 * 2 ** 20;

/** The way by which commands reach the server as `admin`. Close it when done. */
export class Warehouse implements RowSource {
  private readonly http: ClickHouseClient;

  constructor(
    readonly target: WarehouseTarget,
    options: WarehouseOptions = {},
  ) {
    this.http = createClient({
      url: target.url,
      username: target.user,
      password: target.password,
      request_timeout: options.timeoutMs ?? ONE_HOUR,
      // Errors are thrown; the client's own log would say them twice.
      log: { level: 127 },
      clickhouse_settings: {
        // An error that comes late is an error, and not the end of an answer …
        wait_end_of_query: 1,
        // … which waits in memory: in a file, as is the default, a full disk makes it empty, with status 200 (seen on 25.8).
        http_response_buffer_size: String(RESPONSE_BYTES),
        output_format_json_quote_64bit_integers: 0,
      },
    });
  }

  /**
   * Rows of one SELECT as objects; 64-bit integers are numbers.
   * @param params values of `{name:Type}` in the statement
   * @throws Unreachable, or Failure with ClickHouse's code and message
   */
  async rows<T>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> {
    return this.try(async () => {
      const answer = await this.http.query({ query: sql, query_params: params, format: "JSONEachRow" });
      return answer.json<T>();
    });
  }

  /**
   * Runs one statement that answers nothing (DDL, INSERT … SELECT, access statements).
   * @param options `params` as for `rows`; `queryId`: the server runs at most one query of an id at a time
   * @throws Unreachable, or Failure with ClickHouse's code and message
   */
  async command(
    sql: string,
    options: { params?: Record<string, unknown>; queryId?: string } = {},
  ): Promise<void> {
    const { params = {}, queryId } = options;
    await this.try(() =>
      this.http.command({
        query: sql,
        query_params: params,
        ...(queryId === undefined ? {} : { query_id: queryId }),
      }),
    );
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.http.close();
  }

  private async try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof ClickHouseError) throw new StatementFailure(cause, this.mask(cause.message));
      const message = cause instanceof Error ? this.mask(cause.message) : "";
      throw new Unreachable(
        `ClickHouse does not answer at ${this.target.url}${message === "" ? "" : ` (${message})`}: ` +
          `start it with docker start ${this.target.container}, or make up`,
        EXIT.error,
        { cause },
      );
    }
  }

  private mask(text: string): string {
    return text.replaceAll(this.target.password, "[secret]");
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

/** A statement that ClickHouse refused. */
export class StatementFailure extends Failure {
  /** ClickHouse's error code, e.g. 497. */
  readonly code: number;

  constructor(cause: ClickHouseError, message: string) {
    super(`ClickHouse says ${cause.code} ${cause.type ?? ""}: ${message.trim()}`, EXIT.error, { cause });
    this.code = Number(cause.code);
  }
}
