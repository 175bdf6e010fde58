import { describe, expect, test } from "vitest";
import { LEGACY_QUESTIONS } from "../../../../loaders/vk-ads/probe/legacy";
import { v2Questions } from "../../../../loaders/vk-ads/probe/v2";
import type { FaultRule } from "../../../../sandbox/vk-ads/sandbox";
import { changes, probeVkSandbox, startVk, tableOf, type Probed } from "./support";

/** What a right probe says of the sandbox as it is. */
const V2: Record<string, string> = {
  "reach.answers": "yes: HTTP 200",
  "reach.token": "yes: HTTP 200",
  "user.account": "yes: id is that of the settings",
  "user.currency": "yes: RUB",
  "list.frame": "yes: 5 rows of 5",
  "list.fields": "yes: 5 fields asked for, 0 others came",
  "list.size": "yes: 50 asked, limit 50, 50 rows of 60",
  "list.most": "yes: refused: HTTP 400, code validation_failed, JSON with error",
  "list.offset": "yes: 5 rows, 0 of them on page 1 too",
  "order.descending": "yes: 5 rows",
  "order.ascending": "yes: 50 rows",
  "filter.id": "yes: 2 of 60 ads, 2 asked for",
  "filter.status": "yes: 12 of 60 ads",
  "filter.default": "yes: 36 of 60 ads",
  "utm.groups": "yes: 7 with marks among 15 groups",
  "utm.banners": "yes: 50 links, 32 of them with marks, among 50 ads",
  "utm.macros": "yes: 1 with a macro among 39 texts with marks",
  "stat.read": "yes: HTTP 200",
  "stat.days": "yes: 947 of 947 days",
  "stat.money": "yes: 947 of 947 figures",
  "stat.total": "yes: 50 of 50 ads",
  "stat.unknownId": "yes: HTTP 400, code validation_failed, JSON with error",
  "stat.ids200": "yes: HTTP 200, 50 different ids",
  "stat.days92": "yes: HTTP 200",
  "stat.days366": "no: HTTP 400, code validation_failed, JSON with error",
  "limit.headers":
    "yes: x-ratelimit-daily-limit, x-ratelimit-daily-remaining, x-ratelimit-hourly-limit, x-ratelimit-hourly-remaining, x-ratelimit-rps-limit, x-ratelimit-rps-remaining",
  "limit.pace": "yes: 0 of 16 answers were 429",
  "host.second": "unknown: not asked: the token goes to the address of the settings only",
  "token.five": "unknown: not asked: it would use them up",
  "token.codes": "unknown: not asked: it would replace the kept tokens",
  "list.campaigns": "unknown: not asked: the loader may not ask for it",
  "stat.v3": "unknown: not asked: the loader may not ask for them",
  "stat.vat": "unknown: not asked: figures do not tell; compare a day with the cabinet",
  "stat.final": "unknown: not asked: it takes two probes, weeks apart",
};

const LEGACY: Record<string, string> = {
  "reach.answers": "yes: HTTP 200",
  "reach.token": "yes: HTTP 200",
  "list.bare": "yes: 5 campaigns as the response",
  "list.name": "yes: 5 of 5 campaigns",
  "filter.id": "yes: 2 of 60 ads, 2 asked for",
  "page.offset": "yes: 1 of 12 ads of the campaign",
  "link.ads": "yes: 60 of 60 ads",
  "link.layouts": "yes: 56 links, 52 of them with marks, among 60 ads",
  "utm.macros": "yes: 4 with a macro among 52 texts with marks",
  "stat.nested": "yes: 60 of 60 ads",
  "stat.days": "yes: 1134 of 1134 days",
  "stat.money": "yes: 1134 of 1134 figures",
  "stat.unknownId": "no: 1 of 2 ads came",
  "error.parameter": "yes: HTTP 200, code 100, JSON with error",
  "flood.left": "yes: 1000 left",
  "limit.headers": "no: none in 9 answers",
  "limit.pace": "yes: 0 of 9 answers were 429",
  "stat.fields": "unknown: not asked: the loader does not use it",
  "stat.ids400": "unknown: not asked: the loader asks for 200",
  "error.codes": "unknown: not asked: it would use up limits and tokens",
};

