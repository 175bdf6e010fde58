import { ApiError } from "../core/api-error";
import type { Fault } from "../core/answer";
import { ExpectedError, StoppedError } from "../core/errors";
import { createHttpClient, type HttpClient, type HttpOptions } from "../core/http";
import type { RetryTable } from "../core/retry";
import type { ClientInput } from "./adapter";

/** What differs between the two APIs. */
export type VkHttpOptions = Pick<HttpOptions, "allow" | "baseUrl" | "onAnswer"> & {
  readFault: (body: unknown, status: number) => Fault | undefined;
};

/** A client for one account: its limits are its own. */
export function vkHttpClient(
  { run, settings, account, observer }: ClientInput,
  options: VkHttpOptions,
): HttpClient {
  const retryTable: RetryTable = {
    attempts: settings.VK_MAX_ATTEMPTS,
    firstWait: 1000,
    factor: 2,
    longestWait: 30_000,
    jitter: 0.5,
  };
  const pause = settings.VK_REQUEST_PAUSE_MS;
  return createHttpClient({
    ...run,
    ...options,
    onAnswer: (headers, status) => {
      observer?.noteAnswer(headers, status);
      return options.onAnswer?.(headers, status) ?? 0;
    },
    readFault: (body, status) => {
      observer?.noteBody(body);
      return options.readFault(body, status);
    },
    apiName: "VK Ads",
    refusedHint: `check what VK_ACCOUNTS (zakaz:vkAdsAccounts) says of account ${account.account}, and its rights in the cabinet.`,
    requestTimeoutMs: settings.VK_TIMEOUT_S * 1000,
    ratePerSecond: pause === 0 ? 0 : 1000 / pause,
    retryTable,
  });
}

/** The answer of VK broke its own rules; it must not be taken for data. */
export class VkProtocolError extends ExpectedError {
  override readonly name = "VkProtocolError";
}

/** Nothing more may be asked for the account in this run: its limit is reached, or there is no token for it. */
export class AccountStopped extends ExpectedError {
  override readonly name = "AccountStopped";
}

/** Failures that end an account whatever its API. */
export function isFinalAnywhere(error: unknown): boolean {
  if (error instanceof AccountStopped || error instanceof StoppedError) return true;
  return error instanceof ApiError && [401, 403, 404, 405, 413, 414].includes(error.status ?? 0);
}
