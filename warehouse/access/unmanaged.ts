import type { Difference } from "./difference";
import { spellName } from "./privileges";
import { own, type AccessState, type StateKind } from "./state";

/** The one user of the server's configuration; as it commands work. */
export const ADMIN = "admin";

/** What the server's configuration makes. */
const ofTheServer: Record<StateKind, string[]> = {
  users: [ADMIN],
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
      .filter((name) => own<unknown>(declared[kind], name) === undefined && !ofTheServer[kind].includes(name))
      .map((name): Difference => ({
        text: `there is a ${nouns[kind].one} ${name}, which nobody declared`,
        steps: [],
        advice:
          kind === "users" && own(live.users, name)?.configured
            ? "take it out of the server's configuration files"
            : `declare it in sql/10_access.sql, or take it away with DROP ${nouns[kind].sql} ${spellName(name)}`,
      })),
  );
  const policies = Object.keys(live.rowPolicies).map((policy): Difference => ({
    text: `there is a row policy ${policy}, which nobody declared`,
    steps: [],
    advice: `take it away with DROP ROW POLICY ${policy}`,
  }));
  return [...principals, ...policies];
}
