/** Where the time of a run goes: seconds per step. Steps that wait for each other's results add up to the run. */
export class Stopwatch {
  private readonly milliseconds = new Map<string, number>();

  /** Adds the time that a promise takes. */
  async wait<T>(step: string, promise: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await promise;
    } finally {
      this.add(step, performance.now() - start);
    }
  }

  /** Adds the time of a piece of work that does not wait. */
  time<T>(step: string, work: () => T): T {
    const start = performance.now();
    try {
      return work();
    } finally {
      this.add(step, performance.now() - start);
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
