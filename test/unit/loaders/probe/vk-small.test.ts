import { expect, test } from "vitest";
import { CLIENT, OLD, serveLegacy, serveV2, type V2Habits } from "./small-vk";
import { changes, probeVk, type Probed } from "./support";

const russian = (day: string): string => day.split("-").reverse().join(".");

/** What a right probe says of the small APIs in their usual habits. */
const V2: Record<string, string> = {
  "reach.answers": "yes: HTTP 200",
  "reach.token": "yes: HTTP 200",
  "user.account": "yes: id is that of the settings",
  "user.currency": "yes: RUB",
  "list.frame": "yes: 2 rows of 2",
  "list.fields": "yes: 5 fields asked for, 0 others came",
  "list.size": "yes: 50 asked, limit 50, 50 rows of 60",
  "list.most": "yes: 200 asked, limit 50, 50 rows of 60",
  "list.offset": "yes: 5 rows, 0 of them on page 1 too",
  "order.descending": "yes: 5 rows",
  "order.ascending": "yes: 50 rows",
  "filter.id": "yes: 2 of 60 ads, 2 asked for",
  "filter.status": "yes: 20 of 60 ads",
  "filter.default": "yes: 20 of 60 ads",
  "utm.groups": "yes: 3 with marks among 3 groups",
  "utm.banners": "yes: 50 links, 50 of them with marks, among 50 ads",
  "utm.macros": "yes: 3 with a macro among 53 texts with marks",
  "stat.read": "yes: HTTP 200",
  "stat.days": "yes: 1550 of 1550 days",
  "stat.money": "yes: 1550 of 1550 figures",
  "stat.total": "yes: 50 of 50 ads",
  "stat.unknownId": "yes: HTTP 400, code wrong_request, JSON with error",
  "stat.ids200": "yes: HTTP 200, 50 different ids",
  "stat.days92": "yes: HTTP 200",
  "stat.days366": "yes: HTTP 200",
  "limit.headers": "yes: x-ratelimit-rps-limit",
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
  "list.bare": "yes: 2 campaigns as the response",
  "list.name": "yes: 2 of 2 campaigns",
  "filter.id": "yes: 2 of 10 ads, 2 asked for",
  "page.offset": "yes: 1 of 5 ads of the campaign",
  "link.ads": "yes: 10 of 10 ads",
  "link.layouts": "yes: 10 links, 10 of them with marks, among 10 ads",
  "utm.macros": "unknown: none among 10 texts with marks",
  "stat.nested": "yes: 10 of 10 ads",
  "stat.days": "yes: 310 of 310 days",
  "stat.money": "yes: 310 of 310 figures",
  "stat.unknownId": "no: 1 of 2 ads came",
  "error.parameter": "yes: HTTP 200, code 100, JSON with error",
  "flood.left": "yes: 7 left",
  "limit.headers": "no: none in 9 answers",
  "limit.pace": "yes: 0 of 9 answers were 429",
  "stat.fields": "unknown: not asked: the loader does not use it",
  "stat.ids400": "unknown: not asked: the loader asks for 200",
  "error.codes": "unknown: not asked: it would use up limits and tokens",
};

/** Neither output, log nor fixture shows what the small APIs have planted. */
function expectNothingPersonal({ parts, lines }: Probed): void {
  const written = JSON.stringify(parts) + lines.join("");
  expect([/planted/i, /@/, /79111112233/].filter((pattern) => pattern.test(written))).toEqual([]);
}

test("each question about a small newer API is answered", async () => {
  const probed = await probeVk((await serveV2()).url, [CLIENT]);
  expect(probed.table).toEqual(V2);
  expectNothingPersonal(probed);
});

