import { Failure } from "../failure";
import { identify } from "./compare";
import { mendable, mendingStatements, type Difference } from "./difference";
import type { Server } from "./live";
import { readDifferences, type Declaration } from "./read";
import { own } from "./state";

/** What applying needs of a server; access statements go by its own client, all in one call. */
export interface AccessServer extends Server {
  client(statements: string): Promise<void>;
}

export interface Applied {
  /** What differed and was mended. */
  mended: Difference[];
  /** What nobody declared and is left for a person. */
  left: Difference[];
}

/** Surroundings of the one call that changes something, e.g. a journal. */
export type Around = (mended: Difference[], statements: string[], work: () => Promise<void>) => Promise<void>;

/**
 * Makes access as declared, in one call of the client, and proves it by reading it again. The login users' passwords are
 * always set: the server shows no hash, and setting the same one changes nothing (and restarts nothing).
 * @param refused login users whom the server is known to refuse with their configured password
 * @throws Failure when the server still differs afterwards, naming every difference
 */
export async function applyAccess(
  server: AccessServer,
  declaration: Declaration,
  refused: string[] = [],
  around: Around = (_mended, _statements, work) => work(),
): Promise<Applied> {
  const { declared, differences } = await readDifferences(server, declaration, refused);
  const mended = mendable(differences);
  const passwords = declaration.logins.flatMap(({ user: name }) => {
    const user = own(declared.users, name);
    return user ? [identify(name, user)] : [];
  });
  const statements = [...new Set([...mendingStatements(mended), ...passwords])];
  let left = differences;
  await around(mended, statements, async () => {
    await send(server, statements);
    left = (await readDifferences(server, declaration)).differences;
    const still = mendable(left);
    if (still.length === 0) return;
    throw new Failure(
      `Access is not as declared after it was applied: ${still.map(({ text }) => text).join("; ")}`,
    );
  });
  return { mended, left };
}

async function send(server: AccessServer, statements: string[]): Promise<void> {
  try {
    await server.client(statements.map((statement) => `${statement};\n`).join(""));
  } catch (cause) {
    // A client may quote the statement, and with it the hash of a password.
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`Access was not applied: ${message.replaceAll(/\b[0-9a-f]{64}\b/gi, "[hash]")}`);
  }
}
