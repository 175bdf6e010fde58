import { notSupported } from "./access-error";
import { Cursor } from "./cursor";
import { sha256Hex } from "./hash";
import type { DefaultRoles, EntityKind, Grant, QuotaKey, SettingRule } from "./model";
import type { AccessStatement, Change, IntervalChange, SettingsStep } from "./statement";

/**
 * Reads one access statement in the spelling of formatQuerySingleLine. Refuses (AccessError 48) whatever it does not
 * know, to the last token. `literals` are the strings taken out by mask().
 */
export function parseAccessStatement(
  canonical: string,
  literals?: ReadonlyMap<string, string>,
): AccessStatement {
  const cursor = new Cursor(canonical, literals);
  const statement = readStatement(cursor);
  if (!cursor.ended) throw cursor.unexpected();
  return statement;
}

function readStatement(cursor: Cursor): AccessStatement {
  if (cursor.accept("CREATE")) return readCreate(cursor);
  if (cursor.accept("ALTER")) return readAlter(cursor);
  if (cursor.accept("DROP")) return readDrop(cursor);
  if (cursor.accept("GRANT")) return readGrant(cursor);
  if (cursor.accept("REVOKE")) return readRevoke(cursor);
  cursor.expect("SET", "DEFAULT", "ROLE");
  const roles = readDefaultRoles(cursor);
  cursor.expect("TO");
  return { kind: "setDefaultRole", roles, to: readTargets(cursor) };
}

function readEntity(cursor: Cursor): EntityKind {
  if (cursor.accept("USER")) return "users";
  if (cursor.accept("ROLE")) return "roles";
  if (cursor.accept("SETTINGS", "PROFILE")) return "profiles";
  if (cursor.accept("QUOTA")) return "quotas";
  throw cursor.unexpected();
}

function readCreate(cursor: Cursor): AccessStatement {
  const entity = readEntity(cursor);
  let ifExists: "fail" | "skip" | "replace" = "fail";
  if (cursor.accept("IF", "NOT", "EXISTS")) ifExists = "skip";
  else if (cursor.accept("OR", "REPLACE")) ifExists = "replace";
  const names = readEntityNames(cursor);
  const change = readChange(cursor, entity);
  if (entity === "users" && change.passwordSha256 === undefined)
    throw notSupported("a user without a password");
  if (entity === "quotas" && change.keyedBy === undefined)
    throw notSupported("a quota without KEYED BY user_name");
  return { kind: "create", entity, names, ifExists, change };
}

function readAlter(cursor: Cursor): AccessStatement {
  const entity = readEntity(cursor);
  const ifMissing = cursor.accept("IF", "EXISTS") ? "skip" : "fail";
  return {
    kind: "alter",
    entity,
    names: readEntityNames(cursor),
    ifMissing,
    change: readChange(cursor, entity),
  };
}

function readDrop(cursor: Cursor): AccessStatement {
  const entity = readEntity(cursor);
  const ifMissing = cursor.accept("IF", "EXISTS") ? "skip" : "fail";
  return { kind: "drop", entity, names: cursor.names(), ifMissing };
}

/** Names become elements of users.xml. */
function readEntityNames(cursor: Cursor): string[] {
  const names = cursor.names();
  for (const name of names) {
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
      throw notSupported(`the name \`${name}\` (only letters, digits, _ and - are)`);
    }
  }
  return names;
}

function readChange(cursor: Cursor, entity: EntityKind): Change {
  const change: Change = {};
  if (entity === "users") readUserClauses(cursor, change);
  if (entity === "quotas") readQuotaClauses(cursor, change);
  else readSettingsClauses(cursor, change);
  if ((entity === "profiles" || entity === "quotas") && cursor.accept("TO")) {
    change.to = cursor.accept("NONE") ? [] : readTargets(cursor);
  }
  return change;
}

function readUserClauses(cursor: Cursor, change: Change): void {
  if (cursor.accept("IDENTIFIED")) change.passwordSha256 = readPassword(cursor);
  if (cursor.accept("HOST")) change.hosts = readHosts(cursor);
  if (cursor.accept("DEFAULT", "ROLE")) change.defaultRoles = readDefaultRoles(cursor);
}

