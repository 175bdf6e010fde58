import { probe } from "../../queries";

/** What may happen: `ok`, or one of ClickHouse's codes of a refusal. */
export type Expected = "ok" | number[];

/** One user and one action. */
export interface Cell {
  user: string;
  /** What is tried, in a few words; names the cell together with the user. */
  action: string;
  sql: string;
  expected: Expected;
  /** With a password that is not the user's. */
  wrongPassword?: true;
  /** Would change data if it were allowed, so it is not for a server with real ones. */
  harmful?: true;
}

/** ClickHouse's codes of refusals. */
export const DENIED = 497;
export const READONLY = 164;
/** The setting is constant, or DDL is switched off. */
export const PROHIBITED = 392;
export const CONSTRAINT = 452;
export const LOGIN_FAILED = 516;
export const UNKNOWN_LOGIN = 194;
/** The structure of a result cannot be told, as there is no table of which it could be. */
export const NO_TABLES = 636;
export const CHECK_FAILED = 469;
/** The server takes no INSERT that names a file: reading one is the client's work. */
export const INFILE_REFUSED = 78;

/** Actions that are done. */
export function allow(user: string, actions: Record<string, string>): Cell[] {
  return Object.entries(actions).map(([action, sql]) => ({ user, action, sql, expected: "ok" }));
}

/** Actions that are refused with one of the codes. */
export function forbid(user: string, codes: number[], actions: Record<string, string>): Cell[] {
  return Object.entries(actions).map(([action, sql]) => ({ user, action, sql, expected: codes }));
}

/** The same cells, kept away from servers with real data. */
export function markHarmful(cells: Cell[]): Cell[] {
  return cells.map((cell) => ({ ...cell, harmful: true }));
}

/** Reads one row at most. */
export function selects(objects: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    objects.map((name) => [`SELECT from ${name}`, probe`SELECT * FROM ${name} LIMIT 1`]),
  );
}

/** Shows the columns. */
export function describes(tables: readonly string[]): Record<string, string> {
  return Object.fromEntries(tables.map((name) => [`DESCRIBE of ${name}`, probe`DESCRIBE TABLE ${name}`]));
}

/** Inserts no row: the right is asked for, nothing is written. Every table has the column. */
export function inserts(tables: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    tables.map((name) => [
      `INSERT into ${name}`,
      probe`INSERT INTO ${name} (_ver) SELECT toUInt64(0) WHERE 0`,
    ]),
  );
}
