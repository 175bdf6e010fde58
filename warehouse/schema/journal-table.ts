import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isSignificant, tokenize } from "../sql/lexer";
import type { Warehouse } from "../client";
import { Failure, StatementFailure } from "../failure";
import { asAdmin } from "../queries";
import { readSchemaFiles } from "./source";

/** `baseline`: tables of `sql/`; `migration`: a file of `sql/migrations/`. */
export type Kind = "baseline" | "migration" | "views" | "seed" | "access";

/** Key and content of one row. */
export interface Entry {
  kind: Kind;
  version: number;
  name: string;
  statements: string[];
}

/** A `started` row that somebody else is, or was, working on. */
export interface Holder {
  /** Name of the change. */
  name: string;
  /** Who: `<host> <process> <random>`. */
  message: string;
  /** Since when, Moscow time. */
  since: string;
}

export const TABLE = "meta.schema_migrations";
/** A `started` row that nobody has touched for this long is of a run that died. */
const LOCK_MINUTES = 15;

const UNKNOWN_TABLE = 60;
const UNKNOWN_DATABASE = 81;
const COLUMNS =
  "version, name, kind, checksum, status, started_at, finished_at, statements, applied_by, tool_version, server_version, message, _ver";
/** Rows whose process may be at work. */
const LIVE = `status = 'started' AND message != {holder:String} AND _loaded_at > now() - toIntervalMinute(${LOCK_MINUTES})`;

/** Hash of statements, whatever their layout, comments and line ends. */
export function checksum(statements: string[]): string {
  const words = (sql: string) =>
    tokenize(sql)
      .filter(isSignificant)
      .map((token) => token.text);
  return createHash("sha256")
    .update(JSON.stringify(statements.map(words)))
    .digest("hex");
}

const toolVersion = (): string =>
  (JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as { version: string }).version;

/** The rows of `meta.schema_migrations`, as one process reads and writes them. */
export class JournalTable {
  /** @param holder names this process in the rows that it has started */
  constructor(
    private readonly warehouse: Warehouse,
    private readonly holder: string,
  ) {}

  /** The database `meta` and the table, from their statements in `sql/`. */
  async ensure(): Promise<void> {
    const statements = readSchemaFiles()
      .flatMap((file) => file.statements)
      .filter(
        ({ kind, object }) =>
          (kind === "create_database" && object === "meta") || (kind === "create_table" && object === TABLE),
      );
    for (const { text } of statements) await this.warehouse.command(text);
  }

  /** Rows of a SELECT; none while the table is not there. */
  async read<T>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> {
    try {
      return await this.warehouse.rows<T>(sql, params);
    } catch (error) {
      const absent =
        error instanceof StatementFailure && [UNKNOWN_TABLE, UNKNOWN_DATABASE].includes(error.code);
      if (absent) return [];
      throw error;
    }
  }

  /** Rows of other processes that may be at work. */
  holders(): Promise<Holder[]> {
    return this.read(
      asAdmin`SELECT message, name, formatDateTime(started_at, '%H:%i:%S') AS since FROM ${TABLE} FINAL WHERE ${LIVE}`,
      { holder: this.holder },
    );
  }

  /** Writes a row over the one of its key, which keeps its start. */
  write(entry: Entry, status: "started" | "ok" | "failed", done: number, message: string): Promise<void> {
    return this.insert(entry, { status, done, message, locking: 0, over: [], plannedAt: 0 });
  }

  /**
   * Writes a `started` row unless another process has a live one. ClickHouse has no compare-and-set, but it runs at most one
   * query of a given id at a time, so one INSERT … SELECT with a fixed id is as good.
   * @param over messages of the rows that do not count: their process is dead, or is to be taken over
   * @param plannedAt nor does it write one when there is a row of a greater version than this
   * @throws StatementFailure with code 216 while another process does the same
   */
  start(entry: Entry, done: number, over: string[], plannedAt = Number.MAX_SAFE_INTEGER): Promise<void> {
    return this.insert(entry, { status: "started", done, message: this.holder, locking: 1, over, plannedAt });
  }

  /** Whether this process has a `started` row. */
  async hasStarted(): Promise<boolean> {
    const [row] = await this.read<{ rows: number }>(
      asAdmin`SELECT count() AS rows FROM ${TABLE} FINAL WHERE status = 'started' AND message = {holder:String}`,
      { holder: this.holder },
    );
    if (row === undefined) throw new Failure(`${TABLE} gave no answer: run the command again`);
    return row.rows > 0;
  }

  /** Marks what other processes have started and will not end as failed. */
  async abandon(): Promise<void> {
    await this.warehouse.command(
      asAdmin`INSERT INTO ${TABLE} (${COLUMNS})
SELECT version, name, kind, checksum, 'failed', started_at, now(), statements, applied_by, tool_version, server_version,
  concat('its process ended without a result: ', message), greatest(toUInt64(toUnixTimestamp64Milli(now64(3))), assumeNotNull((SELECT max(_ver) FROM ${TABLE})) + 1)
FROM ${TABLE} FINAL WHERE status = 'started' AND message != {holder:String}`,
      { holder: this.holder },
    );
  }

  private async insert(
    entry: Entry,
    what: {
      status: string;
      done: number;
      message: string;
      locking: 0 | 1;
      over: string[];
      plannedAt: number;
    },
  ): Promise<void> {
    const own = "version = {version:UInt32} AND name = {name:String}";
    await this.warehouse.command(
      asAdmin`INSERT INTO ${TABLE} (${COLUMNS})
SELECT {version:UInt32}, {name:String}, {kind:String}, {checksum:String}, {status:String},
  if(begun = 0 OR {locking:UInt8} = 1, now(), toDateTime(begun)), if({status:String} = 'started', NULL, now()),
  {done:UInt32}, currentUser(), {tool:String}, version(), {message:String},
  greatest(toUInt64(toUnixTimestamp64Milli(now64(3))), latest + 1)
FROM
(
  SELECT
    countIf(${LIVE} AND NOT has({over:Array(String)}, message)) AS others,
    max(_ver) AS latest,
    maxIf(toUnixTimestamp(started_at), ${own}) AS begun
  FROM ${TABLE} FINAL
)
WHERE (others = 0 AND latest <= {plannedAt:UInt64}) OR {locking:UInt8} = 0`,
      {
        version: entry.version,
        name: entry.name,
        kind: entry.kind,
        checksum: checksum(entry.statements),
        tool: toolVersion(),
        holder: this.holder,
        ...what,
      },
      what.locking ? { queryId: "zakaz-apply-lock" } : {},
    );
  }
}
