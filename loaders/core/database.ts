import { Readable } from "node:stream";
import { failureOf, openClient } from "../../warehouse/client";
import { StatementFailure, Unreachable } from "../../warehouse/failure";
import { asLoader } from "../../warehouse/queries";
import { Block, type PackedBlock } from "./block";
import type { Clock } from "./clock";
import { ExpectedError } from "./errors";
import { errorCode } from "./api-error";
import type { Log } from "./log";
import { startTimeLimit } from "./time-limit";
import { CONNECT_RETRY, retry, STATEMENT_RETRY, TRANSIENT_CODES, type Verdict } from "./retry";
import type { RowOf } from "./row";
import { tsvLines } from "./tsv";

export interface DatabaseSettings {
  host: string;
  port: number;
  secure: boolean;
  verifyTls: boolean;
  /** Database of the data tables. The journals of state (`meta`) have a fixed name. */
  database: string;
  user: string;
  password: string;
}

export interface DatabaseOptions extends DatabaseSettings {
  job: string;
  runId: string;
  clock: Clock;
  log: Log;
  /** Timestamp (ms) after which no further try begins. */
  deadline: number;
  signal?: AbortSignal | undefined;
  /** Awaited before each statement that writes; throws when nothing may be written any more. */
  mayWrite?: (() => Promise<void>) | undefined;
}

/** Values of the parameters of a statement. */
type Params = Record<string, unknown>;

/** The few things a loader asks of ClickHouse. Every statement carries job and run id in its `log_comment`. */
export interface Database {
  /** Name of the database of the data tables. */
  readonly name: string;
  /** Proves that the server answers and knows the user; three tries. Throws a sentence with host and port. */
  connect(): Promise<void>;
  rows<T>(sql: string, params?: Params): Promise<T[]>;
  /** Runs a statement to its end; answers the number of rows it wrote. */
  run(sql: string, params?: Params, queryId?: string): Promise<number>;
  /** Inserts one small block. `token` names the block, so that a repeated insert is the same insert. */
  insert<Column extends string>(
    table: string,
    columns: readonly Column[],
    rows: readonly RowOf<Column>[],
    token: string,
  ): Promise<void>;
  /** Inserts one block of any size. */
  insertBlock(table: string, columns: readonly string[], block: PackedBlock, token: string): Promise<void>;
  close(): Promise<void>;
}

/** Codes of ClickHouse that say "later": too many queries or parts, network, shutting down, insert of unknown outcome, keeper. */
const TRANSIENT_SERVER_CODES: ReadonlySet<number> = new Set([202, 209, 210, 236, 252, 319, 999]);
/** Codes of ClickHouse for a login that failed. */
const LOGIN_CODES: ReadonlySet<number> = new Set([194, 516]);
const CONNECT_TIMEOUT = 10_000;
/** Above `max_execution_time` of the loader's profile, as with `wait_end_of_query` nothing is sent before the end. */
const STATEMENT_TIMEOUT = 610_000;

