import type { IncomingHttpHeaders } from "node:http";
import { DateTime } from "luxon";
import { ApiError } from "../../core/api-error";
import type { Fault } from "../../core/answer";
import { MOSCOW } from "../../core/values";
import type { HttpRequest } from "../../core/http";
import type { ClientInput } from "../adapter";
import type { V2Account } from "../accounts";
import { AccountStopped, vkHttpClient } from "../client";
import { TokenKeeper, type AskOptions } from "./tokens";

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

const TOO_MANY = 429;

/** How long nothing is asked when the second's requests are used up, in ms. */
const NEXT_SECOND = 1000;

/** The API of ads.vk.com for one account: tokens, limits, errors. */
export class V2Client {
  private readonly http;
  private readonly tokens: TokenKeeper;
  /** The period whose requests are used up, and when the next one begins. */
  private exhausted: { period: "hour" | "day"; until: number } | undefined;

  constructor(private readonly input: ClientInput<V2Account>) {
    const { run, settings, account } = input;
    this.http = vkHttpClient(input, {
      allow: PATHS,
      baseUrl: settings.VK_BASE_URL,
      readFault: (body, status) => this.readFault(body, status),
      onAnswer: (headers) => this.readLimits(headers),
    });
    this.tokens = new TokenKeeper({
      account,
      directory: settings.VK_TOKEN_DIR,
      ask: (form, how) => this.postForm(TOKEN_PATH, form, how),
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

  /** The answer of GET. A token that the vendor refuses is replaced once; `isMended` as in `HttpRequest`. */
  async get(path: string, query: Record<string, string>, isMended = never): Promise<unknown> {
    const token = await this.tokens.access();
    try {
      return await this.getWith(token, path, query, (error) => isOldToken(error) || isMended(error));
    } catch (error) {
      if (!(error instanceof ApiError) || !isOldToken(error)) throw error;
      const { account, run } = this.input;
      run.log.info(`The token of account ${account.account} is refused, taking another`, {
        code: error.code,
      });
      return this.getWith(await this.tokens.replace(token), path, query, isMended);
    }
  }

  /** Removes every token of the client at the vendor, those of other programs too. */
  async deleteTokens(): Promise<void> {
    await this.postForm(DELETE_PATH, {});
  }

  private async getWith(
    token: string,
    path: string,
    query: Record<string, string>,
    isMended: (error: ApiError) => boolean,
  ): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}` };
    try {
      return await this.send({ path, query: new URLSearchParams(query), headers, isMended });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401 && !isOldToken(error)) this.tokens.expire(token);
      throw error;
    }
  }

  private postForm(path: string, form: Record<string, string>, how: AskOptions = {}): Promise<unknown> {
    const { clientId, clientSecret } = this.input.account;
    const body = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret });
    return this.send({ method: "POST", path, headers: FORM, body: body.toString(), ...how });
  }

  /** A limit that is used up is told in the place of the refusals that follow from it. */
  private async send(request: HttpRequest): Promise<unknown> {
    this.checkLimits();
    try {
      return await this.http.send(request);
    } catch (error) {
      if (error instanceof ApiError && error.status === TOO_MANY) this.checkLimits();
      throw error;
    }
  }

  /** The vendor's error; one about a limit does not pass before the next period. */
  private readFault(body: unknown, status: number): Fault | undefined {
    const fault = readFault(body, status);
    return status === TOO_MANY && this.exhausted !== undefined
      ? { code: "rate_limit_exceeded", ...fault, transient: false }
      : fault;
  }

  /** What an answer says about the requests that are left. */
  private readLimits(headers: IncomingHttpHeaders): number {
    const isUsedUp = (limit: string) => headers[`x-ratelimit-${limit}-remaining`] === "0";
    if (isUsedUp("daily")) this.exhaust("day");
    else if (isUsedUp("hourly") && this.exhausted === undefined) this.exhaust("hour");
    return isUsedUp("rps") ? NEXT_SECOND : 0;
  }

  private exhaust(period: "hour" | "day"): void {
    const now = DateTime.fromMillis(this.input.run.clock.now(), { zone: MOSCOW });
    const next = now.startOf(period).plus({ [period]: 1 });
    this.exhausted = { period, until: next.toMillis() };
  }

  private checkLimits(): void {
    const { account, run } = this.input;
    if (this.exhausted !== undefined && run.clock.now() >= this.exhausted.until) this.exhausted = undefined;
    if (this.exhausted === undefined) return;
    const { period, until } = this.exhausted;
    const again = DateTime.fromMillis(until, { zone: MOSCOW }).toFormat("yyyy-MM-dd HH:mm");
    throw new AccountStopped(
      `VK Ads allows account ${account.account} no further request this ${period}; run the load again after ${again} Moscow time.`,
    );
  }
}

const never = (_error: ApiError): boolean => false;

/** Codes of an access token that another one can replace. */
function isOldToken({ status, code }: ApiError): boolean {
  return status === 401 && ["expired_token", "invalid_token"].includes(code ?? "");
}

/** The error object, at the top or below `error`. A 404 of an address that is right is a missing right. */
export function readFault(body: unknown, status: number): Fault | undefined {
  const { code, error } = (body ?? {}) as { code?: unknown; error?: unknown };
  const found = typeof error === "string" ? error : (((error ?? {}) as { code?: unknown }).code ?? code);
  const isCode = typeof found === "string" && /^[a-z][a-z0-9_]{0,63}$/i.test(found);
  if (!isCode && (error === undefined || error === null)) return undefined;
  return { code: isCode ? found : "unnamed", refused: status === 404 };
}
