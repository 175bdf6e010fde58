import type { Database, Row } from "./database";
import type { Log } from "./log";
import type { Stopwatch } from "./stopwatch";
import { tsvLine } from "./tsv";

export interface WriterOptions {
  database: Database;
  log: Log;
  table: string;
  columns: readonly string[];
  runId: string;
  /** Rows of one insert, at least; a group of rows is never split. */
  batchRows?: number;
  /** Told how long the caller had to wait for the server. */
  stopwatch?: Stopwatch;
}

/** Lines that are turned into bytes together. */
const CHUNK_LINES = 500;
/** An insert is sent when it has so many bytes, whatever its rows. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Writes rows to one table in large blocks while the caller fetches the next ones: one insert is under way at most, so
 * memory holds two blocks, as bytes. A block is kept until the server has acknowledged it, so that it can be sent again.
 * A failed insert is thrown by the next `add` or by `finish`.
 */
export class TableWriter {
  private readonly options: WriterOptions & { batchRows: number };
  private lines: string[] = [];
  private chunks: Buffer[] = [];
  private blockRows = 0;
  private blockBytes = 0;
  private underWay: Promise<void> = Promise.resolve();
  private failure: { error: unknown } | undefined;
  private batches = 0;
  /** Rows handed over so far. */
  rows = 0;

  constructor(options: WriterOptions) {
    this.options = { batchRows: 50_000, ...options };
  }

  /** Adds rows that belong into one block. */
  async add(group: readonly Row[]): Promise<void> {
    const { columns, batchRows } = this.options;
    for (const row of group) this.lines.push(tsvLine(columns, row));
    this.rows += group.length;
    this.blockRows += group.length;
    if (this.lines.length >= CHUNK_LINES) this.pack();
    if (this.blockRows >= batchRows || this.blockBytes >= BATCH_BYTES) await this.send();
  }

  /** Writes what is left and waits until every row is acknowledged. Answers the number of rows written. */
  async finish(): Promise<number> {
    await this.send();
    await this.settle();
    const { database, log, table } = this.options;
    log.info(`Inserted ${this.rows} rows into ${database.name}.${table}`, { rows: this.rows });
    return this.rows;
  }

  private pack(): void {
    const chunk = Buffer.from(this.lines.join(""));
    this.lines = [];
    this.chunks.push(chunk);
    this.blockBytes += chunk.length;
  }

  private async send(): Promise<void> {
    await this.settle();
    if (this.blockRows === 0) return;
    this.pack();
    const { database, table, columns, runId } = this.options;
    const block = this.chunks;
    this.chunks = [];
    this.blockRows = 0;
    this.blockBytes = 0;
    this.batches += 1;
    const token = `${table}:${runId}:${this.batches}`;
    this.underWay = database
      .insertLines(`${database.name}.${table}`, columns, block, token)
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
