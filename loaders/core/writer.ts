import { Block } from "./block";
import type { Database } from "./database";
import type { Row } from "./row";
import type { Log } from "./log";
import type { Stopwatch } from "./stopwatch";
import { tsvLines, type Lines } from "./tsv";

export interface WriterOptions {
  database: Database;
  log: Log;
  table: string;
  columns: readonly string[];
  /** Begins the name of each block: the server takes a second block of a name for a repetition of the first. */
  blockPrefix: string;
  /** Rows of one insert, at least; a group of rows is never split. */
  batchRows?: number;
  /** Counts how long the caller had to wait for the server. */
  stopwatch?: Stopwatch;
}

/** Rows of one insert, unless a caller wants fewer: more gain nothing, and a small load would end with a long wait. */
export const ROWS_PER_INSERT = 25_000;
/** An insert is sent when it has so many bytes before packing, whatever its rows. */
const BATCH_BYTES = 32 * 1024 * 1024;

/**
 * Writes rows to one table in large blocks while the caller fetches the next ones: one insert is under way at most, so
 * memory holds two packed blocks. A block is kept until the server has acknowledged it, so that it can be sent again.
 * A failed insert is thrown by the next `add` or by `finish`.
 */
export class TableWriter {
  private readonly options: WriterOptions & { batchRows: number };
  private block: Block | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private failure: { error: unknown } | undefined;
  private batches = 0;
  /** Rows handed over so far. */
  rows = 0;

  constructor(options: WriterOptions) {
    this.options = { batchRows: ROWS_PER_INSERT, ...options };
  }

  /** Adds rows that belong into one block. */
  async add(group: readonly Row[]): Promise<void> {
    await this.addLines(tsvLines(this.options.columns, group));
  }

  /** Adds rows that are encoded already. */
  async addLines(lines: Lines): Promise<void> {
    if (lines.rows === 0) return;
    const block = (this.block ??= new Block());
    block.add(lines);
    this.rows += lines.rows;
    if (block.rows >= this.options.batchRows || block.bytes >= BATCH_BYTES) await this.send();
  }

  /** Writes what is left and waits until every row is acknowledged. Answers the number of rows written. */
  async finish(): Promise<number> {
    await this.send();
    await this.settle();
    const { database, log, table } = this.options;
    log.info(`Inserted ${this.rows} rows into ${database.name}.${table}`, { rows: this.rows });
    return this.rows;
  }

  private async send(): Promise<void> {
    await this.settle();
    const { block } = this;
    if (block === undefined) return;
    this.block = undefined;
    const { database, table, columns, blockPrefix } = this.options;
    this.batches += 1;
    const token = `${table}:${blockPrefix}:${this.batches}`;
    this.underWay = block
      .pack()
      .then((packed) => database.insertBlock(`${database.name}.${table}`, columns, packed, token))
      .catch((error: unknown) => {
        this.failure = { error };
      });
  }

  private async settle(): Promise<void> {
    const { stopwatch } = this.options;
    await (stopwatch ? stopwatch.wait("insert", this.underWay) : this.underWay);
    if (this.failure) throw this.failure.error;
  }
}
