import { users } from "../catalogue";
import { quoteIfNeeded, quoteText } from "../sql/quote";
import { compareGrants } from "./compare-grants";
import { compareCollection, comparePolicy } from "./compare-policies";
import { compareQuota } from "./compare-quotas";
import { compareProfile, compareSettings, formatSettings } from "./compare-settings";
import type { Difference, Step } from "./difference";
import { unmanagedEntries } from "./unmanaged";
import type { Privileges } from "./privileges";
import { formerReaders } from "./readers";
import {
  own,
  formatNames,
  LOCKED,
  type AccessState,
  type Grantee,
  type NameSet,
  type UserState,
} from "./state";

const nothing: Grantee = { grants: [], roles: [], settings: { profiles: [], settings: {} } };

/** What a new user has that no statement has named. */
const newUser = { grantees: { all: true, names: [] }, defaultDatabase: "" };

/**
 * Everything in which the server differs from the declaration, both ways. What is not declared at all comes last and
 * without steps: it is somebody's, and a person has to decide.
 */
export function compareAccess(
  declared: AccessState,
  live: AccessState,
  privileges: Privileges,
): Difference[] {
  return [
    ...each(declared.collections, live.collections, compareCollection),
    ...each(declared.roles, live.roles, (name, role, found) => compareRole(name, role, found, privileges)),
    ...each(declared.profiles, live.profiles, compareProfile),
    ...each(declared.users, live.users, (name, user, found) => compareUser(name, user, found, privileges)),
    ...unmanagedAssignments(declared, live),
    ...each(declared.rowPolicies, live.rowPolicies, comparePolicy),
    ...each(declared.quotas, live.quotas, compareQuota),
    ...formerReaders(declared, live),
    ...unmanagedEntries(declared, live),
  ];
}

/** Differences of all that is declared of a kind; what the server's configuration makes is its own business. */
function each<Entry extends { configured?: boolean }>(
  declared: Record<string, Entry>,
  live: Record<string, Entry>,
  compare: (name: string, wanted: Entry, found: Entry | undefined) => Difference[],
): Difference[] {
  return Object.entries(declared)
    .filter(([, { configured }]) => configured !== true)
    .flatMap(([name, wanted]) => compare(name, wanted, own(live, name)));
}

/**
 * The difference that a login user does not get in with the configured password.
 * @param command that sets it in the stack's configuration
 */
export function passwordDifference(name: string, command: string, declared: UserState): Difference {
  return {
    text: `${name} is refused with its configured password`,
    advice: `set the wanted one with ${command} and pulumi up`,
    steps: [{ when: "alter", sql: identify(name, declared) }],
  };
}

/** `ALTER USER` to the declared hash and hosts; holds the hash. */
export function identify(name: string, user: UserState): string {
  return `ALTER USER ${quoteIfNeeded(name)} ${formatIdentity(user)}`;
}

function compareRole(
  name: string,
  declared: Grantee,
  live: Grantee | undefined,
  privileges: Privileges,
): Difference[] {
  const grants = compareGrants(name, declared, live ?? nothing, privileges);
  if (!live) {
    const create: Step = { when: "create role", sql: `CREATE ROLE IF NOT EXISTS ${quoteIfNeeded(name)}` };
    return [missingEntry(`the role ${name}`, create, grants)];
  }
  const reset: Step = {
    when: "alter",
    sql: `ALTER ROLE ${quoteIfNeeded(name)} ${formatSettings(declared.settings)}`,
  };
  return [...grants, ...compareSettings(name, declared.settings, live.settings, [reset])];
}

function compareUser(
  name: string,
  declared: UserState,
  live: UserState | undefined,
  privileges: Privileges,
): Difference[] {
  const to = quoteIfNeeded(name);
  const grants = compareGrants(name, declared, live ?? nothing, privileges);
  const roles = defaultRoles(name, declared, live);
  if (!live) {
    const sql = `CREATE USER IF NOT EXISTS ${to} ${formatIdentity(declared)} ${formatSettings(declared.settings)}`;
    const parts = [...grants, ...roles, ...limits(name, declared, newUser)];
    return [missingEntry(`the user ${name}`, { when: "create user", sql }, parts)];
  }
  const reset: Step = { when: "alter", sql: `ALTER USER ${to} ${formatSettings(declared.settings)}` };
  return [
    ...identity(name, declared, live),
    ...limits(name, declared, live),
    ...grants,
    ...roles,
    ...compareSettings(name, declared.settings, live.settings, [reset]),
  ];
}

