import type { DataSet, Collection, DataSetOptions } from "../../../sandbox/qtickets/data-set";
import { DataSet as SandboxData, dataSetDefaults } from "../../../sandbox/qtickets/data-set";

/** Noon of 2030-05-15 in Moscow. */
export const NOON = Date.parse("2030-05-15T12:00:00+03:00");
export const DAY = 86_400_000;

export function dataSet(options: Partial<DataSetOptions> = {}): DataSet {
  return new SandboxData({ ...dataSetDefaults, now: () => NOON, ...options });
}

export function all<T>(collection: Collection<T>): T[] {
  return Array.from({ length: collection.length }, (_, index) => collection.at(index));
}
