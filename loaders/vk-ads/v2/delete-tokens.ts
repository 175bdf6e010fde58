import { UsageError } from "../../core/errors";
import type { ClientInput } from "../adapter";
import type { Account } from "../accounts";
import type { Settings } from "../settings";
import { V2Client } from "./client";

/** Removes every token of an account's client. Only by hand: other programs that use the client are logged out as well. */
export async function deleteTokens(
  run: ClientInput["run"],
  settings: Settings,
  account: Account,
): Promise<void> {
  if (account.api === "legacy") {
    throw new UsageError(
      `Account ${account.account} is of the old API, which has one token that is given by hand.`,
    );
  }
  const client = new V2Client({ run, settings, account });
  try {
    await client.deleteTokens();
    run.log.info(`Removed all tokens of account ${account.account}; the next load takes a new pair`);
  } finally {
    await client.close();
  }
}
