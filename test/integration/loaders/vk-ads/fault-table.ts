import type { FaultRule } from "../../../../sandbox/vk-ads/sandbox";

/** What the facts of an account are after a run: as the vendor has it now, as before, or part this and part that. */
export type Facts = "new" | "old" | "mixed";

/** A fault of the API and what a run must make of it. */
export interface Fault {
  name: string;
  rules: readonly FaultRule[];
  status: "ok" | "partial" | "error";
  /** Facts of both accounts, where they are not all new (ok) or all old (error). */
  facts?: readonly [Facts, Facts];
  /** Calls of a path by both accounts together. */
  calls?: Readonly<Record<string, number>>;
  /** What the journal says of it. */
  said?: RegExp;
  /** The least that some wait takes, in ms; 0: nothing is waited for. */
  wait?: number;
  settings?: Record<string, string>;
  /** The kept tokens are gone. */
  withoutTokens?: true;
}

export type Api = "legacy" | "v2";

/** Statistics are asked for in so many parts for each account. */
export const PARTS = 3;
const TRIES = 4;

const STATS = { legacy: "/method/ads.getStatistics", v2: "/api/v2/statistics/banners/day.json" };
const ADS = { legacy: "/method/ads.getAds", v2: "/api/v2/banners.json" };
const FIRST = { legacy: "/method/ads.getCampaigns", v2: "/api/v3/user.json" };
const TOKEN = "/api/v2/oauth2/token.json";

/** The second account. */
export const SECOND = { legacy: "2002", v2: "1002" };

