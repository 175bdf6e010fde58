import { Cursor } from "./cursor";
import { unreadable } from "./declaration-error";
import type { Grant } from "./model";
import type { AccessStatement } from "./statement";

/** A GRANT behind its first word. */
export function readGrant(cursor: Cursor): AccessStatement {
  const elements = readElements(cursor, "TO");
  cursor.expect("TO");
  const to = cursor.principals();
  const option = cursor.accept("WITH", elements.roles ? "ADMIN" : "GRANT", "OPTION");
  const replace = cursor.accept("WITH", "REPLACE", "OPTION");
  if (elements.roles) return { kind: "grantRoles", roles: elements.roles, admin: option, to, replace };
  return { kind: "grant", grants: elements.grants.map((grant) => ({ ...grant, option })), to, replace };
}

/** A REVOKE behind its first word: a hole in a wider right. */
export function readRevoke(cursor: Cursor): AccessStatement {
  const option = cursor.accept("GRANT", "OPTION", "FOR");
  const elements = readElements(cursor, "FROM");
  cursor.expect("FROM");
  const to = cursor.principals();
  if (elements.roles) throw unreadable(`REVOKE of \`${elements.roles.join(", ")}\` without ON`);
  const grants = elements.grants.map((grant) => ({ ...grant, revoke: true, option }));
  return { kind: "grant", grants, to, replace: false };
}

/** Either roles (`r1, r2`) or privileges (`SELECT(a, b), INSERT ON z.t, SHOW ON z.*`). */
function readElements(cursor: Cursor, end: "TO" | "FROM"): { roles?: string[]; grants: Grant[] } {
  const grants: Grant[] = [];
  const names: { name: string; columns: string[] }[] = [];
  do {
    const name = cursor.until("(", "ON", ",", end);
    if (!name) throw cursor.errorHere();
    names.push({ name, columns: readColumns(cursor) });
    if (cursor.accept("ON")) {
      const object = cursor.until(",", end);
      for (const { name: privilege, columns } of names.splice(0)) {
        grants.push({ revoke: false, option: false, privilege, columns, object });
      }
    }
  } while (cursor.accept(","));
  if (names.length === 0) return { grants };
  if (grants.length > 0 || names.some((role) => role.columns.length > 0)) throw cursor.errorHere();
  return { roles: new Cursor(names.map((role) => role.name).join(", ")).names(), grants };
}

function readColumns(cursor: Cursor): string[] {
  if (!cursor.accept("(")) return [];
  const columns = cursor.names();
  cursor.expect(")");
  return columns.sort();
}
