import { quoteIfNeeded, quoteText } from "../sql/quote";
import { applyStatement } from "./statements/evaluate";
import { DeclarationError } from "./statements/declaration-error";
import {
  emptyModel,
  type AccessModel,
  type Grantee,
  type SettingsBlock,
  type User,
} from "./statements/model";
import { parseAccessStatement } from "./statements/parse";
import type { AccessStatement } from "./statements/statement";
import { Failure } from "../failure";
import { parseStatements } from "../schema/source";
import { asAdmin } from "../queries";
import { readPrivileges, type Server } from "./live";
import type { Privileges } from "./privileges";
import { readerStatements } from "./readers";
import { normalRule, type AccessState, type Login, type UserState } from "./state";

/**
 * The declared access: the statements of `sql/10_access.sql`, and the login users' hashes and hosts on top. The server
 * brings them into its own spelling first; nothing is changed there, and no hash is sent.
 * @throws Failure naming file and line of a statement that cannot be read
 */
export async function declaredAccess(server: Server, sql: string, logins: Login[]): Promise<AccessState> {
  const statements = [
    ...parseStatements(sql, "sql/10_access.sql"),
    ...readerStatements(logins).map((text) => ({ text, file: "zakaz:readers", line: 1 })),
  ];
  const [spellings, hosts, privileges] = await Promise.all([
    canonicalTexts(
      server,
      statements.map(({ text }) => text),
    ),
    canonicalTexts(server, logins.map(hostStatement)),
    readPrivileges(server),
  ]);
  let model = emptyModel();
  const apply = (spelling: string | undefined, where: string) => {
    const statement = readDeclared(spelling, where);
    model = withLocation(where, () => applyStatement(model, statement));
  };
  for (const [index, { file, line }] of statements.entries()) apply(spellings[index], `${file}:${line}`);
  for (const [index, { user, passwordSha256 }] of logins.entries()) {
    apply(hosts[index], `the hosts of ${user}`);
    (model.users[user] as User).passwordSha256 = passwordSha256;
  }
  return stateOf(model, privileges);
}

/**
 * One statement of the declaration.
 * @param spelling formatQuery's; none where the server cannot read the statement
 * @param where it stands, for a failure to begin with
 * @throws Failure for what cannot be read
 */
export function readDeclared(spelling: string | undefined, where: string): AccessStatement {
  if (spelling === undefined) throw new Failure(`${where}: ClickHouse cannot read this statement`);
  return withLocation(where, () => parseAccessStatement(spelling));
}

function withLocation<Result>(where: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof DeclarationError)) throw cause;
    throw new Failure(`${where}: ${cause.message}`, undefined, { cause });
  }
}

/** Lets a user in from its hosts; the hash goes another way, so that no statement about it reaches the server's logs. */
function hostStatement({ user, hosts }: Login): string {
  const allowed = hosts.length === 0 ? "NONE" : hosts.map((host) => `IP ${quoteText(host)}`).join(", ");
  return `ALTER USER ${quoteIfNeeded(user)} HOST ${allowed}`;
}

/** Statements in formatQuery's spelling; none for what the server cannot read. */
async function canonicalTexts(server: Server, statements: string[]): Promise<(string | undefined)[]> {
  if (statements.length === 0) return [];
  const list = statements.map(quoteText).join(", ");
  const [row] = await server.rows<{ q: (string | null)[] }>(
    asAdmin`SELECT arrayMap(q -> formatQuerySingleLineOrNull(q), [${list}]) AS q`,
  );
  return (row?.q ?? []).map((spelling) => spelling ?? undefined);
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
      validUntil: [],
      passwordSha256: user.passwordSha256,
      hosts: [...user.hosts].sort(),
      defaultRoles: defaultRoles(user),
      grantees: user.grantees,
      defaultDatabase: user.defaultDatabase,
    })),
    roles: mapValues(model.roles, grantee),
    profiles: mapValues(model.profiles, ({ settings, to }) => ({ settings: normalSettings(settings), to })),
    quotas: model.quotas,
    rowPolicies: {},
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
