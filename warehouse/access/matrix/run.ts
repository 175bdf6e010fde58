import type { Warehouse } from "../../client";
import { ask } from "../../login";
import type { Login } from "../state";
import type { Cell } from "./cell";
import { loaderCells, type LoaderTables } from "./loader";
import { monitorCells } from "./monitor";
import { backupCells, loginCells } from "./others";
import { furtherReaderCells, readerCells } from "./reader";

/**
 * Who may do what: the whole table, but for the further readers of a stack. What is allowed on tables and views follows from `sql/` and from the sources; what is
 * refused is written by hand, so that a right too many shows.
 */
export function matrixOf(loader: LoaderTables): Cell[] {
  // A user who is let in after a refusal shows, in the server's log too, that the refusal was of the attempt.
  return [...loginCells, ...readerCells(), ...loaderCells(loader), ...backupCells, ...monitorCells()];
}

/** What the further readers among the logins may do, and may not. */
export function readersMatrixOf(logins: readonly Login[]): Cell[] {
  return logins.flatMap(({ user, views }) =>
    views === undefined ? [] : furtherReaderCells({ user, views }),
  );
}

export interface Outcome {
  cell: Cell;
  /** ClickHouse's code, 0 for done. */
  code: number;
  /** True when it is what the cell expects. */
  right: boolean;
}

const WRONG_PASSWORD = "not the password of anybody";

/**
 * Tries cells over HTTP, in their order.
 * @param passwords by user; a cell of a user whose password is not here must be one with a wrong password
 */
export async function runCells(
  warehouse: Warehouse,
  passwords: Record<string, string>,
  cells: Cell[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const cell of cells) {
    const password = cell.wrongPassword ? WRONG_PASSWORD : passwords[cell.user];
    if (password === undefined) throw new Error(`No password for ${cell.user}`);
    const { code } = await ask(warehouse, { user: cell.user, password }, cell.sql);
    outcomes.push({ cell, code, right: cell.expected === "ok" ? code === 0 : cell.expected.includes(code) });
  }
  return outcomes;
}

/** `datalens_reader, SELECT from x: 497`. */
export function formatOutcome({ cell, code }: Outcome): string {
  return `${cell.user}, ${cell.action}: ${code === 0 ? "ok" : code}`;
}
