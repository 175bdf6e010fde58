import { formatDuration } from "../core/duration";
import { ExpectedError, StoppedError } from "../core/errors";
import type { RunContext } from "./context";
import { addFound, increment, newTotal, type Found, type Skipped } from "./found";
import type { Progress } from "./progress";

/** What a data set tells while it is loaded. It counts whatever becomes of the data set. */
export interface DataSetReport {
  /** An answer of the source: its rows, and how many there will be in all as far as that is known (else 0). */
  read: (rows: number, total: number) => void;
  /** A remark that is no error, e.g. a time without an offset. */
  note: (what: string) => void;
  /** A part that is left out without harm. */
  skip: (skipped: Skipped) => void;
  /** Something is missing, so that the run is partial. */
  incomplete: (reason: string) => void;
}

/** A long data set says in the log how far it is. */
const SAID_EVERY_MS = 60_000;

/** Loads the data sets of a run one after another: shows how far each is, says what it took, adds up what they found. */
export class DataSets {
  readonly total = newTotal();

  constructor(
    private readonly context: Pick<RunContext, "clock" | "log">,
    private readonly progress: Progress,
  ) {}

  /** Adds what was found outside a data set. */
  add(found: Found): void {
    addFound(this.total, found);
  }

  /** Loads a data set that the run cannot do without: its failure is the failure of the run. */
  async required<F extends Found>(name: string, load: (report: DataSetReport) => Promise<F>): Promise<F> {
    const found = await this.load(name, load);
    this.add(found);
    return found;
  }

  /**
   * Loads a data set that the run can do without. An expected failure makes the run partial, and the answer is undefined; a
   * run that was stopped stays stopped.
   */
  async optional<F extends Found>(
    name: string,
    load: (report: DataSetReport) => Promise<F>,
  ): Promise<F | undefined> {
    try {
      return await this.required(name, load);
    } catch (error) {
      if (!(error instanceof ExpectedError) || error instanceof StoppedError) throw error;
      this.context.log.warning(`Left out ${name}: ${error.message}`);
      this.setIncomplete(name, error.message);
      return undefined;
    }
  }

  /** Leaves a data set out without harm. */
  skip(name: string, reason: string): void {
    this.total.skipped.push({ resource: name, reason });
    this.context.log.info(`Skipped ${name}`, { reason });
  }

  private setIncomplete(dataSet: string, reason: string): void {
    this.add({ incomplete: [{ dataSet, reason }] });
  }

  private async load<F>(name: string, load: (report: DataSetReport) => Promise<F>): Promise<F> {
    const { clock, log } = this.context;
    const read = { pages: 0, rows: 0, total: 0 };
    const startedAt = clock.now();
    let saidAt = startedAt;
    this.progress.show(name, read);
    try {
      return await load({
        read: (rows, total) => {
          read.pages += 1;
          read.rows += rows;
          read.total = Math.max(total, read.rows);
          this.progress.show(name, read);
          if (clock.now() - saidAt < SAID_EVERY_MS) return;
          saidAt = clock.now();
          log.info(`Reading ${name}: ${soFar(read, saidAt - startedAt)}`);
        },
        note: (what) => increment(this.total.notes, what),
        skip: (skipped) => void this.total.skipped.push(skipped),
        incomplete: (reason) => this.setIncomplete(name, reason),
      });
    } finally {
      this.progress.end(name, read);
      const seconds = (clock.now() - startedAt) / 1000;
      const { pages, rows } = read;
      log.info(`Read ${name}: ${pages} pages, ${rows} rows in ${seconds.toFixed(1)} s`, {
        source: name,
        pages,
        rows,
        seconds,
      });
    }
  }
}

/** How much is read, and how long the rest takes at the same speed. */
function soFar({ rows, total }: { rows: number; total: number }, ms: number): string {
  if (rows === 0 || total <= rows) return `${rows} rows`;
  return `${rows} of ${total} rows, about ${formatDuration((ms * (total - rows)) / rows)} left`;
}
