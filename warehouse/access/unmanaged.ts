import { users } from "../catalogue";
import { quoteIfNeeded } from "../sql/quote";
import type { Difference } from "./difference";
import { isFurtherReader } from "./readers";
import { own, type AccessState, type StateKind, type UserState } from "./state";

/** What the server's configuration makes. */
const ofTheServer: Record<StateKind, string[]> = {
  // The one user of the server's configuration; commands work as it.
  users: [users.admin],
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

/** What is on the server and not declared. It is never dropped here: it may be somebody's work. */
export function unmanagedEntries(declared: AccessState, live: AccessState): Difference[] {
  const kinds = Object.keys(nouns) as StateKind[];
  const principals = kinds.flatMap((kind) =>
    Object.keys(live[kind])
      .filter((name) => own<unknown>(declared[kind], name) === undefined && !ofTheServer[kind].includes(name))
      .filter((name) => kind !== "users" || !isFurtherReader(live.users[name] as UserState))
      .map((name): Difference => ({
        text: `the ${nouns[kind].one} ${name} is not declared`,
        steps: [],
        advice:
          kind === "users" && own(live.users, name)?.configured
            ? "remove it from the server's configuration files"
            : `add it to sql/10_access.sql, or remove it with DROP ${nouns[kind].sql} ${quoteIfNeeded(name)}`,
      })),
  );
  const policies = Object.keys(live.rowPolicies).map((policy): Difference => ({
    text: `the row policy ${policy} is not declared`,
    steps: [],
    advice: `remove it with DROP ROW POLICY ${policy}`,
  }));
  return [...principals, ...policies];
}
