import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ApiError } from "../../core/api-error";
import type { Clock } from "../../core/clock";
import { ExpectedError } from "../../core/errors";
import type { Log } from "../../core/log";
import { credentialOf, type V2Account } from "../accounts";

/** A pair that is about to end is refreshed so long before, in ms. */
const MARGIN = 10 * 60_000;

const kept = z.object({ accessToken: z.string(), refreshToken: z.string(), expiresAt: z.number() });
type Pair = z.infer<typeof kept>;

const answer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  // Text in the documentation, a number elsewhere.
  expires_in: z.coerce.number().min(1),
});

export interface TokenKeeperOptions {
  account: V2Account;
  /** Folder of the kept pairs. */
  directory: string;
  /** Sends a form to the vendor's token address. */
  ask: (form: Record<string, string>) => Promise<unknown>;
  clock: Pick<Clock, "now">;
  log: Log;
}

/**
 * The one pair of tokens of an account, kept in a file of mode 0600: the vendor gives five pairs and refuses the sixth,
 * so that a new one is asked for only where there is none that works. The lease of the job sees to it that one run at a
 * time uses them; should it be lost, the file tells what the other run was given.
 */
export class TokenKeeper {
  private readonly file: string;
  private pair: Pair | undefined;

  constructor(private readonly options: TokenKeeperOptions) {
    const name = createHash("sha256").update(credentialOf(options.account)).digest("hex").slice(0, 32);
    this.file = join(options.directory, `${name}.json`);
  }

  /** An access token that lasts for the next request. */
  async access(): Promise<string> {
    this.pair ??= this.read();
    if (this.pair === undefined) return this.takeNew();
    return this.pair.expiresAt - this.options.clock.now() < MARGIN ? this.refresh() : this.pair.accessToken;
  }

  /** Another access token in the place of one that the vendor has refused. */
  async replace(refused: string): Promise<string> {
    const found = this.read();
    if (found !== undefined && found.accessToken !== refused) {
      this.pair = found;
      return found.accessToken;
    }
    return this.refresh();
  }

  /** Forgets the pair, after the vendor was made to do so. */
  forget(): void {
    this.pair = undefined;
    rmSync(this.file, { force: true });
  }

  private async refresh(): Promise<string> {
    if (this.pair === undefined) return this.takeNew();
    try {
      return this.keep(
        await this.options.ask({ grant_type: "refresh_token", refresh_token: this.pair.refreshToken }),
      );
    } catch (error) {
      // What the vendor does not know any more is of no use; a vendor that is down says nothing about the pair.
      if (!(error instanceof ApiError) || error.transient || error.code === "invalid_client") throw error;
      this.options.log.info(`The refresh token of account ${this.options.account.account} is refused`, {
        code: error.code,
      });
      return this.takeNew();
    }
  }

  private async takeNew(): Promise<string> {
    const { account, log } = this.options;
    // Before the vendor is asked: a pair that cannot be kept is one of five that is lost.
    this.write({ accessToken: "", refreshToken: "", expiresAt: 0 });
    const { agencyClient } = account;
    const form: Record<string, string> =
      agencyClient === undefined
        ? { grant_type: "client_credentials" }
        : { grant_type: "agency_client_credentials", agency_client_name: agencyClient };
    try {
      const token = this.keep(await this.options.ask(form));
      log.info(`Took a new pair of tokens for account ${account.account}`);
      return token;
    } catch (error) {
      this.forget();
      if (!(error instanceof ApiError) || error.code !== "token_limit_exceeded") throw error;
      throw new ExpectedError(
        `VK Ads gives account ${account.account} no further pair of tokens, as five are in use (HTTP ${error.status}): bring back the kept pair, or, ` +
          `if nobody else uses this client, remove them all with \`npx zakaz load vk_ads -- --delete-tokens ${account.account}\`.`,
        { status: error.status, code: error.code },
      );
    }
  }

  private keep(given: unknown): string {
    const parsed = answer.safeParse(given);
    if (!parsed.success)
      throw new ExpectedError("VK Ads answered a request for tokens without a pair of tokens.");
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = parsed.data;
    this.pair = { accessToken, refreshToken, expiresAt: this.options.clock.now() + seconds * 1000 };
    this.write(this.pair);
    return accessToken;
  }

  private read(): Pair | undefined {
    try {
      const parsed = kept.safeParse(JSON.parse(readFileSync(this.file, "utf8")));
      return parsed.success && parsed.data.accessToken !== "" ? parsed.data : undefined;
    } catch {
      // None yet, or cut off by a full disk: a new pair replaces it.
      return undefined;
    }
  }

  /** In one step, so that a run that is killed leaves the old pair or the new one. */
  private write(pair: Pair): void {
    const { directory } = this.options;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const next = `${this.file}.${process.pid}.tmp`;
      writeFileSync(next, JSON.stringify(pair), { mode: 0o600, flush: true });
      renameSync(next, this.file);
    } catch (error) {
      const { code = "error" } = error as NodeJS.ErrnoException;
      throw new ExpectedError(
        `The tokens of VK Ads cannot be kept in ${directory} (${code}): give VK_TOKEN_DIR a folder that can be written and outlives the run.`,
      );
    }
  }
}
