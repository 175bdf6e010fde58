/** A small seeded generator: the same key always gives the same numbers, on every machine and in any order of calls. */
export class Random {
  private state: number;

  /** @param key what the numbers are for, e.g. seed, day and index; any change gives unrelated numbers */
  constructor(...key: number[]) {
    let hash = 0x811c9dc5;
    for (const part of key) {
      hash = Math.imul(hash ^ (part & 0xffff), 0x01000193);
      hash = Math.imul(hash ^ (part >>> 16), 0x01000193);
      hash ^= hash >>> 15;
    }
    this.state = hash >>> 0;
    this.next();
  }

  /** A number in [0, 1) (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with this probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.int(0, choices.length - 1)] as T;
  }
}
