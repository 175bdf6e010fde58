import type { Grantee } from "../../clickhouse/access/model";
import { compareGrants } from "./compare-grants";
import { compareQuota } from "./compare-quotas";
import { compareProfile, compareSettings, spellSettings, spellTargets } from "./compare-settings";
import type { Difference, Step } from "./difference";
import { foreign } from "./foreign";
import { spellName, type Privileges } from "./privileges";
import { own, quoteText, type AccessState, type UserState } from "./state";

const nothing: Grantee = { grants: [], roles: [], settings: { profiles: [], settings: {} } };

/**
 * Everything in which the server differs from the declaration, both ways. Principals that nobody declared come last and
 * without steps: they are somebody's, and a person has to decide.
 */
export function compareAccess(
  declared: AccessState,
  live: AccessState,
  privileges: Privileges,
): Difference[] {
  return [
    ...Object.entries(declared.roles).flatMap(([name, role]) =>
      compareRole(name, role, own(live.roles, name), privileges),
    ),
    ...Object.entries(declared.profiles).flatMap(([name, profile]) =>
      compareProfile(name, profile, own(live.profiles, name)),
    ),
    ...Object.entries(declared.users).flatMap(([name, user]) =>
      compareUser(name, user, { declared, live }, privileges),
    ),
    ...taken(declared, live),
    ...Object.entries(declared.quotas).flatMap(([name, quota]) =>
      compareQuota(name, quota, own(live.quotas, name)),
    ),
    ...foreign(declared, live),
  ];
}

/**
 * The difference that a login user does not get in with the configured password.
 * @param key of the stack's configuration that holds it
 */
export function passwordDifference(name: string, key: string, declared: UserState): Difference {
  return {
    text: `${name} is refused with its configured password`,
    advice: `set the wanted one with pulumi config set --secret zakaz:${key} and pulumi up`,
    steps: [{ when: "alter", sql: identify(name, declared) }],
  };
}

/** `ALTER USER` to the declared hash and places; holds the hash. */
export function identify(name: string, user: UserState): string {
  return `ALTER USER ${spellName(name)} ${spellIdentity(user)}`;
}

function compareRole(
  name: string,
  declared: Grantee,
  live: Grantee | undefined,
  privileges: Privileges,
): Difference[] {
  const grants = compareGrants(name, declared, live ?? nothing, privileges);
  if (!live) {
    const create: Step = { when: "create role", sql: `CREATE ROLE IF NOT EXISTS ${spellName(name)}` };
    return [missing(`the role ${name}`, create, grants)];
  }
  return [...grants, ...compareSettings(name, declared.settings, live.settings, [resetRole(name, declared)])];
}

function compareUser(
  name: string,
  declared: UserState,
  all: { declared: AccessState; live: AccessState },
  privileges: Privileges,
): Difference[] {
  const live = own(all.live.users, name);
  const grants = compareGrants(name, declared, live ?? nothing, privileges);
  const roles = defaultRoles(name, declared, live);
  if (!live) {
    const sql = `CREATE USER IF NOT EXISTS ${spellName(name)} ${spellIdentity(declared)} ${spellSettings(declared.settings)}`;
    return [missing(`the user ${name}`, { when: "create user", sql }, [...grants, ...roles])];
  }
  // The embedded engine shows settings of a user's roles, and profiles given to user or role, as the user's own.
  const granted = declared.roles.map(({ role }) => role);
  const reset: Step[] = [
    { when: "alter", sql: `ALTER USER ${spellName(name)} ${spellSettings(declared.settings)}` },
    ...granted.flatMap((role) => {
      const declaredRole = own(all.declared.roles, role);
      return declaredRole ? [resetRole(role, declaredRole)] : [];
    }),
    ...live.settings.profiles
      .filter((profile) => !declared.settings.profiles.includes(profile) && profile !== "default")
      .map((profile) => unassign(profile, all.declared, all.live)),
  ];
  return [
    ...identity(name, declared, live),
    ...grants,
    ...roles,
    ...compareSettings(name, declared.settings, live.settings, reset),
  ];
}

