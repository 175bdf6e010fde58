import { quoteIfNeeded } from "../sql/quote";
import type { Difference, Step } from "./difference";
import { grantKey, type Privileges } from "./privileges";
import type { Grant, Grantee } from "./state";

/** How many privileges a sentence names. */
const longestList = 6;

/**
 * Privileges and roles of one user or role. What is surplus is revoked. A REVOKE also takes what lies inside of what it
 * names, so what is declared there is given again.
 */
export function compareGrants(
  name: string,
  declared: Grantee,
  live: Grantee,
  privileges: Privileges,
): Difference[] {
  const [wanted, found] = [privileges.expand(declared.grants), privileges.expand(live.grants)];
  const liveByKey = new Map(found.map((grant) => [grantKey(grant), grant]));
  const declaredByKey = new Map(wanted.map((grant) => [grantKey(grant), grant]));
  const missing = wanted.filter((grant) => {
    const held = liveByKey.get(grantKey(grant));
    return !held || (grant.option && !held.option);
  });
  const surplus = found.filter((grant) => !declaredByKey.has(grantKey(grant)));
  const surplusOption = found.filter(
    (grant) => grant.option && declaredByKey.get(grantKey(grant))?.option === false,
  );

  const to = quoteIfNeeded(name);
  const give = (grants: Grant[]): Step[] => groupAlike(grants).map((group) => grantStep(group, to));
  // No text of rights on other things than tables is read by every version: everything is revoked and granted anew.
  const anew = surplus.some((grant) => privileges.hasOwnObjects(grant.privilege))
    ? [{ when: "revoke", sql: `REVOKE ALL ON *.* FROM ${to}` } as const, ...give(wanted)]
    : undefined;
  return [
    ...groupAlike(surplus).map((group): Difference => ({
      text: `${name} has ${formatGrants(group, privileges)}, which is not declared`,
      steps: anew ?? [
        revokeStep(group, to),
        ...give(wanted.filter((grant) => group.some((revoked) => isInside(grant, revoked)))),
      ],
    })),
    ...groupAlike(surplusOption).map((group): Difference => ({
      text: `${name} may pass on ${formatGrants(group, privileges)}, which is not declared`,
      steps: [{ when: "revoke", sql: `REVOKE GRANT OPTION FOR ${elements(group)} FROM ${to}` }],
    })),
    ...groupAlike(missing).map((group): Difference => ({
      text: `${name} lacks ${formatGrants(group, privileges)}${group[0]?.option ? " WITH GRANT OPTION" : ""}`,
      steps: give(group),
    })),
    ...compareRoles(name, declared, live),
  ];
}

function compareRoles(name: string, declared: Grantee, live: Grantee): Difference[] {
  const to = quoteIfNeeded(name);
  const surplus = live.roles.flatMap(({ role, admin }): Difference[] => {
    const wanted = declared.roles.find((one) => one.role === role);
    if (!wanted) {
      return [
        {
          text: `${name} has the role ${role}, which is not declared`,
          steps: [{ when: "revoke", sql: `REVOKE ${quoteIfNeeded(role)} FROM ${to}` }],
        },
      ];
    }
    if (!admin || wanted.admin) return [];
    return [
      {
        text: `${name} may pass on the role ${role}, which is not declared`,
        steps: [{ when: "revoke", sql: `REVOKE ADMIN OPTION FOR ${quoteIfNeeded(role)} FROM ${to}` }],
      },
    ];
  });
  const missing = declared.roles.flatMap(({ role, admin }): Difference[] => {
    const found = live.roles.find((one) => one.role === role);
    if (found && (found.admin || !admin)) return [];
    const option = admin ? " WITH ADMIN OPTION" : "";
    return [
      {
        text: `${name} lacks the role ${role}${option}`,
        steps: [{ when: "grant role", sql: `GRANT ${quoteIfNeeded(role)} TO ${to}${option}` }],
      },
    ];
  });
  return [...surplus, ...missing];
}

/** Grants in groups that one statement can name: one object, given or revoked, with or without the grant option. */
function groupAlike(grants: Grant[]): Grant[][] {
  const groups = new Map<string, Grant[]>();
  for (const grant of grants) {
    const key = JSON.stringify([grant.object, grant.revoke, grant.option]);
    groups.set(key, [...(groups.get(key) ?? []), grant]);
  }
  return [...groups.values()];
}

function grantStep(group: Grant[], to: string): Step {
  const list = elements(group);
  if (group[0]?.revoke) return { when: "revoke inside", sql: `REVOKE ${list} FROM ${to}` };
  return { when: "grant", sql: `GRANT ${list} TO ${to}${group[0]?.option ? " WITH GRANT OPTION" : ""}` };
}

/** A surplus hole in a wider right is closed by giving what it takes. */
function revokeStep(group: Grant[], from: string): Step {
  const list = elements(group);
  return group[0]?.revoke
    ? { when: "grant", sql: `GRANT ${list} TO ${from}` }
    : { when: "revoke", sql: `REVOKE ${list} FROM ${from}` };
}

/** `SELECT(a, b), INSERT ON zakaz.t` of grants on one object. */
function elements(group: Grant[]): string {
  const names = [...new Set(group.map(({ privilege }) => privilege))];
  const parts = names.flatMap((privilege) => {
    const own = group.filter((grant) => grant.privilege === privilege);
    const columns = own.flatMap((grant) => grant.columns).sort();
    const whole = own.some((grant) => grant.columns.length === 0);
    return [...(whole ? [privilege] : []), ...(columns.length > 0 ? [withColumns(privilege, columns)] : [])];
  });
  return `${parts.join(", ")} ON ${group[0]?.object}`;
}

function withColumns(privilege: string, columns: string[]): string {
  return `${privilege}(${columns.map(quoteIfNeeded).join(", ")})`;
}

/** The same for a sentence: groups of privileges by the group's name, a long list cut short. */
function formatGrants(group: Grant[], privileges: Privileges): string {
  const object = group[0]?.object ?? "";
  const whole = group.filter(({ columns }) => columns.length === 0).map(({ privilege }) => privilege);
  const some = group.filter(({ columns }) => columns.length > 0);
  const names = [
    ...privileges.grouped(whole, object),
    ...some.map(({ privilege, columns }) => withColumns(privilege, columns)),
  ];
  const shown = names.length > longestList + 1 ? names.slice(0, longestList) : names;
  const more = names.length - shown.length;
  const list = `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""} ON ${object}`;
  return group[0]?.revoke ? `the revoke of ${list}` : list;
}

/** True when taking `outer` away may take `inner` with it. */
function isInside(inner: Grant, outer: Grant): boolean {
  if (outer.revoke || inner.privilege !== outer.privilege) return false;
  const { object } = outer;
  const prefix = object.endsWith("*") ? object.slice(0, object.indexOf("*")) : undefined;
  return inner.object === object || (prefix !== undefined && inner.object.startsWith(prefix));
}
