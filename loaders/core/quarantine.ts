import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "./log";

/** Size in bytes, and age of its first line in days, at which the file is put aside as `.1`; two files are kept. */
const ROTATE_AT = 5 * 1024 * 1024;
const ROTATE_AFTER_DAYS = 30;
const DAY = 24 * 3600 * 1000;

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
    this.rotateByAge();
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
      const code = (error as NodeJS.ErrnoException).code ?? "error";
      this.options.log.warning(
        `The quarantine file ${this.file} cannot be written (${code}): rows are only counted; check QUARANTINE_DIR.`,
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

  /** Lines live for a month or two, also where rows are seldom put aside. Without a folder there is nothing to do. */
  private rotateByAge(): void {
    const limit = (this.options.now?.() ?? new Date()).getTime() - ROTATE_AFTER_DAYS * DAY;
    try {
      const aside = `${this.file}.1`;
      if ((statSync(aside, { throwIfNoEntry: false })?.mtimeMs ?? limit) < limit) rmSync(aside);
      const first = readFileSync(this.file, "utf8").split("\n", 1)[0] ?? "";
      const { time } = JSON.parse(first) as { time?: string };
      if (Date.parse(time ?? "") < limit) renameSync(this.file, aside);
    } catch {
      // No file yet, or one that is not ours: adding a line says what is wrong.
    }
  }

  private rotate(): void {
    const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= ROTATE_AT) renameSync(this.file, `${this.file}.1`);
  }
}
