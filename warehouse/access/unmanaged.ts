import { quoteIfNeeded } from "../sql/quote";
import type { Difference } from "./difference";
import { isFurtherReader } from "./readers";
import { own, type AccessState, type StateKind } from "./state";

const NOUNS: Record<StateKind, string> = {
  users: "user",
  roles: "role",
  profiles: "settings profile",
  quotas: "quota",
  rowPolicies: "row policy",
  collections: "named collection",
};

/** What is on the server and not declared. It is never dropped here: it may be somebody's work. */
export function unmanagedEntries(declared: AccessState, live: AccessState): Difference[] {
  return (Object.keys(NOUNS) as StateKind[]).flatMap((kind) =>
    Object.entries<AccessState[StateKind][string]>(live[kind])
      .filter(([name]) => own<unknown>(declared[kind], name) === undefined)
      .filter(([name]) => kind !== "users" || !isFurtherReader(live.users[name]!))
      .map(([name, { configured }]): Difference => {
        // The server spells the name of a row policy with its table, quotes included.
        const spelled = kind === "rowPolicies" ? name : quoteIfNeeded(name);
        return {
          text: `the ${NOUNS[kind]} ${name} is not declared`,
          steps: [],
          advice:
            configured === true
              ? "remove it from the server's configuration files"
              : `add it to sql/10_access.sql, or remove it with DROP ${NOUNS[kind].toUpperCase()} ${spelled}`,
        };
      }),
  );
}
