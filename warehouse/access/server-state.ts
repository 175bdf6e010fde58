import type { RowSource } from "../client";
import { asAdmin } from "../queries";
import { unquoteToken } from "../schema/statement-tokens";
import { isSignificant, tokenize } from "../sql/lexer";
import { quoteIfNeeded } from "../sql/quote";
import { Privileges, type PrivilegeRow } from "./privileges";
import {
  normalRule,
  type AccessState,
  type Grant,
  type Grantee,
  type NameSet,
  type Quota,
  type SettingsBlock,
  type UserState,
} from "./state";

/** Entities of the server's configuration files stand in this storage. */
const CONFIGURATION = "users_xml";

interface EntityRow {
  name: string;
  storage: string;
}

/** Columns of `system.users` that are compared; the kind of authentication is a list from 24.9 on. */
interface UserRow extends EntityRow {
  auth_type: string | string[];
  host_ip: string[];
  host_names: string[];
  host_names_regexp: string[];
  host_names_like: string[];
  grantees_any: number;
  grantees_list: string[];
  grantees_except: string[];
  default_database: string;
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

interface AppliedRow extends EntityRow {
  apply_to_all: number;
  apply_to_list: string[];
  apply_to_except: string[];
}

type QuotaRow = AppliedRow & { keys: string[] };
type PolicyRow = AppliedRow & { select_filter: string | null; is_restrictive: number };
/** `source` is missing in old versions; another one than SQL: of the server's configuration. */
interface CollectionRow {
  name: string;
  collection: Record<string, string>;
  source?: string;
}
type LimitRow = Record<string, string | number | null> & { quota_name: string };

/**
 * What the server gives to whom, from its system tables: they say the same in every version from 24.8 on. When a login ends is
 * in none of them, so that comes from SHOW ACCESS.
 */
export async function readAccess(server: RowSource): Promise<{ state: AccessState; privileges: Privileges }> {
  const table = <Row>(name: string, order = "ALL") =>
    server.rows<Row>(asAdmin`SELECT * FROM system.${name} ORDER BY ${order}`);
  const [
    privileges,
    users,
    ends,
    roles,
    grants,
    roleGrants,
    profiles,
    elements,
    quotas,
    limits,
    policies,
    collections,
  ] = await Promise.all([
    server.rows<PrivilegeRow>(asAdmin`SELECT privilege, level, parent_group FROM system.privileges`),
    table<UserRow>("users", "name"),
    readEnds(server),
    table<EntityRow>("roles", "name"),
    table<GrantRow>("grants"),
    table<RoleGrantRow>("role_grants"),
    table<AppliedRow>("settings_profiles", "name"),
    table<ElementRow>("settings_profile_elements", "index"),
    table<QuotaRow>("quotas", "name"),
    table<LimitRow>("quota_limits", "quota_name, duration"),
    table<PolicyRow>("row_policies", "name"),
    // A server shows the values where its configuration says so and where they are asked for.
    table<CollectionRow>("named_collections", "name SETTINGS format_display_secrets_in_show_and_select = 1"),
  ]);
  const tree = new Privileges(privileges);

  const grantee = (key: "user_name" | "role_name", name: string): Grantee => ({
    grants: grants.filter((row) => row[key] === name).map((row) => grantOf(row, tree)),
    roles: roleGrants
      .filter((row) => row[key] === name)
      .map((row) => ({ role: row.granted_role_name, admin: row.with_admin_option === 1 })),
    settings: settingsOf(elements.filter((row) => row[key] === name)),
  });
  const user = (row: UserRow): UserState => ({
    ...grantee("user_name", row.name),
    authentication: [row.auth_type].flat(),
    validUntil: ends.get(row.name) ?? [],
    hosts: hostsOf(row),
    defaultRoles: roleGrants
      .filter((one) => one.user_name === row.name && one.granted_role_is_default === 1)
      .map((one) => one.granted_role_name)
      .sort(),
    grantees: nameSet(row.grantees_any, row.grantees_list, row.grantees_except),
    defaultDatabase: row.default_database,
  });
  const state: AccessState = {
    users: byName(users, user),
    roles: byName(roles, ({ name }) => grantee("role_name", name)),
    profiles: byName(profiles, (row) => ({
      settings: settingsOf(elements.filter(({ profile_name }) => profile_name === row.name)),
      to: targetsOf(row),
    })),
    quotas: byName(quotas, (row) => quotaOf(row, limits)),
    rowPolicies: byName(policies, (row) => ({
      filter: row.select_filter ?? "",
      restrictive: row.is_restrictive === 1,
      to: targetsOf(row),
    })),
    collections: byName(
      collections.map((row) => ({ ...row, storage: (row.source ?? "SQL") === "SQL" ? "" : CONFIGURATION })),
      ({ collection }) => ({ values: collection }),
    ),
  };
  return { state, privileges: tree };
}

/** By user, when its ways to log in end: as in `CREATE USER u IDENTIFIED WITH a VALID UNTIL '…', b HOST …`. */
async function readEnds(server: RowSource): Promise<Map<string, string[]>> {
  const ends = new Map<string, string[]>();
  for (const row of await server.rows<Record<string, string>>(asAdmin`SHOW ACCESS`)) {
    const tokens = tokenize(Object.values(row).join()).filter(isSignificant);
    const [create, noun, name] = tokens;
    if (create?.text !== "CREATE" || noun?.text !== "USER" || name === undefined) continue;
    const own = tokens.filter((_, i) => tokens[i - 2]?.text === "VALID" && tokens[i - 1]?.text === "UNTIL");
    ends.set(
      unquoteToken(name),
      own.map(({ text }) => text.slice(1, -1)),
    );
  }
  return ends;
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
  const name = (text: string) => (text === "" ? "" : quoteIfNeeded(text));
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

function targetsOf({ apply_to_all, apply_to_list, apply_to_except }: AppliedRow): NameSet {
  return nameSet(apply_to_all, apply_to_list, apply_to_except);
}

function nameSet(all: number, list: string[], except: string[]): NameSet {
  return { all: all === 1, names: all === 1 ? except : list };
}

function quotaOf(row: QuotaRow, limits: LimitRow[]): Quota {
  return {
    keys: row.keys,
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

function byName<Row extends EntityRow, Value>(
  rows: Row[],
  value: (row: Row) => Value,
): Record<string, Value & { configured?: true }> {
  return Object.fromEntries(
    rows.map((row) => [
      row.name,
      { ...value(row), ...(row.storage === CONFIGURATION ? { configured: true as const } : {}) },
    ]),
  );
}
