import type { RowSource } from "../client";
import { Failure } from "../failure";
import { asAdmin } from "../queries";
import type { SqlStatement } from "../schema/source";
import { isSignificant, tokenize } from "../sql/lexer";
import { quoteText } from "../sql/quote";
import { withReaders } from "./readers";
import { LOCKED, type AccessState, type Login } from "./state";

/** How a user may be identified in `sql/`: locked, by a hash that no password has. */
const LOCKED_USER = `IDENTIFIED WITH sha256_hash BY '${LOCKED}'`;

/**
 * Access as it is declared for a stack: what `sql/` says, with hash and hosts of each login user on top.
 * @param state of an empty server that has run `sql/`
 * @param live spells the hosts as it shows them; no hash is sent to it
 */
export async function declaredAccess(
  state: AccessState,
  logins: readonly Login[],
  live: RowSource,
): Promise<AccessState> {
  const hosts = await spellHosts(live, logins);
  const declared = withReaders(state, logins);
  for (const [index, { user, passwordSha256 }] of logins.entries()) {
    declared.users[user] = { ...declared.users[user]!, passwordSha256, hosts: hosts[index]! };
  }
  return declared;
}

/**
 * Passwords come from the stack's configuration alone, so `sql/` creates every user locked.
 * @throws Failure with file and line of a statement that says otherwise
 */
export function refusePasswords(statements: readonly SqlStatement[]): void {
  for (const { file, line, text } of statements) {
    const words = tokenize(text)
      .filter(isSignificant)
      .map((token) => token.text);
    const upper = words.map((word) => word.toUpperCase());
    const at = upper.indexOf("IDENTIFIED");
    const isCreated = upper[0] === "CREATE" && upper[1] === "USER";
    const how = words.slice(at, at + 5).join(" ");
    const more = words[at + 5] === ",";
    if (at < 0 ? !isCreated : how === LOCKED_USER && !more) continue;
    throw new Failure(
      `${file}:${line}: a user must be created locked here (${LOCKED_USER}): its password is set by the stack`,
    );
  }
}

/** The hosts of each login as the server shows them: `LOCAL` for loopback, networks without needless bits. */
async function spellHosts(live: RowSource, logins: readonly Login[]): Promise<string[][]> {
  const statements = logins.map(({ hosts }) => {
    const list = hosts.map((host) => `IP ${quoteText(host)}`).join(", ");
    return quoteText(`CREATE USER u HOST ${list === "" ? "NONE" : list}`);
  });
  const [row] = await live.rows<{ spelled: string[] }>(
    asAdmin`SELECT arrayMap(q -> formatQuerySingleLine(q), ${`[${statements.join(", ")}]`}::Array(String)) AS spelled`,
  );
  return (row?.spelled ?? []).map((text) =>
    tokenize(text)
      .filter(({ kind, text: word }) => kind === "string" || word === "LOCAL" || word === "ANY")
      .map(({ kind, text: word }) => (kind === "string" ? word.slice(1, -1) : word))
      .sort(),
  );
}