/** What it says otherwise with a fault: of the newer API, of the old one. */
const FAULTS: readonly [FaultRule, Record<string, string>, Record<string, string>][] = [
  [
    { kind: "filtersIgnored" },
    {
      "list.frame": "yes: 3 rows of 3",
      "list.size": "unknown: 50 asked, limit 50, 36 rows of 36",
      "order.ascending": "yes: 36 rows",
      "filter.id": "no: 36 of 36 ads, 2 asked for",
      "filter.status": "no: 36 of 36 rows have another status",
      "filter.default": "unknown: 36 of 36 ads, all active",
      "utm.groups": "yes: 6 with marks among 13 groups",
      "utm.banners": "yes: 34 links, 19 of them with marks, among 36 ads",
      "utm.macros": "yes: 1 with a macro among 25 texts with marks",
      "stat.days": "yes: 959 of 959 days",
      "stat.money": "yes: 959 of 959 figures",
      "stat.total": "yes: 36 of 36 ads",
      "stat.ids200": "yes: HTTP 200, 36 different ids",
    },
    {},
  ],
  [
    { kind: "pageSizeIgnored" },
    {
      "list.size": "no: 50 asked, limit 20, 20 rows of 60",
      "list.offset": "yes: 20 rows, 0 of them on page 1 too",
      "order.descending": "yes: 20 rows",
      "order.ascending": "yes: 20 rows",
      "utm.banners": "yes: 20 links, 12 of them with marks, among 20 ads",
      "utm.macros": "yes: 1 with a macro among 19 texts with marks",
      "stat.days": "yes: 379 of 379 days",
      "stat.money": "yes: 379 of 379 figures",
      "stat.total": "yes: 20 of 20 ads",
      "stat.ids200": "yes: HTTP 200, 20 different ids",
    },
    {},
  ],
  [
    { kind: "repeatedPage" },
    {
      "list.offset": "no: 5 rows, 5 of them on page 1 too",
    },
    {},
  ],
  [
    { kind: "missingPaging" },
    {
      "list.frame": "no: the answer holds no count",
      "list.fields": "unknown: the answer holds no count",
      "list.size": "unknown: the answer holds no count",
      "list.offset": "unknown: the answer holds no count",
      "order.descending": "unknown: the answer holds no count",
      "order.ascending": "unknown: the answer holds no count",
      "filter.id": "unknown: the answer holds no count",
      "filter.status": "unknown: the answer holds no count",
      "filter.default": "unknown: the answer holds no count",
      "utm.groups": "unknown: the answer holds no count",
      "utm.banners": "unknown: the answer holds no count",
      "utm.macros": "unknown: the answer holds no count",
    },
    {},
  ],
  [
    { kind: "bareArray" },
    {
      "list.frame": "no: the answer holds no list",
      "list.fields": "unknown: the answer holds no list",
      "list.size": "unknown: the answer holds no list",
      "list.offset": "unknown: the answer holds no list",
      "order.descending": "unknown: the answer holds no list",
      "order.ascending": "unknown: the answer holds no list",
      "filter.id": "unknown: the answer holds no list",
      "filter.status": "unknown: the answer holds no list",
      "filter.default": "unknown: the answer holds no list",
      "utm.groups": "unknown: the answer holds no list",
      "utm.banners": "unknown: the answer holds no list",
      "utm.macros": "unknown: the answer holds no list",
      "stat.read": "unknown: not asked: no ad is known",
      "stat.days": "unknown: not asked: no ad is known",
      "stat.money": "unknown: not asked: no ad is known",
      "stat.total": "unknown: not asked: no ad is known",
      "stat.unknownId": "unknown: not asked: no ad is known",
      "stat.ids200": "unknown: not asked: no ad is known",
      "stat.days92": "unknown: not asked: no ad is known",
      "stat.days366": "unknown: not asked: no ad is known",
      "limit.pace": "yes: 0 of 10 answers were 429",
    },
    {},
  ],
  [
    { kind: "emptyPage" },
    {
      "list.frame": "yes: 0 rows of 5",
      "list.fields": "unknown: no rows came",
      "list.size": "no: 50 asked, limit 50, 0 rows of 60",
      "list.offset": "unknown: 0 ads",
      "order.descending": "unknown: 0 rows",
      "order.ascending": "unknown: 0 rows",
      "filter.id": "unknown: no ad is known",
      "utm.groups": "unknown: none among 0 groups",
      "utm.banners": "unknown: none among 0 ads",
      "utm.macros": "unknown: none among 0 texts with marks",
      "stat.read": "unknown: not asked: no ad is known",
      "stat.days": "unknown: not asked: no ad is known",
      "stat.money": "unknown: not asked: no ad is known",
      "stat.total": "unknown: not asked: no ad is known",
      "stat.unknownId": "unknown: not asked: no ad is known",
      "stat.ids200": "unknown: not asked: no ad is known",
      "stat.days92": "unknown: not asked: no ad is known",
      "stat.days366": "unknown: not asked: no ad is known",
      "limit.pace": "yes: 0 of 10 answers were 429",
    },
    {},
  ],
  [
    { kind: "wrongTypes" },
    {
      "list.offset": "unknown: 0 ads",
      "order.descending": "unknown: 0 rows",
      "order.ascending": "unknown: 0 rows",
      "filter.id": "unknown: no ad is known",
      "filter.status": "unknown: rows tell no status",
      "utm.groups": "unknown: none among 15 groups",
      "utm.banners": "unknown: none among 50 ads",
      "utm.macros": "unknown: none among 0 texts with marks",
      "stat.read": "unknown: not asked: no ad is known",
      "stat.days": "unknown: not asked: no ad is known",
      "stat.money": "unknown: not asked: no ad is known",
      "stat.total": "unknown: not asked: no ad is known",
      "stat.unknownId": "unknown: not asked: no ad is known",
      "stat.ids200": "unknown: not asked: no ad is known",
      "stat.days92": "unknown: not asked: no ad is known",
      "stat.days366": "unknown: not asked: no ad is known",
      "limit.pace": "yes: 0 of 10 answers were 429",
    },
    {
      "list.name": "no: 0 of 5 campaigns",
      "filter.id": "unknown: not asked: the account has no campaigns",
      "page.offset": "unknown: not asked: the account has no campaigns",
      "link.ads": "unknown: not asked: the account has no campaigns",
      "link.layouts": "unknown: not asked: the account has no campaigns",
      "utm.macros": "unknown: not asked: the account has no campaigns",
      "stat.nested": "unknown: not asked: the account has no campaigns",
      "stat.days": "unknown: not asked: the account has no campaigns",
      "stat.money": "unknown: not asked: the account has no campaigns",
      "stat.unknownId": "unknown: not asked: the account has no campaigns",
      "error.parameter": "unknown: not asked: the account has no campaigns",
      "flood.left": "no: no left and refresh",
      "limit.headers": "unknown: none in 2 answers, which are too few",
      "limit.pace": "unknown: none of 2 answers, which are too few",
    },
  ],
  [
    { kind: "wrongTotal" },
    {
      "stat.total": "no: 0 of 50 ads",
    },
    {},
  ],
  [
    { kind: "unknownAd" },
    {
      "stat.days": "yes: 948 of 948 days",
      "stat.money": "yes: 948 of 948 figures",
      "stat.total": "yes: 51 of 51 ads",
    },
    {
      "stat.nested": "yes: 61 of 61 ads",
      "stat.days": "yes: 1135 of 1135 days",
      "stat.money": "yes: 1135 of 1135 figures",
      "stat.unknownId": "no: 2 of 2 ads came",
    },
  ],
  [
    { kind: "expireTokens", skip: 3, times: 1 },
    {
      "limit.pace": "yes: 0 of 18 answers were 429",
    },
    {},
  ],
  [
    { kind: "rateLimit", limit: "Daily", skip: 5 },
    {
      "list.most": "unknown: not asked: requests before it failed",
      "order.descending": "unknown: given up",
      "filter.id": "unknown: not asked: requests before it failed",
      "filter.status": "unknown: not asked: requests before it failed",
      "filter.default": "unknown: not asked: requests before it failed",
      "stat.read": "unknown: not asked: requests before it failed",
      "stat.days": "unknown: not asked: requests before it failed",
      "stat.money": "unknown: not asked: requests before it failed",
      "stat.total": "unknown: not asked: requests before it failed",
      "stat.unknownId": "unknown: not asked: requests before it failed",
      "stat.ids200": "unknown: not asked: requests before it failed",
      "stat.days92": "unknown: not asked: requests before it failed",
      "stat.days366": "unknown: not asked: requests before it failed",
      "limit.pace": "yes: 0 of 6 answers were 429",
    },
    {},
  ],
  [{ kind: "rateLimit", limit: "RPS", skip: 5, times: 1 }, {}, {}],
  [
    { kind: "status", status: 429, retryAfterSeconds: 1, skip: 3, times: 1 },
    {
      "limit.headers":
        "yes: retry-after, x-ratelimit-daily-limit, x-ratelimit-daily-remaining, x-ratelimit-hourly-limit, x-ratelimit-hourly-remaining, x-ratelimit-rps-limit, x-ratelimit-rps-remaining",
      "limit.pace": "no: 1 of 17 answers were 429",
    },
    {},
  ],
  [
    { kind: "status", status: 403, route: "/api/v2/statistics/banners/day.json" },
    {
      "stat.read": "no: HTTP 403, code access_denied, JSON with code, message",
      "stat.days": "unknown: HTTP 403, code access_denied, JSON with code, message",
      "stat.money": "unknown: HTTP 403, code access_denied, JSON with code, message",
      "stat.total": "unknown: HTTP 403, code access_denied, JSON with code, message",
      "stat.unknownId": "unknown: HTTP 403, code access_denied, JSON with code, message",
      "stat.ids200": "unknown: not asked: requests before it failed",
      "stat.days92": "unknown: not asked: requests before it failed",
      "stat.days366": "unknown: not asked: requests before it failed",
      "limit.pace": "yes: 0 of 13 answers were 429",
    },
    {},
  ],
  [
    { kind: "status", status: 404, route: "/api/v3/user.json" },
    {
      "user.account": "unknown: HTTP 404, code not_found, JSON with error",
      "user.currency": "unknown: HTTP 404, code not_found, JSON with error",
    },
    {},
  ],
  [
    { kind: "apiError", code: 9, route: "/method/ads.getStatistics" },
    {},
    {
      "stat.nested": "unknown: HTTP 200, code 9, JSON with error",
      "stat.days": "unknown: HTTP 200, code 9, JSON with error",
      "stat.money": "unknown: HTTP 200, code 9, JSON with error",
      "stat.unknownId": "unknown: given up",
      "error.parameter": "unknown: not asked: requests before it failed",
      "limit.headers": "no: none in 12 answers",
      "limit.pace": "yes: 0 of 12 answers were 429",
    },
  ],
];

