import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ApiError } from "../../core/api-error";
import type { Clock } from "../../core/clock";
import type { HttpRequest } from "../../core/http";
import type { Log } from "../../core/log";
import type { V2Account } from "../accounts";
import { AccountStopped } from "../client";

/** A pair that is about to end is refreshed so long before, in ms; a short-lived one in the middle of its life. */
const MARGIN = 10 * 60_000;
/** How long a pair lives where the answer does not say so, in seconds. */
const USUAL_LIFE = 86_400;

/** What is kept of a pair. */
const kept = z.object({
  /** Hash of the client that it was given to: another one's pair is of no use. */
  clientHash: z.string(),
  /** Hash of the secret that the vendor has accepted. */
  secretHash: z.string(),
  accessToken: z.string().min(1),
  refreshToken: z.string(),
  refreshAt: z.number(),
});
type Pair = z.infer<typeof kept>;

const answer = z.object({
  access_token: z.string().min(1),
  // Left out, the one that was used goes on.
  refresh_token: z.string().min(1).optional(),
  // Text in the documentation, a number elsewhere.
  expires_in: z.coerce.number().min(1).max(1e9).catch(USUAL_LIFE),
});

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

export interface TokenKeeperOptions {
  account: V2Account;
  /** Folder of the kept pairs. */
  directory: string;
  /** Sends a form to the vendor's token address. */
  ask: (form: Record<string, string>, how: AskOptions) => Promise<unknown>;
  clock: Pick<Clock, "now">;
  log: Log;
}

export type AskOptions = Pick<HttpRequest, "isMended" | "isRepeatable">;

/**
 * The one pair of tokens of an account, kept in a file of mode 0600: the vendor gives five pairs and refuses the sixth,
 * so that a new one is asked for only where there is none that works. The lease of the job sees to it that one run at a
 * time uses them; the file is read every time, so that a run that lost its lease goes on with what the other was given.
 */
export class TokenKeeper {
  private readonly file: string;
  private readonly clientHash: string;
  private readonly secretHash: string;

  constructor(private readonly options: TokenKeeperOptions) {
    const { clientId, clientSecret, agencyClient } = options.account;
    this.clientHash = hash(JSON.stringify([clientId, agencyClient]));
    this.secretHash = hash(clientSecret);
    this.file = fileOf(options.directory, options.account);
  }

  /** An access token that lasts for the next request. */
  async access(): Promise<string> {
    const pair = this.read();
    if (pair === undefined) return this.takeNew();
    // A refresh shows whether another secret is right, and takes no new pair.
    const lasts = this.options.clock.now() < pair.refreshAt && pair.secretHash === this.secretHash;
    return lasts ? pair.accessToken : this.refresh(pair);
  }

  /** Another access token in the place of one that the vendor has refused. */
  async replace(refused: string): Promise<string> {
    const pair = this.read();
    if (pair === undefined) return this.takeNew();
    return pair.accessToken === refused ? this.refresh(pair) : pair.accessToken;
  }

  /** The vendor has taken an access token back: it is not used again, and the next run refreshes the pair. */
  expire(taken: string): void {
    const pair = this.read();
    if (pair?.accessToken === taken) this.write({ ...pair, refreshAt: 0 });
  }

  private async refresh(pair: Pair): Promise<string> {
    this.checkFolder();
    const form = { grant_type: "refresh_token", refresh_token: pair.refreshToken };
    try {
      return this.keep(await this.options.ask(form, { isMended: isRefused }), pair.refreshToken);
    } catch (error) {
      // What the vendor does not know any more is of no use; a vendor that is down says nothing about the pair.
      if (!(error instanceof ApiError) || !isRefused(error)) throw error;
      const found = this.read();
      if (found !== undefined && found.accessToken !== pair.accessToken) return found.accessToken;
      this.options.log.info(`The refresh token of account ${this.options.account.account} is refused`, {
        code: error.code,
      });
      return this.takeNew();
    }
  }

