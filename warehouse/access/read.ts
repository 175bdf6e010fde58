import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareAccess, passwordDifference } from "./compare";
import { declaredAccess } from "./declared";
import type { Difference } from "./difference";
import { passwordKey } from "../catalogue";
import { liveAccess, type Server } from "./live";
import { own, type AccessState, type Login } from "./state";

/** The declaration: statements of `sql/10_access.sql`, and what they leave open of the login users. */
export interface Declaration {
  sql: string;
  logins: Login[];
}

/** Statements of the one file of `sql/` that makes users, roles and grants. */
export function accessSql(): string {
  return readFileSync(join(__dirname, "../../sql/10_access.sql"), "utf8");
}

/** The repository's declaration for these login users. */
export function declaration(logins: Login[]): Declaration {
  return { sql: accessSql(), logins };
}

/**
 * Compares the server with the declaration; changes nothing.
 * @param refused login users whom the server refused with their configured password
 * @throws Failure for a declaration that cannot be read
 */
export async function readDifferences(
  server: Server,
  { sql, logins }: Declaration,
  refused: string[] = [],
): Promise<{ declared: AccessState; differences: Difference[] }> {
  const [declared, { state, privileges }] = await Promise.all([
    declaredAccess(server, sql, logins),
    liveAccess(server),
  ]);
  const differences = compareAccess(declared, state, privileges);
  const passwords = refused.flatMap((name) => {
    const user = own(declared.users, name);
    const live = own(state.users, name);
    // From another host, or after its end, a login is refused whatever the password; both are fixed together.
    const known = live?.hosts.join() === user?.hosts.join() && live?.validUntil.length === 0;
    return user && known ? [passwordDifference(name, passwordCommand(name, logins), user)] : [];
  });
  return { declared, differences: [...passwords, ...differences] };
}

/** The command that sets the configured password of a login user. */
function passwordCommand(name: string, logins: readonly Login[]): string {
  const key = passwordKey(name);
  if (key !== undefined) return `pulumi config set --secret zakaz:${key}`;
  const readers = logins.filter(({ views }) => views !== undefined);
  const index = readers.findIndex(({ user }) => user === name);
  return `pulumi config set --secret --path 'zakaz:readers[${index}].password'`;
}
