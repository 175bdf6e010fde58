import { quoteText } from "../warehouse/sql/quote";
import type { AccessStatement } from "../warehouse/access/statements/statement";
import { readDeclared } from "../warehouse/access/declared";
import type { Scratch } from "./scratch";
import type { SqlFile, SqlStatement } from "../warehouse/schema/source";
import { asAdmin } from "../warehouse/queries";

/** One privilege on one object. */
export interface GivenRight {
  /** User or role as written. */
  grantee: string;
  /** Users who hold it, themselves or by a role. */
  users: string[];
  right: string;
  /** `database.name` or `database.*`. */
  on: string;
  statement: SqlStatement;
}

/** What the access statements of `sql/` give to whom. */
export interface AccessRules {
  rights: GivenRight[];
  /** Users and roles that are created. */
  principals: ReadonlySet<string>;
}

interface Read {
  statement: SqlStatement;
  read: AccessStatement;
}

/**
 * Reads the access statements in the server's spelling. The server has taken all of them before.
 * @throws Refused, Failure
 */
export async function readAccess(scratch: Scratch, files: SqlFile[]): Promise<AccessRules> {
  const statements = files.flatMap(({ statements }) => statements).filter(({ kind }) => kind === "access");
  const texts = statements.map(({ text }) => quoteText(text)).join(", ");
  const [row] = await scratch.rows<{ spellings: string[] }>(
    asAdmin`SELECT arrayMap(q -> formatQuerySingleLine(q), [${texts}]) AS spellings`,
  );
  const all = statements.map((statement, i): Read => ({
    statement,
    read: readDeclared(row?.spellings[i], `${statement.file}:${statement.line}`),
  }));
  const holders = usersOfRoles(all);
  return {
    principals: new Set(all.flatMap(({ read }) => (isPrincipal(read) ? read.names : []))),
    rights: all.flatMap(({ statement, read }) => {
      if (read.kind !== "grant") return [];
      return read.to.flatMap((grantee) =>
        read.grants
          .filter(({ revoke }) => !revoke)
          .map(({ privilege, object }) => ({
            grantee,
            users: holders.get(grantee) ?? [grantee],
            right: privilege,
            on: object.replaceAll("`", ""),
            statement,
          })),
      );
    }),
  };
}

function isPrincipal(read: AccessStatement): read is AccessStatement & { kind: "create" } {
  return read.kind === "create" && (read.entity === "users" || read.entity === "roles");
}

/** Users by the role they are given; a role that nobody has stands with an empty list. */
function usersOfRoles(all: Read[]): Map<string, string[]> {
  const holders = new Map<string, string[]>();
  for (const { read } of all) {
    if (read.kind === "create" && read.entity === "roles")
      for (const role of read.names) holders.set(role, []);
    if (read.kind !== "grantRoles") continue;
    for (const role of read.roles) holders.set(role, [...(holders.get(role) ?? []), ...read.to]);
  }
  return holders;
}
