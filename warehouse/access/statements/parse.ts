import { Cursor } from "./cursor";
import { unreadable } from "./declaration-error";
import type { EntityKind, SettingRule } from "./model";
import { readGrant, readRevoke } from "./parse-grants";
import { readQuotaClauses } from "./parse-quotas";
import type { AccessStatement, Change, SettingsStep } from "./statement";

/**
 * Reads one statement of the declaration, in the spelling of formatQuerySingleLine.
 * @throws DeclarationError for whatever it does not know, to the last token
 */
export function parseAccessStatement(canonical: string): AccessStatement {
  const cursor = new Cursor(canonical);
  const statement = readStatement(cursor);
  if (!cursor.ended) throw cursor.errorHere();
  return statement;
}

const NOUNS: Record<EntityKind, string[]> = {
  users: ["USER"],
  roles: ["ROLE"],
  profiles: ["SETTINGS", "PROFILE"],
  quotas: ["QUOTA"],
};

function readStatement(cursor: Cursor): AccessStatement {
  if (cursor.accept("GRANT")) return readGrant(cursor);
  if (cursor.accept("REVOKE")) return readRevoke(cursor);
  if (cursor.accept("SET", "DEFAULT", "ROLE")) {
    const roles = cursor.nameSet("ALL");
    cursor.expect("TO");
    return { kind: "setDefaultRole", roles, to: cursor.principals() };
  }
  for (const entity of Object.keys(NOUNS) as EntityKind[]) {
    if (cursor.accept("CREATE", ...NOUNS[entity])) return readCreate(cursor, entity);
    if (cursor.accept("ALTER", ...NOUNS[entity])) return readAlter(cursor, entity);
  }
  throw cursor.errorHere();
}

function readCreate(cursor: Cursor, entity: EntityKind): AccessStatement {
  let ifExists: "fail" | "skip" | "replace" = "fail";
  if (cursor.accept("IF", "NOT", "EXISTS")) ifExists = "skip";
  else if (cursor.accept("OR", "REPLACE")) ifExists = "replace";
  const names = cursor.names();
  const change = readChange(cursor, entity);
  if (entity === "users" && change.passwordSha256 === undefined && cursor.ended) {
    throw unreadable("a user without IDENTIFIED WITH sha256_hash");
  }
  return { kind: "create", entity, names, ifExists, change };
}

function readAlter(cursor: Cursor, entity: EntityKind): AccessStatement {
  const ifMissing = cursor.accept("IF", "EXISTS") ? "skip" : "fail";
  const names = cursor.names();
  return { kind: "alter", entity, names, ifMissing, change: readChange(cursor, entity) };
}

function readChange(cursor: Cursor, entity: EntityKind): Change {
  const change: Change = {};
  if (entity === "users") readUserClauses(cursor, change);
  if (entity === "quotas") readQuotaClauses(cursor, change);
  else readSettingsClauses(cursor, change);
  if (entity === "users" && cursor.accept("GRANTEES")) change.grantees = cursor.nameSet("ANY");
  if ((entity === "profiles" || entity === "quotas") && cursor.accept("TO")) {
    change.to = cursor.nameSet("ALL");
  }
  return change;
}

function readUserClauses(cursor: Cursor, change: Change): void {
  if (cursor.accept("IDENTIFIED")) change.passwordSha256 = readHash(cursor);
  if (cursor.accept("HOST")) change.hosts = readHosts(cursor);
  if (cursor.accept("DEFAULT", "DATABASE")) {
    change.defaultDatabase = cursor.accept("NONE") ? "" : cursor.name();
  }
  if (cursor.accept("DEFAULT", "ROLE")) change.defaultRoles = cursor.nameSet("ALL");
}

/** No password in the clear belongs into a file, and no other kind of hash is set by the stack. */
function readHash(cursor: Cursor): string {
  cursor.expect("WITH", "SHA256_HASH", "BY");
  const hash = cursor.string();
  if (!/^[0-9a-f]{64}$/i.test(hash)) throw unreadable("a sha256_hash that is not 64 hex digits");
  return hash.toLowerCase();
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

/** `SETTINGS a = 1, PROFILE `p``, which stands in place of all there were; or single steps of an ALTER. */
function readSettingsClauses(cursor: Cursor, change: Change): void {
  if (cursor.accept("SETTINGS")) {
    const items = cursor.accept("NONE") ? [] : cursor.list(() => readSettingsItem(cursor));
    change.settings = [{ step: "dropSettings" }, { step: "dropProfiles" }, ...items];
  } else if (cursor.peek("DROP") || cursor.peek("ADD")) {
    change.settings = cursor.list(() => readSettingsStep(cursor));
  }
}

function readSettingsStep(cursor: Cursor): SettingsStep {
  if (cursor.accept("DROP", "ALL", "SETTINGS")) return { step: "dropSettings" };
  if (cursor.accept("DROP", "ALL", "PROFILES")) return { step: "dropProfiles" };
  if (cursor.accept("ADD", "SETTING") || cursor.accept("ADD", "SETTINGS")) return readSettingsItem(cursor);
  if (cursor.peek("ADD", "PROFILE")) cursor.expect("ADD");
  if (cursor.peek("DROP") || cursor.peek("MODIFY") || cursor.peek("ADD")) throw cursor.errorHere();
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
