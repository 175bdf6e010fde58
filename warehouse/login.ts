import { randomUUID } from "node:crypto";
import type { Warehouse } from "./client";
import { StatementFailure } from "./failure";
import { probe } from "./queries";
import type { Credentials } from "./target";

/** ClickHouse's code for a login that failed: wrong password, a host that is not allowed, or no such user. */
export const AUTHENTICATION_FAILED = 516;

/** Beginning of the query id of a statement that is sent only to see what the server says to it: its refusal is no fault. */
export const PROBE = "zakaz-probe-";

/** A new id of such a statement. */
export const probeId = (): string => PROBE + randomUUID();

/** What a server answers: ClickHouse's code (0: done), and the text. */
export interface Answer {
  code: number;
  text: string;
}

/**
 * Runs one statement as a user; that it is refused is an answer too.
 * @throws Unreachable when the server does not answer
 */
export async function ask(warehouse: Warehouse, as: Credentials, sql: string): Promise<Answer> {
  try {
    return { code: 0, text: await warehouse.text(sql, {}, { as, queryId: probeId() }) };
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    return { code: error.code, text: error.message };
  }
}

/** Those of the users whom the server does not let in with these passwords. */
export async function refusedLogins(
  warehouse: Warehouse,
  passwords: Record<string, string>,
): Promise<string[]> {
  const users = Object.entries(passwords);
  const answers = await Promise.all(
    users.map(([user, password]) => ask(warehouse, { user, password }, probe`SELECT 1`)),
  );
  return users.flatMap(([user], index) => (answers[index]?.code === AUTHENTICATION_FAILED ? [user] : []));
}