/** How the user logs in, and from where. */
function identity(name: string, declared: UserState, live: UserState): Difference[] {
  const ways = (user: UserState) => user.authentication.join(", ") || "nothing";
  const hosts = (user: UserState) => user.hosts.join(", ") || "nowhere";
  const ends = (user: UserState) => user.validUntil.join(", ") || "without end";
  const identified = identify(name, declared);
  return [
    ...compareValue(`${name} is identified with`, ways(live), ways(declared), identified),
    ...compareValue(`${name} may come from`, hosts(live), hosts(declared), identified),
    ...compareValue(
      `${name} is valid until`,
      ends(live),
      ends(declared),
      `ALTER USER ${quoteIfNeeded(name)} VALID UNTIL ${quoteText(declared.validUntil[0] ?? "infinity")}`,
    ),
  ];
}

/** To whom the user may give rights, and the database it begins in. */
function limits(
  name: string,
  declared: UserState,
  live: Pick<UserState, "grantees" | "defaultDatabase">,
): Difference[] {
  const database = (user: typeof live) =>
    user.defaultDatabase === "" ? "NONE" : quoteIfNeeded(user.defaultDatabase);
  const alter = `ALTER USER ${quoteIfNeeded(name)}`;
  const grantees = formatNames(declared.grantees, "ANY");
  return [
    ...compareValue(
      `${name}: grantees are`,
      formatNames(live.grantees, "ANY"),
      grantees,
      `${alter} GRANTEES ${grantees}`,
    ),
    ...compareValue(
      `${name}: default database is`,
      database(live),
      database(declared),
      `${alter} DEFAULT DATABASE ${database(declared)}`,
    ),
  ];
}

function compareValue(what: string, found: string, wanted: string, sql: string): Difference[] {
  if (found === wanted) return [];
  return [{ text: `${what} ${found}, declared ${wanted}`, steps: [{ when: "alter", sql }] }];
}

function defaultRoles(name: string, declared: UserState, live: UserState | undefined): Difference[] {
  const wanted = declared.defaultRoles.join(", ") || "none";
  const found = live?.defaultRoles.join(", ") || "none";
  if (wanted === found) return [];
  const roles = formatNames({ all: false, names: declared.defaultRoles });
  return [
    {
      text: `${name}: default roles are ${found}, declared ${wanted}`,
      steps: [{ when: "default role", sql: `SET DEFAULT ROLE ${roles} TO ${quoteIfNeeded(name)}` }],
    },
  ];
}

/** Profiles, quotas and row policies that are not declared, given to somebody who is. */
function unmanagedAssignments(declared: AccessState, live: AccessState): Difference[] {
  const ours = [...Object.entries(declared.users), ...Object.entries(declared.roles)].flatMap(
    ([name, { configured }]) => (configured === true ? [] : [name]),
  );
  const kinds = [
    { kind: "profiles", noun: "SETTINGS PROFILE", one: "settings profile", when: "profile targets", ours },
    { kind: "quotas", noun: "QUOTA", one: "quota", when: "free quota", ours },
    // As admin, tables are copied: what it does not see would be lost.
    {
      kind: "rowPolicies",
      noun: "ROW POLICY",
      one: "row policy",
      when: "alter",
      ours: [...ours, users.admin],
    },
  ] as const;
  return kinds.flatMap(({ kind, noun, one, when, ours: free }) =>
    Object.entries<{ to: NameSet }>(live[kind]).flatMap(([name, { to }]): Difference[] => {
      if (own<unknown>(declared[kind], name) !== undefined) return [];
      const given = free.filter((target) => to.all !== to.names.includes(target));
      if (given.length === 0) return [];
      const others = to.names.filter((target) => !free.includes(target));
      const rest = formatNames({ all: to.all, names: to.all ? [...others, ...free] : others });
      const quoted = kind === "rowPolicies" ? name : quoteIfNeeded(name);
      return [
        {
          text: `the ${one} ${name}, which is not declared, is given to ${to.all ? "everybody" : given.join(", ")}`,
          steps: [{ when, sql: `ALTER ${noun} ${quoted} TO ${rest}` }],
        },
      ];
    }),
  );
}

function missingEntry(what: string, create: Step, parts: Difference[]): Difference {
  return { text: `${what} is missing`, steps: [create, ...parts.flatMap(({ steps }) => steps)] };
}

function formatIdentity({ passwordSha256 = LOCKED, validUntil, hosts }: UserState): string {
  const allowed = hosts.map((host) => {
    const [, kind, value = ""] = /^(NAME|LIKE|REGEXP) ([^]*)$/.exec(host) ?? [];
    if (kind !== undefined) return `${kind} ${quoteText(value)}`;
    return /^(ANY|LOCAL)$/.test(host) ? host : `IP ${quoteText(host)}`;
  });
  const end = validUntil[0] === undefined ? "" : ` VALID UNTIL ${quoteText(validUntil[0])}`;
  return `IDENTIFIED WITH sha256_hash BY '${passwordSha256}'${end} HOST ${allowed.join(", ") || "NONE"}`;
}
