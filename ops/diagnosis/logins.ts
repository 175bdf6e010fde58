import type { Warehouse } from "../../warehouse/client";
import { StatementFailure } from "../../warehouse/failure";
import { AUTHENTICATION_FAILED, probeId } from "../../warehouse/login";
import { asAdmin, probe } from "../../warehouse/queries";
import { knownPasswords, type StackOutputs } from "../stack";
import { rowsIfThere } from "./statements";
import type { Trouble } from "./trouble";

/** How the server answers the users of the stack now. */
export interface Tried {
  /** Those whom it does not let in with the password of the stack. */
  refused: string[];
  /** Those whom it lets in and who may not do the least. */
  troubles: Trouble[];
}

/** Logs in with the passwords of the stack, and sends what every loader and DataLens send with a statement: a setting. */
export async function tryLogins(warehouse: Warehouse, stack: StackOutputs): Promise<Tried> {
  const tried = Object.entries(knownPasswords(stack)).map(async ([user, password]): Promise<Tried> => {
    const settings = { log_comment: "zakaz diagnose" };
    try {
      await warehouse.text(probe`SELECT 1`, {}, { as: { user, password }, settings, queryId: probeId() });
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      if (error.code === AUTHENTICATION_FAILED) return { refused: [user], troubles: [] };
      const said = `code ${error.code} ${error.type}: ${error.gist}`;
      return { refused: [], troubles: [{ signs: [`code ${error.code}`], who: user, user, said, at: "" }] };
    }
    return { refused: [], troubles: [] };
  });
  const all = await Promise.all(tried);
  return {
    refused: all.flatMap(({ refused }) => refused),
    troubles: all.flatMap(({ troubles }) => troubles),
  };
}

/** A login that the server has refused. */
interface RefusedLogin {
  address: string;
  user: string;
  reason: string;
  at: string;
}

/** What the server's log says of a refusal, and its sign. The client is told the same of each. */
const REASONS: readonly [RegExp, string][] = [
  [/IP_ADDRESS_NOT_ALLOWED/, "login host"],
  [/UNKNOWN_USER/, "login unknown"],
  [/./, "login password"],
];

/**
 * Logins of the warehouse's own users that were refused, and have not been let in from the same place since. One whom the server
 * did not know and knows now is no trouble any more: a first `up` asks for its users before it makes them.
 * @param given `refused`: those who are refused now with the password of the stack
 */
export async function readLogins(
  warehouse: Warehouse,
  { minutes, users, refused }: { minutes: number; users: readonly string[]; refused: readonly string[] },
): Promise<Trouble[]> {
  const found = await rowsIfThere(
    warehouse.rows<RefusedLogin>(
      asAdmin`SELECT refused.address AS address, refused.user AS user, refused.reason AS reason, toString(refused.at) AS at
FROM
(
  SELECT replaceOne(extract(message, '^from: ([^ ,]+)'), '::ffff:', '') AS address, extract(message, ', user: (.+?): Authentication failed') AS user,
    argMax(message, event_time_microseconds) AS reason, max(event_time_microseconds) AS at
  FROM system.text_log
  WHERE event_date >= toDate(now() - toIntervalMinute({minutes:UInt32})) AND event_time > now() - toIntervalMinute({minutes:UInt32})
    AND message LIKE 'from: %: Authentication failed%'
  GROUP BY address, user
) AS refused
LEFT JOIN
(
  SELECT user, replaceOne(toString(address), '::ffff:', '') AS address, max(event_time_microseconds) AS at
  FROM system.query_log
  WHERE event_date >= toDate(now() - toIntervalMinute({minutes:UInt32})) AND type = 'QueryFinish'
  GROUP BY user, address
) AS let ON let.user = refused.user AND let.address = refused.address
WHERE refused.user IN {users:Array(String)} AND let.at < refused.at
  AND NOT (refused.reason LIKE '%UNKNOWN_USER%' AND refused.user IN (SELECT name FROM system.users))
ORDER BY user, address`,
      { minutes, users },
    ),
  );
  return found.map(({ address, user, reason, at }): Trouble => {
    const sign = REASONS.find(([pattern]) => pattern.test(reason))![1];
    const signs = [sign, ...(refused.includes(user) ? ["stack's password"] : [])];
    return { signs, who: user, user, address, said: "", at: at.slice(0, 19) };
  });
}