function readPassword(cursor: Cursor): string {
  if (cursor.accept("BY")) return sha256Hex(cursor.string());
  cursor.expect("WITH");
  if (cursor.accept("SHA256_HASH", "BY")) {
    const hash = cursor.string();
    if (!/^[0-9a-f]{64}$/i.test(hash)) throw notSupported("a sha256_hash that is not 64 hex digits");
    return hash.toLowerCase();
  }
  if (cursor.accept("PLAINTEXT_PASSWORD", "BY") || cursor.accept("SHA256_PASSWORD", "BY")) {
    return sha256Hex(cursor.string());
  }
  throw cursor.unexpected();
}

function readHosts(cursor: Cursor): string[] {
  if (cursor.accept("NONE")) return [];
  return cursor.list(() => {
    if (cursor.accept("ANY")) return "ANY";
    if (cursor.accept("LOCAL")) return "LOCAL";
    // The canonical form names IP once for all addresses that follow it: IP 'a', 'b'.
    if (!cursor.atString) cursor.expect("IP");
    return cursor.string();
  });
}

function readDefaultRoles(cursor: Cursor): DefaultRoles {
  if (cursor.accept("NONE")) return { all: false, names: [] };
  if (!cursor.accept("ALL")) return { all: false, names: cursor.names() };
  return { all: true, names: cursor.accept("EXCEPT") ? cursor.names() : [] };
}

/** `SETTINGS a = 1, PROFILE `p`` of CREATE; `DROP ALL SETTINGS, ADD SETTING a = 1, …` of ALTER. */
function readSettingsClauses(cursor: Cursor, change: Change): void {
  if (cursor.accept("SETTINGS")) {
    change.settings = cursor.accept("NONE") ? [] : cursor.list(() => readSettingsItem(cursor));
  } else if (cursor.peek("DROP") || cursor.peek("ADD")) {
    change.settings = cursor.list(() => readSettingsStep(cursor));
  }
}

function readSettingsStep(cursor: Cursor): SettingsStep {
  if (cursor.accept("DROP", "ALL", "SETTINGS")) return { step: "dropSettings" };
  if (cursor.accept("DROP", "ALL", "PROFILES")) return { step: "dropProfiles" };
  if (cursor.accept("ADD", "SETTING") || cursor.accept("ADD", "SETTINGS")) return readSettingsItem(cursor);
  if (cursor.peek("ADD", "PROFILE")) cursor.expect("ADD");
  if (cursor.peek("DROP") || cursor.peek("MODIFY") || cursor.peek("ADD")) throw cursor.unexpected();
  return readSettingsItem(cursor);
}

function readSettingsItem(cursor: Cursor): SettingsStep {
  if (cursor.accept("PROFILE") || cursor.accept("INHERIT")) return { step: "profile", name: cursor.name() };
  const name = cursor.name();
  const rule: SettingRule = {};
  if (cursor.accept("=")) rule.value = cursor.value();
  if (cursor.accept("MIN")) rule.min = cursor.value();
  if (cursor.accept("MAX")) rule.max = cursor.value();
  if (cursor.accept("CONST")) rule.writability = "CONST";
  else if (cursor.accept("CHANGEABLE_IN_READONLY")) rule.writability = "CHANGEABLE_IN_READONLY";
  else cursor.accept("WRITABLE");
  return { step: "setting", name, rule };
}

function readQuotaClauses(cursor: Cursor, change: Change): void {
  if (cursor.accept("KEYED", "BY")) change.keyedBy = readQuotaKey(cursor);
  if (cursor.peek("FOR")) change.intervals = cursor.list(() => readInterval(cursor));
}

function readQuotaKey(cursor: Cursor): QuotaKey {
  if (cursor.accept("USER_NAME")) return "user_name";
  if (cursor.accept("IP_ADDRESS")) return "ip_address";
  if (cursor.accept("FORWARDED_IP_ADDRESS")) return "forwarded_ip_address";
  cursor.expect("CLIENT_KEY", ",", "USER_NAME");
  return "client_key_or_user_name";
}

