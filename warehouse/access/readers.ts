import { users } from "../catalogue";
import { quoteIfNeeded } from "../sql/quote";
import type { Difference } from "./difference";
import type { AccessState, Login, UserState } from "./state";

/** Who has it is a reader of the stack's configuration, and goes with its entry there. It gives no right. */
const FURTHER_READER = "role_further_reader";

const READER_ROLE = "role_bi_reader";
const READER_PROFILE = "bi_reader_profile";
const READER_QUOTA = "bi_reader_quota";
/** As in `sql/10_access.sql`: no password has this hash. */
const LOCKED = "0".repeat(64);

/**
 * Statements that declare the further readers among the login users: each with the role of `datalens_reader` or with some of
 * its views, and with the same limits.
 */
export function readerStatements(logins: readonly Login[]): string[] {
  const readers = logins.filter(({ views }) => views !== undefined);
  const names = [users.reader, ...readers.map(({ user }) => user)].map(quoteIfNeeded).join(", ");
  return [
    ...readers.flatMap(({ user, views = [] }) => {
      const to = quoteIfNeeded(user);
      const rights =
        views.length === 0
          ? [`GRANT ${READER_ROLE} TO ${to}`]
          : views.map((view) => `GRANT SELECT ON ${view} TO ${to}`);
      return [
        `CREATE USER IF NOT EXISTS ${to} IDENTIFIED WITH sha256_hash BY '${LOCKED}' HOST NONE`,
        `GRANT ${FURTHER_READER} TO ${to}`,
        ...rights,
        `ALTER USER ${to} SETTINGS PROFILE '${READER_PROFILE}'`,
        `SET DEFAULT ROLE ALL TO ${to}`,
      ];
    }),
    ...(readers.length === 0 ? [] : [`ALTER QUOTA ${READER_QUOTA} TO ${names}`]),
  ];
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
