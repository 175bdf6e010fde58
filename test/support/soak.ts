import fc from "fast-check";
import type { ServerVersion } from "./server";

/**
 * How much of what is random is tried, and from which seed: this file is the one place that says it. `make test` tries little, from
 * a seed that stays, so that what passed once passes again; `make soak` (toolchain/soak) tries all of it, from ever new seeds.
 */
const { SOAK_SEED } = process.env;

/** Seed of everything random in tests. */
export const SEED = Number(SOAK_SEED ?? 1);

const FEW = {
  /** Histories of orders and runs, those that are known by heart included. */
  histories: 14,
  /** Histories of ads and runs. */
  adHistories: 8,
  /** Shops that sell while they are loaded: some of the sizes and paces, or all. */
  allShops: false,
  /** Changes of a table's definition. */
  tableChanges: 25,
  /** Order lines that a drill restores and an upgrade takes along. */
  drillOrders: 20_000,
  /** How often a server is killed in the middle of a backup, and started again. */
  kills: 1,
  /** Months of a schedule in fast time. */
  months: 1,
  /** Every fault at every source; else each at those that a run cannot do without, and the others take turns. */
  allFaults: false,
  /**
   * Versions of ClickHouse that schema, access and backups are tried on: the oldest one that is supported, as all else runs on
   * that of development; or both.
   */
  versions: ["24.8.4"] as ServerVersion[],
  /** The reference scenario on the version of ClickHouse that is to come, too. */
  lookAhead: false,
  /** All that is asked of the server's image, of the server of a whole stack, too. */
  serverOfStack: false,
  /** Of a long table of like cases one in so many, see {@link sampleOf}. */
  oneOf: 8,
};
const FULL: typeof FEW = {
  histories: 100,
  adHistories: 100,
  allShops: true,
  tableChanges: 300,
  drillOrders: 1_000_000,
  kills: 100,
  months: 40,
  allFaults: true,
  versions: ["24.8.4", "25.8.2"],
  lookAhead: true,
  serverOfStack: true,
  oneOf: 1,
};

export const COUNTS = SOAK_SEED === undefined ? FEW : FULL;

/** Of a long table of like cases those that are tried: always the same of `make test`, from all over the table. */
export function sampleOf<const Case>(cases: readonly Case[]): Case[] {
  return cases.filter((_, i) => i % COUNTS.oneOf === 0);
}

// Vitest reads this file before each test file: every property that names no seed has this one.
fc.configureGlobal({ seed: SEED });