/** Opens nothing yet: the first statement connects. */
export function createDatabase(options: DatabaseOptions): Database {
  const { clock, log, host, port, database, signal, user, password } = options;
  const url = `${options.secure ? "https" : "http"}://${host}:${port}`;
  const target = { url, user, password, tls: { rejectUnauthorized: options.verifyTls } };
  const client = openClient(target, {
    database,
    application: options.job,
    request_timeout: STATEMENT_TIMEOUT,
    max_open_connections: 4,
    use_multipart_params_auto: true,
    clickhouse_settings: {
      log_comment: `${options.job} ${options.runId}`,
      date_time_input_format: "best_effort",
      input_format_skip_unknown_fields: 0,
      input_format_null_as_default: 0,
      output_format_json_quote_64bit_integers: 1,
      output_format_json_quote_decimals: 1,
    },
  });

  const attempt = <T>(operation: () => Promise<T>, table = STATEMENT_RETRY): Promise<T> => {
    const translated = () =>
      operation().catch((error: unknown) => {
        throw failureOf(error, target);
      });
    return retry(translated, {
      table,
      clock,
      deadline: options.deadline,
      signal,
      classify,
      onWait: (error, number, waitMs) =>
        log.warning(`ClickHouse at ${host}:${port} failed, backing off: ${shortReason(error)}`, {
          attempt: number,
          wait_ms: waitMs,
        }),
    }).catch((error: unknown) => {
      throw explain(error, options);
    });
  };
  const abort = signal ? { abort_signal: signal } : {};
  const insertBlock: Database["insertBlock"] = async (table, columns, block, token) => {
    const [first, ...rest] = columns;
    if (first === undefined) return;
    await attempt(async () => {
      await options.mayWrite?.();
      await client.insert({
        table,
        columns: [first, ...rest],
        // A new stream per try: the bytes themselves are kept until the server has them.
        values: Readable.from(block.chunks, { objectMode: false }),
        format: "TabSeparated",
        http_headers: { "Content-Encoding": block.encoding },
        clickhouse_settings: { insert_deduplication_token: token },
        ...abort,
      });
    });
  };

  return {
    name: database,
    connect: async () => {
      await attempt(async () => {
        const noAnswer = () => Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
        const limit = startTimeLimit(CONNECT_TIMEOUT, noAnswer, signal);
        try {
          const answer = await client.query({ query: asLoader`SELECT 1`, abort_signal: limit.signal });
          await answer.text();
        } catch (error) {
          throw limit.signal.aborted ? limit.signal.reason : error;
        } finally {
          limit.done();
        }
      }, CONNECT_RETRY);
      log.info(`Connected to ClickHouse at ${url}`);
    },
    rows: <T>(sql: string, params: Params = {}) =>
      attempt(async () => {
        const answer = await client.query({
          query: sql,
          query_params: params,
          format: "JSONEachRow",
          ...abort,
        });
        return answer.json<T>();
      }),
    run: (sql, params = {}, queryId) =>
      attempt(async () => {
        await options.mayWrite?.();
        const { summary } = await client.command({
          query: sql,
          query_params: params,
          ...abort,
          ...(queryId === undefined ? {} : { query_id: queryId }),
        });
        return Number(summary?.written_rows ?? 0);
      }),
    insert: async (table, columns, rows, token) => {
      if (rows.length === 0) return;
      const block = new Block();
      block.add(tsvLines(columns, rows));
      await insertBlock(table, columns, await block.pack(), token);
    },
    insertBlock,
    close: () => client.close(),
  };
}

function classify(error: unknown): Verdict {
  if (error instanceof StatementFailure) return { again: TRANSIENT_SERVER_CODES.has(error.code) };
  const code = errorCode(error);
  return { again: code !== undefined && TRANSIENT_CODES.has(code) };
}

/** Why a statement was not done, without what may quote it or its data. */
function shortReason(error: unknown): string {
  if (error instanceof StatementFailure)
    return `code ${error.code} (${error.type}): ${error.gist.slice(0, 300)}`;
  return errorCode(error) ?? (error as Unreachable).reason.slice(0, 300);
}

function explain(error: unknown, options: DatabaseOptions): unknown {
  const where = `ClickHouse at ${options.host}:${options.port}`;
  if (error instanceof StatementFailure) {
    const { code } = error;
    const sentence = LOGIN_CODES.has(code)
      ? `${where} refused user ${options.user} (code ${code}): check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD.`
      : `${where} refused a statement: ${shortReason(error)}`;
    return new ExpectedError(sentence, { status: null, code: String(code) });
  }
  if (!(error instanceof Unreachable)) return error;
  const code = shortReason(error);
  return new ExpectedError(
    `${where} does not answer (${code}): start it (\`docker start ${options.host}\` or \`make up\`), ` +
      "check CLICKHOUSE_HOST and CLICKHOUSE_PORT, and run the loader again.",
    { status: null, code },
  );
}
