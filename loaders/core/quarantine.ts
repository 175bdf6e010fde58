import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "./log";

/** Size at which the file is put aside as `.1`; two files are kept. */
const ROTATE_AT = 5 * 1024 * 1024;

export interface QuarantineOptions {
  directory: string;
  job: string;
  runId: string;
  log: Log;
  now?: () => Date;
}

/**
 * Rows that were not loaded: counted by reason, and written as JSON lines with source, id and reason, never with content.
 * A directory that cannot be written costs the lines and one warning, not the run.
 */
export class Quarantine {
  private readonly file: string;
  private readonly counts = new Map<string, number>();
  private broken = false;

  constructor(private readonly options: QuarantineOptions) {
    this.file = join(options.directory, `${options.job}.jsonl`);
  }

  /** Puts one row aside. `id` is kept only when it is a plain number, as anything else could be personal. */
  add(source: string, id: unknown, reason: string): void {
    const key = `${source}: ${reason}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (this.broken) return;
    const time = (this.options.now?.() ?? new Date()).toISOString();
    const text = typeof id === "number" || typeof id === "string" ? String(id) : "";
    const safeId = /^\d{1,20}$/.test(text) ? text : null;
    try {
      mkdirSync(this.options.directory, { recursive: true });
      this.rotate();
      appendFileSync(
        this.file,
        `${JSON.stringify({ time, run_id: this.options.runId, source, id: safeId, reason })}\n`,
      );
    } catch (error) {
      this.broken = true;
      this.options.log.warning(
        `The quarantine file ${this.file} cannot be written (${(error as NodeJS.ErrnoException).code ?? "error"}): rows are only counted; check QUARANTINE_DIR.`,
      );
    }
  }

  /** Rows put aside, by "source: reason". */
  get reasons(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => a.localeCompare(b)));
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  private rotate(): void {
    const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= ROTATE_AT) renameSync(this.file, `${this.file}.1`);
  }
}