test("each question about both APIs is answered, by requests that only read", async () => {
  const sandbox = await startVk();
  const { parts, lines } = await probeVkSandbox(sandbox);
  expect(parts.map(tableOf)).toEqual([V2, LEGACY]);
  expect(Object.keys(V2)).toEqual(v2Questions("1001").map(({ id }) => id));
  expect(Object.keys(LEGACY)).toEqual(LEGACY_QUESTIONS.map(({ id }) => id));
  expect(parts.map(({ name, sent, failure }) => [name, sent, failure])).toEqual([
    // One for a pair of tokens.
    ["account 1001, v2", 16, undefined],
    ["account 1002, legacy", 9, undefined],
  ]);
  expect(sandbox.requests).toHaveLength(25);
  expect(sandbox.violations()).toEqual([]);
  expect(sandbox.tokensIssued("1001")).toBe(1);
  expect(lines.filter((line) => !line.includes("Took a new pair of tokens"))).toEqual([]);
});

test.each(FAULTS)("the fault %j is told", async (fault, v2, legacy) => {
  const sandbox = await startVk();
  sandbox.faults.set(fault);
  const { parts } = await probeVkSandbox(sandbox);
  expect(parts.map((part, index) => changes(tableOf(part), index === 0 ? V2 : LEGACY))).toEqual([v2, legacy]);
  expect(parts.map(({ failure }) => failure)).toEqual([undefined, undefined]);
});