/** Faults of the transport, which both APIs know. */
function common(api: Api): Fault[] {
  const route = STATS[api];
  const http = (status: number, more = {}) => ({ kind: "status", status, route, ...more }) as const;
  const once = { status: "ok" } as const;
  /** Every part fails after all its tries. */
  const forEver = { status: "error", calls: { [route]: 2 * PARTS * TRIES } } as const;
  /** Every part fails by its first call. */
  const eachOnce = { status: "error", calls: { [route]: 2 * PARTS }, wait: 0 } as const;
  /** The first call ends the account. */
  const final = { status: "error", calls: { [route]: 2 }, wait: 0 } as const;
  return [
    { name: "connection dropped, once", rules: [{ kind: "drop", route, times: 1 }], ...once },
    {
      name: "connection dropped, for ever",
      rules: [{ kind: "drop", route }],
      ...forEver,
      said: /broke off \(\w+\)/,
    },
    { name: "cut off, once", rules: [{ kind: "truncated", route, times: 1 }], ...once },
    { name: "broken JSON, once", rules: [{ kind: "brokenJson", route, times: 1 }], ...once },
    {
      name: "broken JSON, for ever",
      rules: [{ kind: "brokenJson", route }],
      ...forEver,
      said: /is not JSON/,
    },
    {
      name: "too slow, once",
      rules: [{ kind: "delay", ms: 1500, route, times: 1 }],
      ...once,
      settings: { VK_TIMEOUT_S: "1" },
    },
    {
      name: "too slow, one account",
      rules: [{ kind: "delay", ms: 1500, route, account: SECOND[api] }],
      status: "partial",
      facts: ["new", "old"],
      calls: { [route]: 1 + 2 },
      said: /did not answer within 1000 ms/,
      settings: { VK_TIMEOUT_S: "1", VK_MAX_ATTEMPTS: "2", VK_IDS_PER_REQUEST: "100" },
    },
    {
      name: "429, Retry-After in seconds",
      rules: [http(429, { retryAfterSeconds: 7, times: 1 })],
      ...once,
      wait: 7000,
    },
    {
      name: "429, Retry-After as a date",
      rules: [http(429, { retryAfterSeconds: 9, retryAfterForm: "date", times: 1 })],
      ...once,
      wait: 7000,
    },
    { name: "429, for ever", rules: [http(429, { body: "html" })], ...forEver, said: /HTTP 429/ },
    ...[500, 502, 503].map((code): Fault => ({
      name: `${code} twice`,
      rules: [http(code, { times: 2 })],
      ...once,
    })),
    { name: "502 with HTML, for ever", rules: [http(502, { body: "html" })], ...forEver, said: /HTTP 502/ },
    { name: "503, for ever", rules: [http(503)], ...forEver, said: /HTTP 503/ },
    ...[401, 403, 404, 405, 413, 414].map((code): Fault => ({
      name: `${code} with HTML`,
      rules: [http(code, { body: "html" })],
      ...final,
      said: new RegExp(`HTTP ${code}`),
    })),
    { name: "200 with HTML", rules: [{ kind: "html", route }], ...eachOnce, said: /is not JSON \(HTTP 200/ },
    { name: "200 with nothing", rules: [{ kind: "empty", route }], ...eachOnce, said: /an empty body/ },
    {
      name: "redirect",
      rules: [{ kind: "redirect", to: "http://127.0.0.1:9/", route }],
      ...eachOnce,
      said: /redirects/,
    },
    {
      name: "no UTF-8",
      rules: [{ kind: "invalidUtf8", route: ADS[api] }],
      status: "error",
      said: /is not JSON/,
    },
    { name: "compressed", rules: [{ kind: "gzip" }], ...once },
    { name: "byte order mark", rules: [{ kind: "bom" }], ...once },
    {
      name: "wrong types in statistics",
      rules: [{ kind: "wrongTypes", route }],
      status: "error",
      said: /could not be read.*unreadable id/,
    },
    {
      name: "wrong types in a list",
      rules: [{ kind: "wrongTypes", route: ADS[api] }],
      status: "error",
      said: /could not be read/,
    },
    {
      name: "an ad that no list has",
      rules: [{ kind: "unknownAd", route, account: SECOND[api] }],
      status: "partial",
      facts: ["new", "new"],
      said: /rows are of ads that no list has/,
    },
    {
      name: "half an account: the second part",
      rules: [http(502, { body: "html", skip: 1, times: TRIES, account: SECOND[api] })],
      status: "partial",
      facts: ["new", "mixed"],
      said: new RegExp(`account ${SECOND[api]}: part 2 of 3 is missing, 20 ads from`),
    },
    {
      name: "one account of two, by its list",
      rules: [{ kind: "status", status: 500, route: ADS[api], account: SECOND[api] }],
      status: "partial",
      facts: ["new", "old"],
      calls: { [route]: PARTS },
      said: new RegExp(`account ${SECOND[api]}: VK Ads .*HTTP 500`),
    },
    {
      name: "all accounts, by their first call",
      rules: [{ kind: "status", status: 403, route: FIRST[api] }],
      status: "error",
      calls: { [FIRST[api]]: 2, [ADS[api]]: 0, [route]: 0 },
      said: /VK_ACCOUNTS \(zakaz:vkAdsAccounts\)/,
    },
  ];
}

const legacyStats = (code: number, more = {}) =>
  ({ kind: "apiError", code, route: STATS.legacy, ...more }) as const;

/** Codes of the old API. */
const LEGACY: Fault[] = [
  ...[1, 6, 9, 10, 29].map((code): Fault => {
    const wait = { 6: 1000, 9: 30_000, 29: 30_000 }[code] ?? 500;
    return { name: `code ${code}, twice`, rules: [legacyStats(code, { times: 2 })], status: "ok", wait };
  }),
  ...[1, 6, 10].map((code): Fault => ({
    name: `code ${code}, for ever`,
    rules: [legacyStats(code)],
    status: "error",
    calls: { [STATS.legacy]: 2 * PARTS * TRIES },
    said: new RegExp(`HTTP 200.*code ${code}\\)`),
  })),
  ...[9, 29].map((code): Fault => ({
    name: `code ${code}, for ever`,
    rules: [legacyStats(code)],
    status: "error",
    calls: { [STATS.legacy]: 2 * TRIES },
    said: new RegExp(`code ${code}\\): too many calls`),
  })),
  ...[5, 7, 14, 15, 100, 113, 600, 601].map((code): Fault => ({
    name: `code ${code}`,
    rules: [legacyStats(code)],
    status: "error",
    calls: { [STATS.legacy]: 2 },
    wait: 0,
    said: new RegExp(`code ${code}\\)`),
  })),
  {
    name: "code 5 at once: one call for an account",
    rules: [{ kind: "apiError", code: 5, account: SECOND.legacy }],
    status: "partial",
    facts: ["new", "old"],
    calls: { [FIRST.legacy]: 2, [ADS.legacy]: 1, "/method/ads.getFloodStats": 1, [STATS.legacy]: PARTS },
    said: /account 2002: VK Ads \/method\/ads\.getCampaigns refused the token/,
  },
  {
    name: "code 603",
    rules: [legacyStats(603)],
    status: "error",
    calls: { [STATS.legacy]: 2 * PARTS },
    wait: 0,
    said: /code 603/,
  },
  {
    name: "code 603 for a part",
    rules: [legacyStats(603, { times: 1 })],
    status: "partial",
    facts: ["mixed", "new"],
    said: /account 2001: part 1 of 3 is missing/,
  },
  {
    name: "code 603 as text, HTTP 400",
    rules: [{ kind: "apiError", code: "603", status: 400, route: STATS.legacy }],
    status: "error",
    said: /HTTP 400.*code 603/,
  },
  {
    name: "the limits cannot be read",
    rules: [{ kind: "apiError", code: 3, route: "/method/ads.getFloodStats" }],
    status: "ok",
  },
];

const v2Stats = (code: string, status: number, more = {}) =>
  ({ kind: "apiError", code, status, route: STATS.v2, ...more }) as const;

/** Errors, pages and limits of the newer API. */
const V2: Fault[] = [
  {
    name: "400, for ever",
    rules: [{ kind: "status", status: 400, route: STATS.v2 }],
    status: "error",
    said: /HTTP 400.*code validation_failed/,
  },
  { name: "400, once", rules: [{ kind: "status", status: 400, route: STATS.v2, times: 1 }], status: "ok" },
  ...["expired_token", "invalid_token"].map((code): Fault => ({
    name: `401 ${code}, once`,
    rules: [v2Stats(code, 401, { times: 1 })],
    status: "ok",
    calls: { [TOKEN]: 1, [STATS.v2]: 2 * PARTS + 1 },
  })),
  ...["expired_token", "invalid_token"].map((code): Fault => ({
    name: `401 ${code}, for ever`,
    rules: [v2Stats(code, 401)],
    status: "error",
    calls: { [TOKEN]: 2, [STATS.v2]: 4 },
    said: new RegExp(`HTTP 401.*code ${code}`),
  })),
  ...["invalid_client", "invalid_user", "revoked_token"].map((code): Fault => ({
    name: `401 ${code}`,
    rules: [v2Stats(code, 401)],
    status: "error",
    calls: { [TOKEN]: 0, [STATS.v2]: 2 },
    wait: 0,
    said: new RegExp(`code ${code}`),
  })),
  {
    name: "tokens expire in the middle",
    rules: [{ kind: "expireTokens", route: STATS.v2, skip: 1, times: 1 }],
    status: "ok",
    calls: { [TOKEN]: 1 },
  },
  ...[403, 404, 405].map((status): Fault => ({
    name: `${status} with JSON`,
    rules: [{ kind: "status", status, route: STATS.v2 }],
    status: "error",
    calls: { [STATS.v2]: 2 },
    wait: 0,
    said: new RegExp(`HTTP ${status}.*code \\w+`),
  })),
  {
    name: "an error in HTTP 200",
    rules: [{ kind: "statusError", route: STATS.v2 }],
    status: "error",
    wait: 0,
    said: /HTTP 200.*code internal_error/,
  },
  {
    name: "nothing left of the second",
    rules: [{ kind: "rateLimit", limit: "RPS", route: STATS.v2, times: 1 }],
    status: "ok",
    wait: 500,
  },
  {
    name: "429, nothing left of the second",
    rules: [
      { kind: "status", status: 429, route: STATS.v2, times: 1 },
      { kind: "rateLimit", limit: "RPS", route: STATS.v2, times: 1 },
    ],
    status: "ok",
    wait: 500,
  },
  ...(["Hourly", "Daily"] as const).flatMap((limit): Fault[] => [
    {
      name: `429, nothing left (${limit})`,
      rules: [
        { kind: "status", status: 429, route: STATS.v2 },
        { kind: "rateLimit", limit, route: STATS.v2 },
      ],
      status: "error",
      calls: { [STATS.v2]: 2 },
      wait: 0,
      said: /no further request this (hour|day); run the load again after .* Moscow time/,
    },
    {
      name: `nothing left (${limit}) after the first part`,
      rules: [{ kind: "rateLimit", limit, route: STATS.v2, account: SECOND.v2 }],
      status: "partial",
      facts: ["new", "mixed"],
      calls: { [STATS.v2]: PARTS + 1 },
      wait: 0,
      said: /account 1002: VK Ads allows account 1002 no further request this (hour|day)/,
    },
  ]),
  {
    name: "403 token_limit_exceeded",
    rules: [{ kind: "apiError", code: "token_limit_exceeded", status: 403, route: TOKEN }],
    status: "error",
    withoutTokens: true,
    calls: { [TOKEN]: 2, [FIRST.v2]: 0 },
    wait: 0,
    said: /HTTP 403, code token_limit_exceeded.*--delete-tokens 1001/,
  },
  {
    name: "invalid_client on the token request",
    rules: [{ kind: "apiError", code: "invalid_client", status: 401, route: TOKEN }],
    status: "error",
    withoutTokens: true,
    calls: { [TOKEN]: 2, [FIRST.v2]: 0 },
    said: /token\.json refused the token.*code invalid_client.*VK_ACCOUNTS/,
  },
  {
    name: "503 on the token request, once",
    rules: [{ kind: "status", status: 503, route: TOKEN, times: 1 }],
    status: "ok",
    withoutTokens: true,
    calls: { [TOKEN]: 3 },
  },
  {
    name: "a page that comes again",
    rules: [{ kind: "repeatedPage", route: ADS.v2 }],
    status: "error",
    wait: 0,
    said: /gave banners of account 100[12] twice/,
  },
  {
    name: "no page at all",
    rules: [{ kind: "emptyPage", route: ADS.v2 }],
    status: "error",
    wait: 0,
    said: /gave none of 60 banners/,
  },
  {
    name: "an empty second page",
    rules: [{ kind: "emptyPage", route: ADS.v2, skip: 1, account: SECOND.v2 }],
    status: "partial",
    facts: ["new", "mixed"],
    said: /account 1002: only 50 of 60 banners came/,
  },
  {
    name: "a total that is too great",
    rules: [{ kind: "lyingTotal", by: 3, route: ADS.v2 }],
    status: "partial",
    facts: ["new", "new"],
    said: /only 60 of 63 banners came/,
  },
  {
    name: "a total that is too small",
    rules: [{ kind: "lyingTotal", by: -20, route: ADS.v2 }],
    status: "ok",
  },
  { name: "pages of another size", rules: [{ kind: "pageSizeIgnored", route: ADS.v2 }], status: "ok" },
  {
    name: "no total",
    rules: [{ kind: "missingPaging", route: ADS.v2 }],
    status: "error",
    said: /without a list/,
  },
  {
    name: "a bare list",
    rules: [{ kind: "bareArray", route: ADS.v2 }],
    status: "error",
    said: /without a list/,
  },
  { name: "totals that are wrong", rules: [{ kind: "wrongTotal", route: STATS.v2 }], status: "ok" },
];

/** Every fault of the matrix. */
export const FAULTS: Readonly<Record<Api, readonly Fault[]>> = {
  legacy: [...common("legacy"), ...LEGACY],
  v2: [...common("v2"), ...V2],
};
