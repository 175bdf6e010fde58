import type { Grantee } from "../../clickhouse/access/model";
import type { Difference } from "./difference";
import { spellName } from "./privileges";
import { own, type AccessState, type StateKind } from "./state";

/** Users that configuration files make: who they are, and the most they may do. `admin` may do everything. */
const usersOfTheServer: Record<string, "everything" | string[]> = {
  admin: "everything",
  // Both of the embedded engine, from inside its container only.
  default: ["SYSTEM LISTEN ON *.*"],
  zakaz_supervisor: ["KILL QUERY ON *.*", "SELECT ON system.processes"],
};
const ofTheServer: Record<Exclude<StateKind, "users">, string[]> = {
  roles: [],
  profiles: ["default", "admin_profile", "readonly"],
  quotas: ["default"],
};
const nouns = {
  users: { one: "user", sql: "USER" },
  roles: { one: "role", sql: "ROLE" },
  profiles: { one: "settings profile", sql: "SETTINGS PROFILE" },
  quotas: { one: "quota", sql: "QUOTA" },
} as const;

/** What is on the server and nobody declared. It is never dropped here: it may be somebody's work. */
export function foreign(declared: AccessState, live: AccessState): Difference[] {
  const kinds = Object.keys(nouns) as StateKind[];
  const principals = kinds.flatMap((kind) =>
    Object.keys(live[kind])
      .filter((name) => own<unknown>(declared[kind], name) === undefined && !isOfTheServer(kind, name, live))
      .map((name): Difference => ({
        text: `there is a ${nouns[kind].one} ${name}, which nobody declared`,
        steps: [],
        advice: `declare it in sql/10_access.sql, or take it away with DROP ${nouns[kind].sql} ${spellName(name)}`,
      })),
  );
  const policies = live.rowPolicies.map((policy): Difference => ({
    text: `there is a row policy ${policy}, which nobody declared`,
    steps: [],
    advice: `take it away with DROP ROW POLICY ${policy}`,
  }));
  return [...principals, ...policies];
}

function isOfTheServer(kind: StateKind, name: string, live: AccessState): boolean {
  if (kind !== "users") return ofTheServer[kind].includes(name);
  const most = own(usersOfTheServer, name);
  const user = own(live.users, name);
  if (most === undefined || user === undefined) return false;
  return most === "everything" || (user.hosts.join() === "LOCAL" && mayOnly(user, most));
}

function mayOnly({ grants, roles }: Grantee, most: string[]): boolean {
  const names = grants.map((grant) => `${grant.privilege} ON ${grant.object}`);
  return roles.length === 0 && names.every((name) => most.includes(name));
}
