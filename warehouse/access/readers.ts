import { quoteIfNeeded } from "../sql/quote";
import type { Difference } from "./difference";
import type { AccessState, Login, UserState } from "./state";

/** Who has it is a reader of the stack's configuration, and goes with its entry there. It gives no right. */
const FURTHER_READER = "role_further_reader";

const READER_ROLE = "role_bi_reader";
const READER_PROFILE = "bi_reader_profile";
const READER_QUOTA = "bi_reader_quota";

/**
 * The declared state with the further readers among the login users: each with the role of `datalens_reader` or with some of
 * its views, and with the same limits.
 */
export function withReaders(state: AccessState, logins: readonly Login[]): AccessState {
  const readers = logins.filter(({ views }) => views !== undefined);
  const quota = state.quotas[READER_QUOTA];
  return {
    ...state,
    users: {
      ...state.users,
      ...Object.fromEntries(readers.map(({ user, views = [] }) => [user, furtherReader(views)])),
    },
    quotas: {
      ...state.quotas,
      ...(quota && {
        [READER_QUOTA]: {
          ...quota,
          to: { ...quota.to, names: [...quota.to.names, ...readers.map(({ user }) => user)] },
        },
      }),
    },
  };
}

function furtherReader(views: readonly string[]): UserState {
  const roles = [READER_ROLE, FURTHER_READER].filter((role) => views.length === 0 || role !== READER_ROLE);
  return {
    grants: views.map((object) => ({
      revoke: false,
      option: false,
      privilege: "SELECT",
      columns: [],
      object,
    })),
    roles: roles.map((role) => ({ role, admin: false })),
    settings: { profiles: [READER_PROFILE], settings: {} },
    authentication: ["sha256_password"],
    validUntil: [],
    hosts: [],
    defaultRoles: [...roles].sort(),
    grantees: { all: true, names: [] },
    defaultDatabase: "",
  };
}

/** Views that a further reader may be given: those of `role_bi_reader`, by the statements of `sql/10_access.sql`. */
export function grantableViews(sql: string): string[] {
  return [...sql.matchAll(new RegExp(`^GRANT SELECT ON (\\S+) TO ${READER_ROLE};$`, "gm"))].map(
    ([, view]) => view as string,
  );
}

/** Whether the stack's configuration has made a user. */
export function isFurtherReader({ roles }: Pick<UserState, "roles">): boolean {
  return roles.some(({ role }) => role === FURTHER_READER);
}

/** Readers on the server whom the configuration names no more. */
export function formerReaders(declared: AccessState, live: AccessState): Difference[] {
  return Object.entries(live.users)
    .filter(([name, user]) => !Object.hasOwn(declared.users, name) && isFurtherReader(user))
    .map(([name]) => ({
      text: `the reader ${name} is not in zakaz:readers any more`,
      steps: [{ when: "alter", sql: `DROP USER IF EXISTS ${quoteIfNeeded(name)}` }],
    }));
}
