import type { Credentials } from "../http";
import { AccessError } from "../../access/access-error";
import { ask, EngineError } from "./canonical";
import { grantElement, mayOverlap, quoteName } from "../../access/grants";
import type { AccessModel, EntityKind, Grant } from "../../access/model";
import type { AccessStatement } from "../../access/statement";

/** What a statement asks of the caller: a privilege on everything, or the right to grant these on. */
export interface Requirement {
  index: number;
  privilege?: string;
  grants?: Grant[];
}

/** What the engine answers to a statement that the caller may give and a read-only storage cannot keep. */
const storageReadOnly = 495;

const nouns: Record<EntityKind, string> = {
  users: "USER",
  roles: "ROLE",
  profiles: "SETTINGS PROFILE",
  quotas: "QUOTA",
};

/** What the statement, coming at `index` and meeting this model, asks of the caller. */
export function requirementOf(statement: AccessStatement, index: number, model: AccessModel): Requirement {
  switch (statement.kind) {
    case "create":
    case "alter":
    case "drop":
      return { index, privilege: `${statement.kind.toUpperCase()} ${nouns[statement.entity]}` };
    case "grantRoles":
    case "revokeRoles":
      return { index, privilege: "ROLE ADMIN" };
    case "setDefaultRole":
      return { index, privilege: "ALTER USER" };
    case "grant":
      return {
        index,
        grants: statement.grants.flatMap((grant) =>
          grant.revoke ? held(grant, statement.to, model) : grant,
        ),
      };
  }
}

/** As on a server, REVOKE needs the right over what is there to be taken away, not over all that it names. */
function held(revoke: Grant, from: string[], model: AccessModel): Grant[] {
  const grantees = from.map((name) => model.users[name] ?? model.roles[name]);
  return grantees
    .flatMap((grantee) => grantee?.grants ?? [])
    .filter((grant) => !grant.revoke && mayOverlap(grant, revoke));
}

/** Asks the engine for all at once; only when it refuses, one after another. Returns the first that the caller lacks. */
export async function firstDenied(
  requirements: Requirement[],
  caller: Credentials,
): Promise<{ index: number; reason: Error } | undefined> {
  const privileges = [...new Set(requirements.flatMap(({ privilege }) => privilege ?? []))];
  const grants = requirements.flatMap((requirement) => requirement.grants ?? []);
  if (
    (await lacksPrivilege(privileges, caller)) === undefined &&
    (await lacksGrants(grants, caller)) === undefined
  )
    return undefined;
  for (const { index, privilege, grants: own } of requirements) {
    const reason =
      (await lacksPrivilege(privilege ? [privilege] : [], caller)) ?? (await lacksGrants(own ?? [], caller));
    if (reason) return { index, reason };
  }
  return undefined;
}

async function lacksPrivilege(privileges: string[], caller: Credentials): Promise<Error | undefined> {
  if (privileges.length === 0) return undefined;
  const list = privileges.join(", ");
  if ((await ask(`CHECK GRANT ${list} ON *.*`, caller)).trim() === "1") return undefined;
  const text = `${caller.user}: Not enough privileges. To execute this query, it's necessary to have the grant ${list} ON *.*.`;
  return new AccessError(497, "ACCESS_DENIED", text);
}

/**
 * The engine decides whether the caller may pass these on. Whose every right comes with the grant option is asked for the
 * rights alone. Others are told to give them to themselves: the engine checks, and then stops at its read-only storage,
 * which changes nothing (but leaves an error in its log).
 */
async function lacksGrants(grants: Grant[], caller: Credentials): Promise<Error | undefined> {
  const elements = [...new Set(grants.map(grantElement))].join(", ");
  if (!elements) return undefined;
  try {
    if ((await mayPassOnAll(caller)) && (await ask(`CHECK GRANT ${elements}`, caller)).trim() === "1")
      return undefined;
    await ask(`GRANT ${elements} TO ${quoteName(caller.user)}`, caller);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return error.code === storageReadOnly ? undefined : error;
  }
  return undefined;
}

async function mayPassOnAll(caller: Credentials): Promise<boolean> {
  const lines = (await ask("SHOW GRANTS FINAL", caller)).trim().split("\n");
  return lines.every((line) => line.endsWith(" WITH GRANT OPTION"));
}