/** Takes a profile from everybody who is declared and has not been given it by the declaration. */
function unassign(profile: string, declared: AccessState, live: AccessState): Step {
  const others = own(live.profiles, profile)?.to.filter((name) => !isDeclared(name, declared)) ?? [];
  const to = spellTargets(own(declared.profiles, profile)?.to ?? others);
  return { when: "profile targets", sql: `ALTER SETTINGS PROFILE ${spellName(profile)} TO ${to}` };
}

function isDeclared(name: string, { users, roles }: AccessState): boolean {
  return Object.hasOwn(users, name) || Object.hasOwn(roles, name);
}

function identity(name: string, declared: UserState, live: UserState): Difference[] {
  const steps: Step[] = [{ when: "alter", sql: identify(name, declared) }];
  const wanted = [
    {
      what: "is identified with",
      declared: declared.authentication,
      live: live.authentication,
      none: "nothing",
    },
    { what: "may come from", declared: declared.hosts, live: live.hosts, none: "nowhere" },
  ];
  return wanted.flatMap(({ what, none, ...lists }) => {
    const spelled = lists.declared.join(", ") || none;
    const found = lists.live.join(", ") || none;
    return spelled === found ? [] : [{ text: `${name} ${what} ${found}, declared ${spelled}`, steps }];
  });
}

function defaultRoles(name: string, declared: UserState, live: UserState | undefined): Difference[] {
  const wanted = declared.defaultRoles.join(", ") || "none";
  const found = live?.defaultRoles.join(", ") || "none";
  if (wanted === found) return [];
  const roles = declared.defaultRoles.length === 0 ? "NONE" : declared.defaultRoles.map(spellName).join(", ");
  const steps: Step[] = [
    { when: "default role", sql: `SET DEFAULT ROLE ${roles} TO ${spellName(name)}` },
    // Where roles that are granted and no default cannot be told from roles that are not granted.
    ...declared.defaultRoles.map((role): Step => ({
      when: "grant role",
      sql: `GRANT ${spellName(role)} TO ${spellName(name)}`,
    })),
  ];
  return [{ text: `${name}: default roles are ${found}, declared ${wanted}`, steps }];
}

/** Profiles and quotas of nobody knows whom, given to somebody who is declared. */
function taken(declared: AccessState, live: AccessState): Difference[] {
  const ours = [...Object.keys(declared.users), ...Object.keys(declared.roles)];
  const kinds = [
    { kind: "profiles", noun: "SETTINGS PROFILE", one: "settings profile", when: "profile targets" },
    { kind: "quotas", noun: "QUOTA", one: "quota", when: "free quota" },
  ] as const;
  return kinds.flatMap(({ kind, noun, one, when }) =>
    Object.entries<{ to: string[] }>(live[kind]).flatMap(([name, { to }]): Difference[] => {
      if (own<unknown>(declared[kind], name) !== undefined || (kind === "quotas" && name === "default"))
        return [];
      const [first] = to;
      const given = first === "ALL" ? ["everybody"] : to.filter((target) => ours.includes(target));
      if (given.length === 0) return [];
      const rest =
        first === "ALL"
          ? `ALL EXCEPT ${ours.map(spellName).join(", ")}`
          : spellTargets(to.filter((target) => !ours.includes(target)));
      return [
        {
          text: `the ${one} ${name}, which nobody declared, is given to ${given.join(", ")}`,
          steps: [{ when, sql: `ALTER ${noun} ${spellName(name)} TO ${rest}` }],
        },
      ];
    }),
  );
}

function missing(what: string, create: Step, parts: Difference[]): Difference {
  return { text: `${what} is missing`, steps: [create, ...parts.flatMap(({ steps }) => steps)] };
}

function resetRole(name: string, { settings }: Grantee): Step {
  return { when: "alter", sql: `ALTER ROLE ${spellName(name)} ${spellSettings(settings)}` };
}

function spellIdentity({ passwordSha256 = "", hosts }: UserState): string {
  const places = hosts.map((host) => (/^(ANY|LOCAL)$/.test(host) ? host : `IP ${quoteText(host)}`));
  return `IDENTIFIED WITH sha256_hash BY '${passwordSha256}' HOST ${places.join(", ") || "NONE"}`;
}
