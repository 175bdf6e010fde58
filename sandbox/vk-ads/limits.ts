import { moscowDay, SECOND, HOUR } from "../moscow-time";

/** Requests allowed per calendar period. */
export interface Limits {
  RPS: number;
  Hourly: number;
  Daily: number;
}

export type LimitName = keyof Limits;

/** Far from what a client that behaves could reach. */
export const defaultLimits: Limits = { RPS: 10_000, Hourly: 1_000_000, Daily: 10_000_000 };

const periods: Record<LimitName, (timestamp: number) => number> = {
  RPS: (timestamp) => Math.floor(timestamp / SECOND),
  Hourly: (timestamp) => Math.floor(timestamp / HOUR),
  Daily: moscowDay,
};

/** Counts the requests of accounts in the current second, hour and Moscow day. */
export class Counters {
  private readonly counts = new Map<string, { period: number; requests: number }>();

  constructor(
    readonly limits: Limits,
    private readonly now: () => number,
  ) {}

  count(account: string): void {
    for (const name of Object.keys(periods) as LimitName[]) {
      this.counts.set(`${name}:${account}`, {
        period: periods[name](this.now()),
        requests: this.requests(name, account) + 1,
      });
    }
  }

  /** What is left of each limit. */
  remaining(account: string): Limits {
    const left = (name: LimitName) => Math.max(0, this.limits[name] - this.requests(name, account));
    return { RPS: left("RPS"), Hourly: left("Hourly"), Daily: left("Daily") };
  }

  private requests(name: LimitName, account: string): number {
    const counted = this.counts.get(`${name}:${account}`);
    return counted?.period === periods[name](this.now()) ? counted.requests : 0;
  }
}
