import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../../loaders/core/clock";

interface Sleeper {
  at: number;
  wake: () => void;
}

/**
 * A clock for programs that sleep in several places at once: time passes only when all of them sleep, and then to the next
 * who wakes. What is slept is monotonic; `now` is the clock on the wall, which can be set.
 */
export class VirtualClock implements Clock {
  /** Milliseconds that have passed; nobody sets them. */
  passed = 0;
  private sleepers: Sleeper[] = [];

  constructor(
    private offset: number,
    readonly random: () => number = () => 0,
  ) {}

  now(): number {
    return this.offset + this.passed;
  }

  /** Sets the clock on the wall forward, or back. */
  set(by: number): void {
    this.offset += by;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const stop = (): void => {
        this.sleepers = this.sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper = {
        at: this.passed + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        },
      };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Lets time pass until the given moment. */
  async passTo(moment: number): Promise<void> {
    for (;;) {
      await setImmediate();
      const first = this.sleepers.reduce<Sleeper | undefined>(
        (soonest, one) => (soonest === undefined || one.at < soonest.at ? one : soonest),
        undefined,
      );
      if (first === undefined || first.at > moment) break;
      this.sleepers = this.sleepers.filter((one) => one !== first);
      this.passed = Math.max(this.passed, first.at);
      first.wake();
    }
    this.passed = Math.max(this.passed, moment);
  }
}
