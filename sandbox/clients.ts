import { createHash, timingSafeEqual } from "node:crypto";

/** A client that a vendor knows. Of what it proves itself with, the sandbox knows a hash only. */
export interface Client {
  /** SHA-256 of its credential, hex. What the credential is, a token or an id with a secret, is the vendor's affair. */
  sha256: string;
  /** The account whose data it sees, where the vendor has accounts. */
  account?: string;
}

/** The client with this credential. */
export function findClient<Known extends Client>(
  clients: readonly Known[],
  credential: string,
): Known | undefined {
  const actual = createHash("sha256").update(credential).digest();
  return clients.find(({ sha256 }) => {
    const accepted = Buffer.from(sha256, "hex");
    return actual.length === accepted.length && timingSafeEqual(actual, accepted);
  });
}

/** How a credential is written in the settings. */
export function sha256(credential: string): string {
  return createHash("sha256").update(credential).digest("hex");
}
