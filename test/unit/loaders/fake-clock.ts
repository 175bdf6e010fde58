import type { Clock } from "../../../loaders/core/clock";

/** A clock that only moves when somebody sleeps. `random` gives what it is told. */
export function fakeClock(start = 0, random = 1): Clock & { slept: number[] } {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: (ms) => {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
    random: () => random,
  };
}
