/**
 * Where the time of a run goes: seconds per step. Work that is done while something is waited for counts as that work, so
 * steps that follow each other add up to the run.
 */
export class Stopwatch {
  private readonly milliseconds = new Map<string, number>();
  /** Milliseconds of work so far. */
  private worked = 0;

  /** Adds the time that a promise takes. */
  async wait<T>(step: string, promise: Promise<T>): Promise<T> {
    const start = performance.now();
    const before = this.worked;
    try {
      return await promise;
    } finally {
      this.add(step, performance.now() - start - (this.worked - before));
    }
  }

  /** Adds the time of a piece of work that does not wait. */
  time<T>(step: string, work: () => T): T {
    const start = performance.now();
    try {
      return work();
    } finally {
      const taken = performance.now() - start;
      this.worked += taken;
      this.add(step, taken);
    }
  }

  /** Seconds per step so far, to the millisecond. */
  get seconds(): Record<string, number> {
    return Object.fromEntries([...this.milliseconds].map(([step, ms]) => [step, Math.round(ms) / 1000]));
  }

  private add(step: string, ms: number): void {
    this.milliseconds.set(step, (this.milliseconds.get(step) ?? 0) + ms);
  }
}
