import type { IncomingHttpHeaders } from "node:http";
import { DateTime } from "luxon";
import { ApiError } from "../../core/api-error";
import type { Fault } from "../../core/answer";
import { MOSCOW } from "../../core/values";
import type { ClientInput } from "../adapter";
import type { V2Account } from "../accounts";
import { LimitReached, vkHttpClient } from "../client";
import { TokenKeeper } from "./tokens";

const TOKEN_PATH = "/api/v2/oauth2/token.json";
const DELETE_PATH = "/api/v2/oauth2/token/delete.json";

/** All that is asked of the API: lists, statistics, and tokens. */
const PATHS: readonly RegExp[] = [
  /^\/api\/v2\/oauth2\/token(\/delete)?\.json$/,
  /^\/api\/v2\/(ad_plans|ad_groups|banners)\.json$/,
  /^\/api\/v2\/statistics\/banners\/day\.json$/,
  /^\/api\/v3\/user\.json$/,
];

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** How long nothing is asked when the second's requests are used up, in ms. */
const NEXT_SECOND = 1000;

/** The API of ads.vk.com for one account: tokens, limits, errors. */
export class V2Client {
  private readonly http;
  private readonly tokens: TokenKeeper;
  /** The period whose requests are used up. */
  private exhausted: "hour" | "day" | undefined;

  constructor(private readonly input: ClientInput<V2Account>) {
    const { run, settings, account } = input;
    this.http = vkHttpClient(input, {
      allow: PATHS,
      baseUrl: settings.VK_BASE_URL,
      readFault,
      onAnswer: (headers) => this.readLimits(headers),
    });
    this.tokens = new TokenKeeper({
      account,
      directory: settings.VK_TOKEN_DIR,
      ask: (form) => this.postForm(TOKEN_PATH, form),
      clock: run.clock,
      log: run.log,
    });
  }

  get requests(): number {
    return this.http.requests;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** The answer of GET. A token that the vendor refuses is replaced once. */
  async get(path: string, query: Record<string, string>): Promise<unknown> {
    const token = await this.tokens.access();
    try {
      return await this.getWith(token, path, query);
    } catch (error) {
      if (!(error instanceof ApiError) || !isOldToken(error)) throw error;
      this.input.run.log.info(
        `The token of account ${this.input.account.account} is refused, taking another`,
        {
          code: error.code,
        },
      );
      return this.getWith(await this.tokens.replace(token), path, query);
    }
  }

  /** Removes every token of the client at the vendor, those of other programs too, and the kept pair. */
  async deleteTokens(): Promise<void> {
    await this.postForm(DELETE_PATH, {});
    this.tokens.forget();
  }

  private getWith(token: string, path: string, query: Record<string, string>): Promise<unknown> {
    this.checkLimits();
    return this.http.send({
      path,
      query: new URLSearchParams(query),
      headers: { authorization: `Bearer ${token}` },
    });
  }

  private postForm(path: string, form: Record<string, string>): Promise<unknown> {
    this.checkLimits();
    const { clientId, clientSecret } = this.input.account;
    const body = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret });
    return this.http.send({ method: "POST", path, headers: FORM, body: body.toString() });
  }

  /** What an answer says about the requests that are left. */
  private readLimits(headers: IncomingHttpHeaders): number {
    const isUsedUp = (limit: string) => headers[`x-ratelimit-${limit}-remaining`] === "0";
    if (isUsedUp("daily")) this.exhausted = "day";
    else if (isUsedUp("hourly")) this.exhausted ??= "hour";
    return isUsedUp("rps") ? NEXT_SECOND : 0;
  }

  private checkLimits(): void {
    if (this.exhausted === undefined) return;
    const { account, run } = this.input;
    const now = DateTime.fromMillis(run.clock.now(), { zone: MOSCOW });
    const again = now
      .startOf(this.exhausted)
      .plus({ [this.exhausted]: 1 })
      .toFormat("yyyy-MM-dd HH:mm");
    throw new LimitReached(
      `VK Ads allows account ${account.account} no further request this ${this.exhausted}; run the load again after ${again} Moscow time.`,
    );
  }
}

/** Codes of an access token that another one can replace. */
function isOldToken({ status, code }: ApiError): boolean {
  return status === 401 && ["expired_token", "invalid_token"].includes(code ?? "");
}

/** The error object, at the top or below `error`. */
export function readFault(body: unknown): Fault | undefined {
  const { code, error } = (body ?? {}) as { code?: unknown; error?: unknown };
  const found = typeof error === "string" ? error : (((error ?? {}) as { code?: unknown }).code ?? code);
  if (typeof found === "string" && /^[a-z][a-z0-9_]{0,63}$/i.test(found)) return { code: found };
  return error === undefined ? undefined : { code: "unnamed" };
}
