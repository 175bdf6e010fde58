import type { Grant, Grantee, Profile, Quota, QuotaKey, SettingsBlock } from "../../clickhouse/access/model";
import { Privileges, spellName, type PrivilegeRow } from "./privileges";
import { normalRule, type AccessState, type UserState } from "./state";

/** What reading needs of a server: rows of a query, as admin. */
export interface Server {
  rows<T>(sql: string): Promise<T[]>;
}

/** Columns of `system.users` that are compared; the kind of authentication is a list from 24.9 on. */
interface UserRow {
  name: string;
  storage: string;
  auth_type: string | string[];
  host_ip: string[];
  host_names: string[];
  host_names_regexp: string[];
  host_names_like: string[];
}

/** Columns of `system.grants`; the last two are missing in old versions. */
interface GrantRow {
  user_name: string | null;
  role_name: string | null;
  access_type: string;
  database: string | null;
  table: string | null;
  column: string | null;
  is_partial_revoke: number;
  grant_option: number;
  access_object?: string;
  is_wildcard?: number;
}

interface RoleGrantRow {
  user_name: string | null;
  role_name: string | null;
  granted_role_name: string;
  granted_role_is_default: number;
  with_admin_option: number;
}

interface ElementRow {
  profile_name: string | null;
  user_name: string | null;
  role_name: string | null;
  setting_name: string | null;
  value: string | null;
  min: string | null;
  max: string | null;
  writability: string | null;
  inherit_profile: string | null;
}

interface AppliedRow {
  name: string;
  apply_to_all: number;
  apply_to_list: string[];
  apply_to_except: string[];
}

type QuotaRow = AppliedRow & { keys: string[]; durations: (string | number)[] };
type LimitRow = Record<string, string | number | null> & { quota_name: string };

/** The server's tree of privileges. */
export async function readPrivileges(server: Server): Promise<Privileges> {
  const rows = await server.rows<PrivilegeRow>(
    "SELECT privilege, level, parent_group FROM system.privileges",
  );
  return new Privileges(rows);
}

/**
 * What the server really gives to whom, from its system tables: they say the same on a server and on the embedded
 * engine, and in every version from 24.8 on.
 */
export async function liveAccess(server: Server): Promise<{ state: AccessState; privileges: Privileges }> {
  const table = <Row>(name: string, order = "ALL") =>
    server.rows<Row>(`SELECT * FROM system.${name} ORDER BY ${order}`);
  const [privileges, users, roles, grants, roleGrants, profiles, elements, quotas, limits, policies] =
    await Promise.all([
      readPrivileges(server),
      table<UserRow>("users", "name"),
      table<{ name: string }>("roles", "name"),
      table<GrantRow>("grants"),
      table<RoleGrantRow>("role_grants"),
      table<AppliedRow>("settings_profiles", "name"),
      table<ElementRow>("settings_profile_elements", "index"),
      table<QuotaRow>("quotas", "name"),
      table<LimitRow>("quota_limits", "quota_name, duration"),
      table<{ short_name: string; database: string; table: string }>("row_policies", "name"),
    ]);

  const grantee = (key: "user_name" | "role_name", name: string): Grantee => ({
    grants: privileges.normal(
      grants.filter((row) => row[key] === name).map((row) => grantOf(row, privileges)),
    ),
    roles: roleGrants
      .filter((row) => row[key] === name)
      .map((row) => ({ role: row.granted_role_name, admin: row.with_admin_option === 1 })),
    settings: settingsOf(elements.filter((row) => row[key] === name)),
  });
  const user = (row: UserRow): UserState => ({
    ...withOwnProfile(grantee("user_name", row.name), row, elements),
    authentication: [row.auth_type].flat(),
    hosts: hostsOf(row),
    defaultRoles: roleGrants
      .filter((one) => one.user_name === row.name && one.granted_role_is_default === 1)
      .map((one) => one.granted_role_name)
      .sort(),
  });
  const profile = (row: AppliedRow): Profile => ({
    settings: settingsOf(elements.filter(({ profile_name }) => profile_name === row.name)),
    to: targetsOf(row),
  });
  const hidden = new Set(users.filter(isInXml).map(ownProfileName));
  const state = {
    users: byName(users, user),
    roles: byName(roles, ({ name }) => grantee("role_name", name)),
    profiles: byName(
      profiles.filter(({ name }) => !hidden.has(name)),
      profile,
    ),
    quotas: byName(quotas, (row) => quotaOf(row, limits)),
    rowPolicies: policies.map(
      ({ short_name: name, database, table: on }) =>
        `${spellName(name)} ON ${spellName(database)}.${spellName(on)}`,
    ),
  };
  return { state, privileges };
}

