import type { Grant } from "./model";

/**
 * The list after one more GRANT or REVOKE. The order is kept: a revoke is a hole in what was given before it. What the new
 * one makes void is left out, so that saying the same again leads to the same list.
 */
export function withGrant(list: Grant[], added: Grant): Grant[] {
  const stands = list.some(
    (grant, index) =>
      grant.revoke === added.revoke && covers(grant, added) && !isUndone(added, list.slice(index + 1)),
  );
  if (stands) return list;
  const options = list.filter((grant) => !grant.revoke && grant.option);
  const rest = list.filter((grant) => !isVoidAfter(added, grant, options));
  // A revoke is worth keeping only as a hole in something wider.
  if (added.revoke && !rest.some((grant) => !grant.revoke && mayOverlap(grant, added))) return rest;
  return [...rest, added];
}

/** True when one of the later grants may take back what this one does. */
function isUndone(grant: Grant, later: Grant[]): boolean {
  return later.some((other) => other.revoke !== grant.revoke && mayOverlap(other, grant));
}

/** True when `earlier` has no effect once `later` has been applied. `options` are the grants with the grant option. */
function isVoidAfter(later: Grant, earlier: Grant, options: Grant[]): boolean {
  if (!coversObject(later, earlier)) return false;
  if (later.revoke) return !later.option || (earlier.revoke && earlier.option);
  if (later.option) return true;
  // Giving a right again does not give its grant option again: a revoke that took one away still counts.
  return earlier.revoke ? !options.some((grant) => mayOverlap(grant, earlier)) : !earlier.option;
}

/** True when everything that `narrow` says is said by `wide`. */
export function covers(wide: Grant, narrow: Grant): boolean {
  if (!coversObject(wide, narrow)) return false;
  return wide.revoke ? wide.option === narrow.option : wide.option || !narrow.option;
}

function coversObject(wide: Grant, narrow: Grant): boolean {
  const samePrivilege = wide.privilege === narrow.privilege || wide.privilege === "ALL";
  return (
    samePrivilege && coversColumns(wide.columns, narrow.columns) && coversName(wide.object, narrow.object)
  );
}

function coversColumns(wide: string[], narrow: string[]): boolean {
  if (wide.length === 0) return true;
  return narrow.length > 0 && narrow.every((column) => wide.includes(column));
}

function coversName(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === "*.*") return true;
  return wide.endsWith(".*") && narrow.startsWith(wide.slice(0, -1));
}

/** Whether two grants may concern one object; privileges are not compared, as one may contain another. */
function mayOverlap(a: Grant, b: Grant): boolean {
  return (
    coversName(a.object, b.object) ||
    coversName(b.object, a.object) ||
    /[^.]\*/.test(a.object + " " + b.object)
  );
}
