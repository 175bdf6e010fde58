import { readAccess } from "../warehouse/access/server-state";
import type { SqlFile, SqlStatement } from "../warehouse/schema/source";
import { isSignificant, tokenize } from "../warehouse/sql/lexer";
import type { Scratch } from "../warehouse/scratch";

/** One privilege on one object. */
export interface GivenRight {
  /** User or role. */
  grantee: string;
  /** Users who hold it, themselves or by a role. */
  users: string[];
  right: string;
  /** `database.name` or `database.*`. */
  on: string;
  /** The GRANT that gives it. */
  statement: SqlStatement;
}

/**
 * What the access statements of `sql/` give to whom, by the server that has run them.
 * @throws StatementFailure
 */
export async function readRights(scratch: Scratch, files: SqlFile[]): Promise<GivenRight[]> {
  const { state } = await readAccess({ rows: (sql) => scratch.rows(sql) });
  const statements = files.flatMap((file) => file.statements).filter(({ kind }) => kind === "access");
  const given = statements.map((statement) => ({ statement, words: wordsOf(statement.text) }));
  const holders = (role: string): string[] =>
    Object.entries(state.users).flatMap(([user, { roles }]) =>
      roles.some((one) => one.role === role) ? [user] : [],
    );
  return [
    ...Object.entries(state.users).map(([user, { grants }]) => ({ grantee: user, users: [user], grants })),
    ...Object.entries(state.roles).map(([role, { grants }]) => ({
      grantee: role,
      users: holders(role),
      grants,
    })),
  ].flatMap(({ grantee, users, grants }) =>
    grants.flatMap(({ revoke, privilege, object }): GivenRight[] => {
      const on = object.replaceAll("`", "");
      const by = given.find(({ words }) =>
        ["GRANT", privilege, on, grantee].every((word) => words.includes(` ${word} `)),
      );
      return by === undefined || revoke
        ? []
        : [{ grantee, users, right: privilege, on, statement: by.statement }];
    }),
  );
}

/** The words of a statement with a blank on either side, names of objects as one word. */
function wordsOf(sql: string): string {
  const words = tokenize(sql)
    .filter(isSignificant)
    .map(({ text }) => text.replace(/^`(.*)`$/, "$1"));
  return ` ${words.join(" ").replaceAll(" . ", ".").replaceAll(",", " ")} `;
}
