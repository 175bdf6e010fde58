import type { Database, Row } from "./database";
import type { Log } from "./log";

export interface WriterOptions {
  database: Database;
  log: Log;
  table: string;
  columns: readonly string[];
  runId: string;
  /** Rows of one insert, at least; a group of rows is never split. */
  batchRows?: number;
}

/**
 * Writes rows to one table in large blocks while the caller fetches the next ones: one insert is under way at most, so
 * memory holds two blocks. A failed insert is thrown by the next `add` or by `finish`.
 */
export class TableWriter {
  private readonly options: Required<WriterOptions>;
  private buffer: Row[] = [];
  private underWay: Promise<void> = Promise.resolve();
  private failure: { error: unknown } | undefined;
  private batches = 0;
  /** Rows handed over so far. */
  rows = 0;

  constructor(options: WriterOptions) {
    this.options = { batchRows: 20_000, ...options };
  }

  /** Adds rows that belong into one block. */
  async add(group: readonly Row[]): Promise<void> {
    this.buffer.push(...group);
    this.rows += group.length;
    if (this.buffer.length >= this.options.batchRows) await this.send();
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
    if (this.buffer.length === 0) return;
    const { database, table, columns, runId } = this.options;
    const block = this.buffer;
    this.buffer = [];
    this.batches += 1;
    const token = `${table}:${runId}:${this.batches}`;
    this.underWay = database
      .insert(`${database.name}.${table}`, columns, block, token)
      .catch((error: unknown) => {
        this.failure = { error };
      });
  }

  private async settle(): Promise<void> {
    await this.underWay;
    if (this.failure) throw this.failure.error;
  }
}
