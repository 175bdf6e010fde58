import { ApiError } from "../../core/api-error";
import type { Fault } from "../../core/answer";
import type { HttpClient } from "../../core/http";
import type { LegacyAccount } from "../accounts";
import type { ClientInput } from "../adapter";
import { AccountStopped, isFinalAnywhere, VkProtocolError, vkHttpClient } from "../client";

export type Method = "getCampaigns" | "getAds" | "getAdsLayout" | "getStatistics" | "getFloodStats";

const PATHS = [/^\/method\/ads\.(getCampaigns|getAds|getAdsLayout|getStatistics|getFloodStats)$/];

/** Errors that another try may mend, with the least wait before it, in ms. */
const AGAIN: Readonly<Record<string, number>> = { 1: 0, 6: 1000, 9: 30_000, 10: 0, 29: 30_000 };
/** Errors after which nothing more may be asked for the account: authorisation, captcha, a wrong setting, limits. */
const FINAL: ReadonlySet<string> = new Set("5 7 9 14 15 29 100 113 600 601".split(" "));
/** Those of them that a person mends by another token, its rights or the account's number. */
export const REFUSED: ReadonlySet<string> = new Set(["5", "7", "15", "113", "600"]);
/** What a person does about the others. */
const HINTS: Readonly<Record<string, string>> = {
  9: "too many calls, run the load again later or raise VK_REQUEST_PAUSE_MS.",
  14: "it asks for a captcha, renew the account's accessToken in VK_ACCOUNTS (zakaz:vkAdsAccounts).",
  29: "too many calls, run the load again later or raise VK_REQUEST_PAUSE_MS.",
  100: "a parameter is wrong, check the account's number and agency in VK_ACCOUNTS (zakaz:vkAdsAccounts), and VK_API_VERSION.",
  601: "no more calls for ads this day, run the load again tomorrow.",
};

/** The methods `ads.*` of the old API for one account: how they are called, and their errors. */
export class LegacyClient {
  private readonly http: HttpClient;

  constructor(private readonly input: ClientInput<LegacyAccount>) {
    const { settings } = input;
    this.http = vkHttpClient(input, { allow: PATHS, baseUrl: settings.VK_LEGACY_BASE_URL, readFault });
  }

  get requests(): number {
    return this.http.requests;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** What a method answers. `isMended` as in `HttpRequest`. */
  async ask(
    method: Method,
    form: Record<string, string>,
    isMended: (error: ApiError) => boolean = () => false,
  ): Promise<unknown> {
    const { account, settings } = this.input;
    const body = new URLSearchParams({
      ...form,
      account_id: account.agency ?? account.account,
      ...(account.agency === undefined ? {} : { client_id: account.account }),
      v: settings.VK_API_VERSION,
      access_token: account.accessToken,
    });
    // The token goes by the body: a URL stands in the logs of every proxy.
    const sent = this.http.send({
      method: "POST",
      path: `/method/ads.${method}`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: body.toString(),
      isMended,
    });
    const answer = await sent.catch((error: unknown) => {
      const hint = error instanceof ApiError && !isMended(error) ? HINTS[error.code ?? ""] : undefined;
      if (!(error instanceof ApiError) || hint === undefined) throw error;
      const { status, code } = error;
      throw new AccountStopped(
        `VK refuses ads.${method} of account ${account.account} (HTTP ${status}, code ${code}): ${hint}`,
        { status, code },
      );
    });
    const { response } = (answer ?? {}) as { response?: unknown };
    if (response === undefined)
      throw new VkProtocolError(
        `VK answered ads.${method} of account ${account.account} without a response.`,
      );
    return response;
  }
}

/** Whether a failure of the old API ends an account. */
export function isFinal(error: unknown): boolean {
  return isFinalAnywhere(error) || (error instanceof ApiError && FINAL.has(error.code ?? ""));
}

/** The error object, which mostly comes with HTTP 200. */
export function readFault(body: unknown): Fault | undefined {
  const { error } = (body ?? {}) as { error?: { error_code?: unknown } | null };
  if (error === undefined || error === null) return undefined;
  const given = error.error_code;
  const isCode = (typeof given === "number" || typeof given === "string") && /^\d{1,6}$/.test(String(given));
  const code = isCode ? String(given) : "unnamed";
  const waitMs = AGAIN[code];
  if (waitMs !== undefined) return { code, transient: true, ...(waitMs > 0 ? { waitMs } : {}) };
  return FINAL.has(code) ? { code, transient: false, refused: REFUSED.has(code) } : { code };
}
