import { UsageError } from "../../core/errors";
import type { ClientInput } from "../adapter";
import type { Account } from "../accounts";
import type { Settings } from "../settings";
import { V2Client } from "./client";
import { forgetTokens } from "./tokens";

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
    for (const one of settings.VK_ACCOUNTS) {
      const hasSameClient = one.api === "v2" && one.clientId === account.clientId;
      if (hasSameClient) forgetTokens(settings.VK_TOKEN_DIR, one);
    }
    run.log.info(
      `Removed all tokens of the client of account ${account.account}; the next load takes a new pair`,
    );
  } finally {
    await client.close();
  }
}
