import { setTimeout as sleep } from "node:timers/promises";
import { EngineProcess } from "./engine-process";

/** `docker stop` must end within 3 s, with what Docker itself takes. */
const stopGraceMs = 2000;
const firstBackOffMs = 100;
const longestBackOffMs = 10_000;
/** An engine that ran this long starts its back-off from the beginning. */
const healthyAfterMs = 30_000;

/** Keeps one engine running: starts it again when it dies, one thing at a time. */
export class EngineKeeper {
  private readonly engine = new EngineProcess((how) => void this.inTurn(() => this.revive(how)));
  private queue: Promise<unknown> = Promise.resolve();
  private backOffMs = firstBackOffMs;
  private startedAt = 0;
  private leaving = false;

  constructor(private readonly say: (line: string) => void) {}

  /** Runs work that must not meet another start or stop of the engine. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Throws EngineStartError. */
  async start(): Promise<void> {
    await this.engine.start();
    this.startedAt = Date.now();
  }

  /** Throws EngineStartError with the engine down. */
  async restart(): Promise<void> {
    await this.engine.stop(stopGraceMs);
    await this.start();
  }

  /** Ends the engine for good, whatever is under way. */
  async leave(): Promise<void> {
    this.leaving = true;
    await this.engine.stop(stopGraceMs);
  }

  private async revive(how: string): Promise<void> {
    if (this.engine.running) return; // a restart in between has done it
    if (Date.now() - this.startedAt > healthyAfterMs) this.backOffMs = firstBackOffMs;
    while (!this.leaving) {
      this.say(`the engine ${how}, starting it again in ${this.backOffMs} ms`);
      await sleep(this.backOffMs);
      this.backOffMs = Math.min(this.backOffMs * 2, longestBackOffMs);
      try {
        if (!this.leaving) await this.start();
        return;
      } catch (error) {
        how = `did not start (${(error as Error).message})`;
      }
    }
  }
}