test.each<[string, Partial<V2Habits>, Record<string, string>]>([
  [
    "filters and offset ignored, other days, money as numbers",
    {
      filters: false,
      offset: false,
      unknownId: "left out",
      day: russian,
      money: (m) => m,
      excess: 1,
      headers: {},
    },
    {
      "list.offset": "no: 5 rows, 5 of them on page 1 too",
      "filter.id": "no: 60 of 60 ads, 2 asked for",
      "filter.status": "no: 34 of 50 rows have another status",
      "filter.default": "no: 60 of 60 ads",
      "stat.days": "no: 0 of 1550 days",
      "stat.money": "no: 0 of 1550 figures",
      "stat.total": "no: 0 of 50 ads",
      "stat.unknownId": "no: HTTP 200",
      "limit.headers": "no: none in 16 answers",
    },
  ],
  [
    "small pages only, no order, no marks, another account",
    {
      most: 20,
      sorting: false,
      refusesLarge: true,
      marks: false,
      user: { id: 9, currency: "USD" },
      mostIds: 50,
      mostDays: 92,
    },
    {
      "user.account": "no: id is not that of the settings",
      "user.currency": "no: USD",
      "list.fields": "unknown: HTTP 400, code bad_limit, JSON with error",
      "list.size": "no: refused: HTTP 400, code bad_limit, JSON with error",
      "list.most": "no: refused: HTTP 400, code bad_limit, JSON with error",
      "list.offset": "unknown: HTTP 400, code bad_limit, JSON with error",
      "order.descending": "no: 5 rows",
      "order.ascending": "unknown: HTTP 400, code bad_limit, JSON with error",
      "filter.id": "unknown: HTTP 400, code bad_limit, JSON with error",
      "filter.status": "unknown: HTTP 400, code bad_limit, JSON with error",
      "filter.default": "unknown: HTTP 400, code bad_limit, JSON with error",
      "utm.groups": "unknown: HTTP 400, code bad_limit, JSON with error",
      "utm.banners": "unknown: HTTP 400, code bad_limit, JSON with error",
      "utm.macros": "unknown: HTTP 400, code bad_limit, JSON with error",
      "stat.days": "yes: 155 of 155 days",
      "stat.money": "yes: 155 of 155 figures",
      "stat.total": "yes: 5 of 5 ads",
      "stat.ids200": "no: HTTP 400, code wrong_request, JSON with error, 5 different ids",
      "stat.days366": "no: HTTP 400, code wrong_request, JSON with error",
    },
  ],
  [
    "pages that are cut to 20",
    { most: 20 },
    {
      "list.size": "no: 50 asked, limit 20, 20 rows of 60",
      "list.most": "no: 200 asked, limit 20, 20 rows of 60",
      "order.ascending": "yes: 20 rows",
      "utm.banners": "yes: 20 links, 20 of them with marks, among 20 ads",
      "utm.macros": "yes: 3 with a macro among 23 texts with marks",
      "stat.days": "yes: 620 of 620 days",
      "stat.money": "yes: 620 of 620 figures",
      "stat.total": "yes: 20 of 20 ads",
      "stat.ids200": "yes: HTTP 200, 20 different ids",
    },
  ],
  [
    "statistics that are refused",
    { mayReadStatistics: false, user: {} },
    {
      "user.account": "unknown: the answer names no account",
      "user.currency": "unknown: no currency came",
      "stat.read": "no: HTTP 403, code no_right, JSON with code, message",
      "stat.days": "unknown: HTTP 403, code no_right, JSON with code, message",
      "stat.money": "unknown: HTTP 403, code no_right, JSON with code, message",
      "stat.total": "unknown: HTTP 403, code no_right, JSON with code, message",
      "stat.unknownId": "unknown: HTTP 403, code no_right, JSON with code, message",
      "stat.ids200": "unknown: HTTP 403, code no_right, JSON with code, message",
      "stat.days92": "unknown: not asked: requests before it failed",
      "stat.days366": "unknown: not asked: requests before it failed",
      "limit.pace": "yes: 0 of 14 answers were 429",
    },
  ],
])("one with %s is told from it", async (_name, habits, otherwise) => {
  const api = await serveV2(habits);
  const probed = await probeVk(api.url, [CLIENT]);
  expect(changes(probed.table, V2)).toEqual(otherwise);
  expect(probed.parts[0]?.failure).toBeUndefined();
  expectNothingPersonal(probed);
});

test("each question about a small old API is answered, and one with other shapes is told from it", async () => {
  const usual = await probeVk((await serveLegacy()).url, [OLD]);
  expect(usual.table).toEqual(LEGACY);
  const other = await probeVk(
    (
      await serveLegacy({
        items: true,
        filters: false,
        offset: false,
        linkInAds: true,
        unknownId: "refused",
        badParameter: [400, 113],
        month: true,
        money: (roubles) => roubles,
        flood: 3,
        headers: { "Retry-After": "1" },
      })
    ).url,
    [OLD],
  );
  expect(changes(other.table, LEGACY)).toEqual({
    "list.bare": "no: 2 campaigns below items",
    "list.name": "no: 0 of 2 campaigns",
    "filter.id": "no: 10 of 10 ads, 2 asked for",
    "page.offset": "no: 1 of 5 ads of the campaign",
    "link.ads": "no: 0 of 10 ads",
    "link.layouts": "unknown: none among 10 ads",
    "utm.macros": "unknown: none among 0 texts with marks",
    "stat.days": "no: 0 of 310 days",
    "stat.money": "no: 0 of 310 figures",
    "stat.unknownId": "yes: HTTP 200, code 100, JSON with error",
    "error.parameter": "no: HTTP 400, code 113, JSON with error",
    "flood.left": "no: no left and refresh",
    "limit.headers": "yes: retry-after",
  });
  for (const probed of [usual, other]) {
    expect(probed.parts[0]?.failure).toBeUndefined();
    expectNothingPersonal(probed);
  }
});

test("a wrong secret is named, and shown nowhere", async () => {
  const probed = await probeVk((await serveV2()).url, [{ ...CLIENT, clientSecret: "planted-wrong-secret" }]);
  expect(probed.table["reach.token"]).toBe("no: HTTP 401, code invalid_client, JSON with code");
  expect(probed.parts[0]?.failure?.message).toContain("refused the token or the permission");
  expectNothingPersonal(probed);
});