test("lists below items with titles are told from bare ones", async () => {
  const { parts } = await probeVkSandbox(await startVk({ legacyLists: "items" }));
  expect(parts.map((part, index) => changes(tableOf(part), index === 0 ? V2 : LEGACY))).toEqual([
    {},
    {
      "list.bare": "no: 5 campaigns below items",
      "list.name": "no: 0 of 5 campaigns",
    },
  ]);
});

/** What is not unknown. */
const known = (part: Probed["parts"][number]): Record<string, string> =>
  Object.fromEntries(Object.entries(tableOf(part)).filter(([, said]) => !said.startsWith("unknown: ")));

describe("an account that cannot be asked", () => {
  const TOKENS = "/api/v2/oauth2/token.json";
  const LIMITS = { "limit.headers": V2["limit.headers"] };
  const CHECK = "check what VK_ACCOUNTS (zakaz:vkAdsAccounts) says of account";
  test.each<[FaultRule, number, Record<string, string | undefined>, string]>([
    [
      { kind: "apiError", code: "invalid_client", status: 401, route: TOKENS },
      0,
      {
        "reach.answers": "yes: HTTP 401, code invalid_client, JSON with code, message",
        "reach.token": "no: HTTP 401, code invalid_client, JSON with code, message",
        ...LIMITS,
      },
      `VK Ads ${TOKENS} refused the token or the permission (HTTP 401, application/json, 52 bytes, code invalid_client): ${CHECK} 1001, and its rights in the cabinet.`,
    ],
    [
      { kind: "apiError", code: "token_limit_exceeded", status: 403, route: TOKENS },
      0,
      {
        "reach.answers": "yes: HTTP 403, code token_limit_exceeded, JSON with code, message",
        "reach.token": "no: HTTP 403, code token_limit_exceeded, JSON with code, message",
        ...LIMITS,
      },
      "VK Ads gives account 1001 no further pair of tokens, as five are in use (HTTP 403, code token_limit_exceeded): bring back the kept pair, or, if nobody else uses this client, remove them all with `npx zakaz load vk_ads -- --delete-tokens 1001`.",
    ],
    [{ kind: "drop" }, 0, { "reach.answers": "no: ECONNRESET" }, `VK Ads ${TOKENS} broke off (ECONNRESET).`],
    [
      { kind: "html", route: "/method/ads.getCampaigns" },
      1,
      { "reach.answers": "yes: HTTP 200 without a usable answer" },
      "VK Ads /method/ads.getCampaigns answered something that is not JSON (HTTP 200, text/html, 41 bytes).",
    ],
    [
      { kind: "apiError", code: 5, route: "/method/ads.getCampaigns" },
      1,
      {
        "reach.answers": "yes: HTTP 200, code 5, JSON with error",
        "reach.token": "no: HTTP 200, code 5, JSON with error",
      },
      `VK Ads /method/ads.getCampaigns refused the token or the permission (HTTP 200, application/json, 48 bytes, code 5): ${CHECK} 1002, and its rights in the cabinet.`,
    ],
  ])("%j: nothing more is asked for it", async (fault, index, said, sentence) => {
    const sandbox = await startVk();
    sandbox.faults.set(fault);
    const { parts } = await probeVkSandbox(sandbox);
    const part = parts[index] as Probed["parts"][number];
    expect(known(part)).toEqual(said);
    expect(part.failure?.message).toBe(sentence);
    expect([part.sent, part.fixture]).toEqual([1, {}]);
  });
});
