import { Failure } from "../failure";
import { identify } from "./compare";
import { fixableOf, statementsOf, withoutHashes, type Difference } from "./difference";
import type { RowSource } from "../client";
import { readDifferences, type Declaration } from "./read";
import { own } from "./state";

/** What applying needs of a server: also to run one statement, as admin. */
export interface AccessServer extends RowSource {
  command(statement: string): Promise<void>;
}

export interface Applied {
  /** What differed and was fixed. */
  fixed: Difference[];
  /** What is not declared, and is left for a person to decide. */
  left: Difference[];
}

/** Surroundings of the statements that change something, e.g. a journal. */
export type Around = (fixed: Difference[], statements: string[], work: () => Promise<void>) => Promise<void>;

/**
 * Makes access as declared, statement by statement, and proves it by reading it again. The login users' passwords are
 * always set: the server shows no hash, so that whether one is the declared one is not known here. Setting the same one
 * changes nothing: no session and no query of anybody is disturbed (a test has fifty applies beside both protocols).
 * @param refused login users whom the server is known to refuse with their configured password
 * @throws Failure when the server still differs afterwards, naming every difference
 */
export async function applyAccess(
  server: AccessServer,
  declaration: Declaration,
  refused: string[] = [],
  around: Around = (_fixed, _statements, work) => work(),
): Promise<Applied> {
  const { declared, differences } = await readDifferences(server, declaration, refused);
  const fixed = fixableOf(differences);
  const passwords = declaration.logins.flatMap(({ user: name }) => {
    const user = own(declared.users, name);
    return user ? [identify(name, user)] : [];
  });
  const statements = [...new Set([...statementsOf(fixed), ...passwords])];
  let left = differences;
  await around(fixed, statements, async () => {
    await send(server, statements);
    left = (await readDifferences(server, declaration)).differences;
    const still = fixableOf(left);
    if (still.length === 0) return;
    throw new Failure(
      `Access is not as declared after it was applied: ${still.map(({ text }) => text).join("; ")}`,
    );
  });
  return { fixed, left };
}

async function send(server: AccessServer, statements: string[]): Promise<void> {
  for (const statement of statements) {
    try {
      await server.command(statement);
    } catch (cause) {
      // The server may quote the statement, and with it the hash of a password.
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Failure(withoutHashes(`Access was not applied: ${statement}: ${message}`));
    }
  }
}