const secondsOf: Record<string, number> = { SECOND: 1, MINUTE: 60, HOUR: 3600, DAY: 86_400, WEEK: 604_800 };

function readInterval(cursor: Cursor): IntervalChange {
  cursor.expect("FOR");
  const randomized = cursor.accept("RANDOMIZED");
  cursor.expect("INTERVAL");
  const count = Number(cursor.value());
  const unit = cursor.name();
  const unitSeconds = secondsOf[unit.toUpperCase()];
  if (unitSeconds === undefined) throw notSupported(`a quota's interval in \`${unit}\``);
  const interval = { seconds: count * unitSeconds, randomized, limits: {}, remove: false };
  if (cursor.accept("NO", "LIMITS")) return { ...interval, remove: true };
  if (cursor.accept("TRACKING", "ONLY")) return interval;
  cursor.expect("MAX");
  return { ...interval, limits: readLimits(cursor) };
}

function readLimits(cursor: Cursor): Record<string, number> {
  const limits: Record<string, number> = {};
  do {
    const name = cursor.name();
    cursor.expect("=");
    limits[name] = Number(cursor.value());
    // The comma before the next interval belongs to the list of intervals.
  } while (!cursor.peek(",", "FOR") && cursor.accept(","));
  return limits;
}

function readGrant(cursor: Cursor): AccessStatement {
  const elements = readElements(cursor, "TO");
  cursor.expect("TO");
  const to = readTargets(cursor);
  const option = cursor.accept("WITH", elements.roles ? "ADMIN" : "GRANT", "OPTION");
  const replace = cursor.accept("WITH", "REPLACE", "OPTION");
  if (elements.roles) return { kind: "grantRoles", roles: elements.roles, admin: option, to, replace };
  return { kind: "grant", grants: elements.grants.map((grant) => ({ ...grant, option })), to, replace };
}

function readRevoke(cursor: Cursor): AccessStatement {
  const adminOnly = cursor.accept("ADMIN", "OPTION", "FOR");
  const option = cursor.accept("GRANT", "OPTION", "FOR");
  const elements = readElements(cursor, "FROM");
  cursor.expect("FROM");
  const from = readTargets(cursor);
  if (elements.roles) {
    if (elements.roles.includes("ALL"))
      throw notSupported("REVOKE ALL without ON (say REVOKE ALL ON *.* FROM …)");
    return { kind: "revokeRoles", roles: elements.roles, adminOnly, from };
  }
  const grants = elements.grants.map((grant) => ({ ...grant, revoke: true, option }));
  return { kind: "grant", grants, to: from, replace: false };
}

/** Either roles (`r1, r2`) or privileges (`SELECT(a, b), INSERT ON z.t, SHOW ON z.*`). */
function readElements(cursor: Cursor, end: "TO" | "FROM"): { roles?: string[]; grants: Grant[] } {
  const grants: Grant[] = [];
  const names: { name: string; columns: string[] }[] = [];
  do {
    const name = cursor.until("(", "ON", ",", end);
    if (!name) throw cursor.unexpected();
    names.push({ name, columns: readColumns(cursor) });
    if (cursor.accept("ON")) {
      const object = cursor.until(",", end);
      for (const { name: privilege, columns } of names.splice(0)) {
        grants.push({ revoke: false, option: false, privilege, columns, object });
      }
    }
  } while (cursor.accept(","));
  if (names.length === 0) return { grants };
  if (grants.length > 0 || names.some((role) => role.columns.length > 0)) throw cursor.unexpected();
  return { roles: new Cursor(names.map((role) => role.name).join(", ")).names(), grants };
}

function readColumns(cursor: Cursor): string[] {
  if (!cursor.accept("(")) return [];
  const columns = cursor.names();
  cursor.expect(")");
  return columns.sort();
}

/** Users and roles by name; the words for sets of them are not kept. */
function readTargets(cursor: Cursor): string[] {
  for (const word of ["ALL", "NONE", "CURRENT_USER"]) {
    if (cursor.peek(word)) throw notSupported(`\`${word}\` in place of names`);
  }
  return cursor.names();
}
