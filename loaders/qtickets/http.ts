import { createHttpClient, type HttpClient, type HttpOptions } from "../core/http";
import { READ_ONLY_PATHS, readFault } from "./api";
import type { Settings } from "./settings";

/** The client of the API: its token, its allow-list, its pace. */
export function qticketsHttp(
  run: Pick<HttpOptions, "deadline" | "signal" | "clock" | "log">,
  settings: Settings,
  more: Partial<Pick<HttpOptions, "stopwatch" | "concurrency" | "onAnswer" | "readFault">>,
): HttpClient {
  return createHttpClient({
    ...run,
    apiName: "QTickets",
    baseUrl: settings.QTICKETS_BASE_URL,
    headers: { authorization: `Bearer ${settings.QTICKETS_TOKEN}` },
    readFault,
    refusedHint: "check the token and its rights in the seller cabinet.",
    allow: READ_ONLY_PATHS,
    requestTimeoutMs: settings.QTICKETS_REQUEST_SECONDS * 1000,
    ratePerSecond: settings.QTICKETS_RATE_PER_SECOND,
    ...more,
  });
}
