import { applyStatement, type StaticNames } from "../../clickhouse/access/apply";
import {
  emptyModel,
  type AccessModel,
  type Grantee,
  type SettingsBlock,
  type User,
} from "../../clickhouse/access/model";
import { parseAccessStatement } from "../../clickhouse/access/parse";
import { Failure } from "../failure";
import { parseStatements } from "../schema/source";
import { readPrivileges, type Server } from "./live";
import type { Privileges } from "./privileges";
import { normalRule, quoteText, type AccessState, type UserState } from "./state";

/** Password and places of one login user: what `sql/10_access.sql` leaves open. */
export interface Login {
  user: string;
  passwordSha256: string;
  /** Addresses and CIDR networks. */
  hosts: string[];
}

/** What the declaration may refer to without making it. */
const fixed: StaticNames = {
  users: new Set(),
  roles: new Set(),
  profiles: new Set(["default"]),
  quotas: new Set(["default"]),
};

/**
 * The declared access: the statements of `sql/10_access.sql`, and the login users' hashes and hosts on top. The server
 * brings them into its own spelling first; nothing is changed there, and no hash is sent.
 * @throws Failure naming file and line of a statement that cannot be read
 */
export async function declaredAccess(server: Server, sql: string, logins: Login[]): Promise<AccessState> {
  const statements = parseStatements(sql, "sql/10_access.sql");
  const [spellings, hosts, privileges] = await Promise.all([
    canonical(
      server,
      statements.map(({ text }) => text),
    ),
    canonical(server, logins.map(hostStatement)),
    readPrivileges(server),
  ]);
  let model = emptyModel();
  for (const [index, { file, line }] of statements.entries()) {
    try {
      model = applyStatement(model, parseAccessStatement(spellings[index] ?? ""), fixed);
    } catch (cause) {
      throw new Failure(`${file}:${line}: ${(cause as Error).message}`, undefined, { cause });
    }
  }
  for (const [index, { user, passwordSha256 }] of logins.entries()) {
    try {
      model = applyStatement(model, parseAccessStatement(hosts[index] ?? ""), fixed);
    } catch (cause) {
      throw new Failure(`The places of ${user}: ${(cause as Error).message}`, undefined, { cause });
    }
    (model.users[user] as User).passwordSha256 = passwordSha256;
  }
  return stateOf(model, privileges);
}

/** Gives a user its places; the hash goes another way, so that no statement about it reaches the server's logs. */
function hostStatement({ user, hosts }: Login): string {
  const places = hosts.length === 0 ? "NONE" : hosts.map((host) => `IP ${quoteText(host)}`).join(", ");
  return `ALTER USER ${user} HOST ${places}`;
}

/** Statements in formatQuery's spelling; an empty one for what the server cannot read. */
async function canonical(server: Server, statements: string[]): Promise<string[]> {
  if (statements.length === 0) return [];
  const list = statements.map(quoteText).join(", ");
  const [row] = await server.rows<{ q: (string | null)[] }>(
    `SELECT arrayMap(q -> formatQuerySingleLineOrNull(q), [${list}]) AS q`,
  );
  return (row?.q ?? []).map((spelling) => spelling ?? "");
}

function stateOf(model: AccessModel, privileges: Privileges): AccessState {
  const grantee = (one: Grantee): Grantee => ({
    grants: privileges.normal(one.grants),
    roles: one.roles,
    settings: normalSettings(one.settings),
  });
  return {
    users: mapValues(model.users, (user): UserState => ({
      ...grantee(user),
      authentication: ["sha256_password"],
      passwordSha256: user.passwordSha256,
      hosts: [...user.hosts].sort(),
      defaultRoles: defaultRoles(user),
    })),
    roles: mapValues(model.roles, grantee),
    profiles: mapValues(model.profiles, ({ settings, to }) => ({ settings: normalSettings(settings), to })),
    quotas: model.quotas,
    rowPolicies: [],
  };
}

function defaultRoles({ roles, defaultRoles: chosen }: User): string[] {
  return roles
    .map(({ role }) => role)
    .filter((role) => chosen.all !== chosen.names.includes(role))
    .sort();
}

function normalSettings({ profiles, settings }: SettingsBlock): SettingsBlock {
  return { profiles, settings: mapValues(settings, normalRule) };
}

function mapValues<From, To>(record: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