  private async takeNew(): Promise<string> {
    const { account, log, ask } = this.options;
    this.checkFolder();
    const { agencyClient } = account;
    const form: Record<string, string> =
      agencyClient === undefined
        ? { grant_type: "client_credentials" }
        : { grant_type: "agency_client_credentials", agency_client_name: agencyClient };
    try {
      // An answer that was lost may have held a pair, so that only an answer that says no is a reason to ask again.
      const isRepeatable = ({ status }: ApiError) => status !== null && status !== 200;
      const token = this.keep(await ask(form, { isMended: isLimit, isRepeatable }), "");
      log.info(`Took a new pair of tokens for account ${account.account}`);
      return token;
    } catch (error) {
      if (!(error instanceof ApiError) || !isLimit(error)) throw error;
      throw new AccountStopped(
        `VK Ads gives account ${account.account} no further pair of tokens, as five are in use (HTTP ${error.status}, code ${error.code}): bring back the kept pair, or, ` +
          `if nobody else uses this client, remove them all with \`npx zakaz load vk_ads -- --delete-tokens ${account.account}\`.`,
        { status: error.status, code: error.code },
      );
    }
  }

  private keep(given: unknown, usedToRefresh: string): string {
    const { account, clock } = this.options;
    const parsed = answer.safeParse(given);
    if (!parsed.success) {
      throw new AccountStopped(
        `VK Ads answered a request for tokens of account ${account.account} without tokens.`,
      );
    }
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = parsed.data;
    const life = seconds * 1000;
    this.write({
      clientHash: this.clientHash,
      secretHash: this.secretHash,
      accessToken,
      refreshToken: refreshToken ?? usedToRefresh,
      refreshAt: clock.now() + Math.max(life - MARGIN, life / 2),
    });
    return accessToken;
  }

  private read(): Pair | undefined {
    let text: string;
    try {
      text = readFileSync(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw unusable(this.options.directory, error);
    }
    const { data } = kept.safeParse(parseOrNull(text));
    return data?.clientHash === this.clientHash ? data : undefined;
  }

  /** Before the vendor is asked: a pair that cannot be kept is one of five that is lost. */
  private checkFolder(): void {
    this.inFolder((next) => {
      writeFileSync(next, " ".repeat(4096), { mode: 0o600 });
      rmSync(next);
    });
  }

  /** In one step, so that a run that is killed leaves the old pair or the new one. */
  private write(pair: Pair): void {
    this.inFolder((next) => {
      writeFileSync(next, JSON.stringify(pair), { mode: 0o600, flush: true });
      renameSync(next, this.file);
    });
  }

  private inFolder(work: (next: string) => void): void {
    const { directory } = this.options;
    try {
      // Without `recursive`, which never ends where the parent takes no folder, below /proc for one.
      if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
      work(`${this.file}.${process.pid}.tmp`);
    } catch (error) {
      throw unusable(directory, error);
    }
  }
}

/** Forgets the pair of an account, after the vendor was made to do so. */
export function forgetTokens(directory: string, account: V2Account): void {
  try {
    rmSync(fileOf(directory, account), { force: true });
  } catch (error) {
    throw unusable(directory, error);
  }
}

function fileOf(directory: string, { account }: V2Account): string {
  return join(directory, `${account}.json`);
}

/** Null for what a full disk has cut off: a new pair replaces it. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unusable(directory: string, error: unknown): AccountStopped {
  const { code = "error" } = error as NodeJS.ErrnoException;
  return new AccountStopped(
    `The tokens of VK Ads cannot be kept in ${directory} (${code}): give VK_TOKEN_DIR a folder that can be read and written and outlives the run.`,
  );
}

/** The vendor does not take the refresh token: it says so itself, and it is not the client that it refuses. */
function isRefused({ status, code }: ApiError): boolean {
  return [400, 401, 403, 404].includes(status ?? 0) && code !== null && code !== "invalid_client";
}

function isLimit({ code }: ApiError): boolean {
  return code === "token_limit_exceeded";
}