function grantOf(row: GrantRow, privileges: Privileges): Grant {
  return {
    revoke: row.is_partial_revoke === 1,
    option: row.grant_option === 1,
    privilege: row.access_type,
    columns: row.column === null ? [] : [row.column],
    object: objectOf(row, privileges.hasOwnObjects(row.access_type)),
  };
}

function objectOf({ access_object, database, table, is_wildcard }: GrantRow, isOwn: boolean): string {
  const star = is_wildcard === 1 ? "*" : "";
  const name = (text: string) => (text === "" ? "" : spellName(text));
  if (isOwn) return name(access_object ?? database ?? "") + star || "*";
  if (database === null) return "*.*";
  return table === null ? `${name(database)}${star}.*` : `${name(database)}.${name(table)}${star}`;
}

function hostsOf(row: UserRow): string[] {
  if (row.host_ip.includes("::/0")) return ["ANY"];
  return [
    ...row.host_ip,
    ...row.host_names.map((name) => (name === "localhost" ? "LOCAL" : `NAME ${name}`)),
    ...row.host_names_regexp.map((name) => `REGEXP ${name}`),
    ...row.host_names_like.map((name) => `LIKE ${name}`),
  ].sort();
}

function settingsOf(rows: ElementRow[]): SettingsBlock {
  const block: SettingsBlock = { profiles: [], settings: {} };
  for (const row of rows) {
    if (row.inherit_profile !== null) block.profiles.push(row.inherit_profile);
    if (row.setting_name === null) continue;
    const { value, min, max } = row;
    const fixed = row.writability === "CONST" || row.writability === "CHANGEABLE_IN_READONLY";
    block.settings[row.setting_name] = normalRule({
      ...(value === null ? {} : { value }),
      ...(min === null ? {} : { min }),
      ...(max === null ? {} : { max }),
      ...(fixed ? { writability: row.writability as "CONST" } : {}),
    });
  }
  return block;
}

/**
 * The embedded engine keeps a user's own settings, and those of its roles, in a profile made for it, and gives a user
 * without any profile the one named `default`. A server has neither.
 */
function withOwnProfile(grantee: Grantee, user: UserRow, elements: ElementRow[]): Grantee {
  if (!isInXml(user)) return grantee;
  const [only, ...more] = grantee.settings.profiles;
  if (more.length > 0 || only === undefined) return grantee;
  if (only === "default") return { ...grantee, settings: { profiles: [], settings: {} } };
  if (only !== ownProfileName(user)) return grantee;
  return { ...grantee, settings: settingsOf(elements.filter((row) => row.profile_name === only)) };
}

function isInXml({ storage }: UserRow): boolean {
  return storage === "users_xml";
}

function ownProfileName({ name }: { name: string }): string {
  return `${name}_own_profile`;
}

function targetsOf({ apply_to_all, apply_to_list, apply_to_except }: AppliedRow): string[] {
  return apply_to_all === 1 ? ["ALL", ...apply_to_except.map((name) => `EXCEPT ${name}`)] : apply_to_list;
}

function quotaOf(row: QuotaRow, limits: LimitRow[]): Quota {
  return {
    keyedBy: row.keys.join("_or_") as QuotaKey,
    intervals: limits
      .filter((limit) => limit.quota_name === row.name)
      .map((limit) => ({
        seconds: Number(limit["duration"]),
        randomized: limit["is_randomized_interval"] === 1,
        limits: Object.fromEntries(
          Object.entries(limit)
            .filter(([column, value]) => column.startsWith("max_") && value !== null)
            .map(([column, value]) => [column.slice("max_".length), Number(value)]),
        ),
      })),
    to: targetsOf(row),
  };
}

function byName<Row extends { name: string }, Value>(
  rows: Row[],
  value: (row: Row) => Value,
): Record<string, Value> {
  return Object.fromEntries(rows.map((row) => [row.name, value(row)]));
}
