import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareAccess, passwordDifference } from "./compare";
import { declaredAccess, refusePasswords } from "./declared";
import type { Difference } from "./difference";
import { passwordKey } from "../catalogue";
import type { RowSource } from "../client";
import { declaredState } from "../declared";
import { schemaStatements, type SqlStatement } from "../schema/source";
import { readAccess } from "./server-state";
import { own, type AccessState, type Login } from "./state";

/** The declaration: statements of `sql/`, and what they leave open of the login users. */
export interface Declaration {
  statements: SqlStatement[];
  logins: Login[];
}

/** Statements of the one file of `sql/` that makes users, roles and grants. */
export function accessSql(): string {
  return readFileSync(join(__dirname, "../../sql/10_access.sql"), "utf8");
}

/** The repository's declaration for these login users. */
export function declaration(logins: Login[]): Declaration {
  return { statements: schemaStatements(), logins };
}

/**
 * Compares the server with the declaration; changes nothing.
 * @param refused login users whom the server refused with their configured password
 * @throws Failure for a declaration that cannot be read
 */
export async function readDifferences(
  server: RowSource,
  { statements, logins }: Declaration,
  refused: string[] = [],
): Promise<{ declared: AccessState; differences: Difference[] }> {
  refusePasswords(statements.filter(({ kind }) => kind === "access"));
  const [declared, { state, privileges }] = await Promise.all([
    declaredState(statements).then(({ access }) => declaredAccess(access, logins, server)),
    readAccess(server),
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
