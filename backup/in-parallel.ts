import PQueue from "p-queue";

/** So many files at a time: enough for a storage that is far away, and little memory. */
const AT_ONCE = 8;

/** Does work for each of many; answers in their order. The first failure ends it. */
export function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  return new PQueue({ concurrency: AT_ONCE }).addAll(items.map((item) => () => work(item)));
}
