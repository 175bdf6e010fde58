import { describe, expect, test } from "vitest";
import {
  caught,
  openAdapter,
  START,
  startVendor,
  status,
  V2_ACCOUNT,
  type Answer,
  type Call,
  type Route,
} from "./vendor";

const DAYS = { from: "2030-01-01", to: "2030-01-02" };
const TOKEN = "/api/v2/oauth2/token.json";
const STATS = "/api/v2/statistics/banners/day.json";
const L = (name: string) => `/api/v2/${name}.json`;
const ids = (length: number, first = 1) => Array.from({ length }, (_, index) => String(first + index));

const page = (items: readonly object[], count = items.length, offset = 0) => ({
  count,
  offset,
  limit: 50,
  items,
});
const pair = (number: number, more = {}) => ({
  access_token: `access-${number}`,
  token_type: "bearer",
  scope: "read_ads",
  expires_in: "86400",
  refresh_token: `refresh-${number}`,
  ...more,
});
const day = (date: string, shows = 1000, clicks = 12, spent = "123.45") => ({
  date,
  base: { shows, clicks, spent, goals: 1, cpm: "123.45", ctr: 1.2 },
});
const statsOf = (call: Call) => ({
  items: (call.query.get("id") ?? "").split(",").map((id) => ({ id: Number(id), rows: [day("2030-01-01")] })),
});

/** A vendor with one campaign, one group and one ad, but for what a test says. */
const routes = (more: Record<string, Route> = {}): Record<string, Route> => ({
  [TOKEN]: (_call, number) => pair(number),
  "/api/v3/user.json": () => ({ id: 1001, currency: "RUB" }),
  [L("ad_plans")]: () => page([{ id: 501, name: "VK_conv" }]),
  [L("ad_groups")]: () => page([{ id: 701, ad_plan_id: 501, utm: "utm_source=vk&utm_content=msk_05_11" }]),
  [L("banners")]: () =>
    page([
      { id: 9001, name: "AD_a", ad_group_id: 701, urls: { primary: { url: "https://a.test/?utm_term=x" } } },
    ]),
  [STATS]: statsOf,
  ...more,
});

async function open(more: Record<string, Route> = {}, settings: Record<string, string> = {}) {
  const vendor = await startVendor(routes(more));
  return { vendor, ...openAdapter(vendor.url, V2_ACCOUNT, settings) };
}

const inTurn =
  (...answers: Answer[]): Route =>
  (_call, number) =>
    answers[Math.min(number, answers.length - 1)]!;

/** A list of so many objects, page by page. */
const listing =
  (make: (id: string) => object, length: number): Route =>
  ({ query }) => {
    const [offset, limit] = [Number(query.get("offset")), Number(query.get("limit"))];
    return page(
      ids(length)
        .slice(offset, offset + limit)
        .map(make),
      length,
      offset,
    );
  };
const banner = (id: string) => ({ id: Number(id), name: "a", ad_group_id: 701, urls: {} });

describe("the API of ads.vk.com", () => {
  test("9: a token is asked for by a form, and used as a bearer; it is in no address and no log", async () => {
    const { vendor, adapter, lines } = await open();
    await adapter.ads();
    await adapter.statistics(["9001"], DAYS);
    const [first, ...rest] = vendor.calls;
    expect(first).toMatchObject({ method: "POST", url: TOKEN });
    expect(first?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(first?.form ?? [])).toEqual({
      grant_type: "client_credentials",
      client_id: "id-1001",
      client_secret: "secret-1001",
    });
    for (const call of rest) {
      expect(call).toMatchObject({ method: "GET", headers: { authorization: "Bearer access-0" } });
    }
    const seen = lines.join("") + vendor.calls.map(({ url }) => url).join(" ");
    expect(seen).not.toMatch(/access-0|refresh-0|secret-1001/);
  });

  test("10: expired_token: one refresh and one repeat", async () => {
    const { vendor, adapter, lines } = await open({
      [STATS]: (call, number) => (number === 0 ? status(401, { code: "expired_token" }) : statsOf(call)),
    });
    expect(await adapter.statistics(["9001"], DAYS)).toHaveLength(1);
    expect(vendor.of(TOKEN).map(({ form }) => form.get("grant_type"))).toEqual([
      "client_credentials",
      "refresh_token",
    ]);
    expect(vendor.of(STATS).map(({ headers }) => headers.authorization)).toEqual([
      "Bearer access-0",
      "Bearer access-1",
    ]);
    expect(lines.join("")).not.toContain("ERROR");
  });

  test.each(["expired_token", "invalid_token"])("10: a second 401 (%s) stops the account", async (code) => {
    const { vendor, adapter } = await open({ [STATS]: () => status(401, { code }) });
    const thrown = await caught(adapter.statistics(["9001"], DAYS));
    expect(thrown).toMatchObject({ status: 401, code });
    expect(adapter.isFinal(thrown)).toBe(true);
    expect(vendor.of(STATS)).toHaveLength(2);
    expect(vendor.of(TOKEN)).toHaveLength(2);
  });

  test.each(["invalid_client", "invalid_user", "revoked_token"])(
    "10: %s stops the account at once",
    async (code) => {
      const { vendor, adapter } = await open({ [STATS]: () => status(401, { error: { code } }) });
      const thrown = await caught(adapter.statistics(["9001"], DAYS));
      expect(thrown.message).toContain("VK_ACCOUNTS (zakaz:vkAdsAccounts) says of account 1001");
      expect(adapter.isFinal(thrown)).toBe(true);
      expect(vendor.of(STATS)).toHaveLength(1);
      expect(vendor.of(TOKEN)).toHaveLength(1);
    },
  );

  test("10: invalid_client on the token request: one request, and the sentence names the setting", async () => {
    const { vendor, adapter } = await open({ [TOKEN]: () => status(401, { error: "invalid_client" }) });
    const thrown = await caught(adapter.ads());
    expect(thrown).toMatchObject({ status: 401, code: "invalid_client" });
    expect(thrown.message).toContain("VK_ACCOUNTS");
    expect(adapter.isFinal(thrown)).toBe(true);
    expect(vendor.calls).toHaveLength(1);
  });

  test.each([
    [0, 1],
    [1, 1],
    [50, 1],
    [51, 2],
    [120, 3],
  ])("11: %i ads in %i pages of 50, of every status", async (length, pages) => {
    const { vendor, adapter, incomplete } = await open({ [L("banners")]: listing(banner, length) });
    expect([...(await adapter.ads()).keys()]).toEqual(ids(length));
    expect(vendor.of(L("banners")).map(({ query }) => query.get("offset"))).toEqual(
      ids(pages, 0).map((number) => String(Number(number) * 50)),
    );
    for (const { query } of [
      ...vendor.of(L("banners")),
      ...vendor.of(L("ad_groups")),
      ...vendor.of(L("ad_plans")),
    ]) {
      expect(query.get("limit")).toBe("50");
      expect(query.get("sorting")).toBe("id");
      expect(query.get("_status__in")?.split(",").sort()).toEqual(["active", "blocked", "deleted"]);
    }
    expect(incomplete).toEqual([]);
  });

  test("11: an empty page ends a list, and what is missing is said", async () => {
    const { adapter, incomplete } = await open({
      [L("banners")]: inTurn(page([banner("1")], 3), page([], 3)),
    });
    expect((await adapter.ads()).size).toBe(1);
    expect(incomplete).toEqual(["only 1 of 3 banners came, as a page was empty"]);
  });

  test("11: a page that comes twice is an error", async () => {
    const { adapter } = await open({ [L("banners")]: () => page(ids(50).map(banner), 120) });
    expect((await caught(adapter.ads())).message).toBe(
      "VK Ads gave banners of account 1001 twice in a list; run the load again.",
    );
  });

  test("11: a server that gives smaller pages, and a count that is too small, lose nothing", async () => {
    const small = await open({
      [L("banners")]: ({ query }) => {
        const offset = Number(query.get("offset"));
        return page(
          ids(45)
            .slice(offset, offset + 20)
            .map(banner),
          45,
          offset,
        );
      },
    });
    expect((await small.adapter.ads()).size).toBe(45);
    const lying = await open({
      [L("banners")]: ({ query }) => {
        const offset = Number(query.get("offset"));
        return page(
          ids(120)
            .slice(offset, offset + 50)
            .map(banner),
          47,
          offset,
        );
      },
    });
    expect((await lying.adapter.ads()).size).toBe(120);
  });

  test("12: one id that the statistics do not know is found by few requests, and the others load", async () => {
    const all = ids(100);
    for (const unknown of ["1", "50", "51", "100"]) {
      const { vendor, adapter, notes, lines } = await open({
        [STATS]: (call) =>
          call.query.get("id")?.split(",").includes(unknown)
            ? status(400, { error: { code: "validation_failed" } })
            : statsOf(call),
      });
      const stats = await adapter.statistics(all, DAYS);
      expect(stats.map(({ adId }) => adId)).toEqual(all.filter((id) => id !== unknown));
      expect(notes).toEqual({ "ads that the statistics do not know": 1 });
      // Halving 100 ids takes seven steps; at each one of the halves is asked for, or both.
      expect(vendor.of(STATS).length).toBeLessThanOrEqual(1 + 2 * 7);
      expect(lines.filter((line) => line.includes("ERROR"))).toEqual([]);
    }
  });

  test("12: the last of the ids takes one request a step", async () => {
    const { vendor, adapter } = await open({
      [STATS]: (call) => (call.query.get("id")?.split(",").includes("128") ? status(400, {}) : statsOf(call)),
    });
    expect(await adapter.statistics(ids(128), DAYS)).toHaveLength(127);
    expect(vendor.of(STATS)).toHaveLength(1 + 7 + 1);
  });

  test("12: three unknown ids among a hundred", async () => {
    const unknown = new Set(["2", "3", "77"]);
    const { vendor, adapter } = await open({
      [STATS]: (call) =>
        call.query
          .get("id")
          ?.split(",")
          .some((id) => unknown.has(id))
          ? status(400, {})
          : statsOf(call),
    });
    expect(await adapter.statistics(ids(100), DAYS)).toHaveLength(97);
    expect(vendor.of(STATS).length).toBeLessThan(35);
  });

  test("12: a request that is refused once for no reason loses no ad", async () => {
    const { adapter, notes } = await open({
      [STATS]: (call, number) => (number === 0 ? status(400, {}) : statsOf(call)),
    });
    expect(await adapter.statistics(ids(100), DAYS)).toHaveLength(100);
    expect(notes).toEqual({});
  });

  test("12: a request that is refused whatever it asks for has failed: its ads did not do nothing", async () => {
    for (const all of [ids(1), ids(4)]) {
      const { adapter, notes } = await open({ [STATS]: () => status(400, { error: { code: "bad_date" } }) });
      const thrown = await caught(adapter.statistics(all, DAYS));
      expect(thrown).toMatchObject({ status: 400, code: "bad_date" });
      expect(adapter.isFinal(thrown)).toBe(false);
      expect(notes).toEqual({});
    }
  });

  test("12: 200 ids of 20 digits make no address over 8 KB", async () => {
    const { vendor, adapter, rejected } = await open({ [STATS]: () => ({ items: [] }) });
    const long = ids(200).map((id) => `1844674407370955${id.padStart(4, "0")}`);
    expect(await adapter.statistics(long, DAYS)).toEqual([]);
    const [call] = vendor.of(STATS);
    expect(call?.url.length).toBeLessThan(8 * 1024);
    expect(call?.query.get("id")).toBe(long.join(","));
    expect(Object.fromEntries(call?.query ?? [])).toMatchObject({
      date_from: "2030-01-01",
      date_to: "2030-01-02",
      metrics: "base",
    });
    expect(rejected).toEqual([]);
  });

  test("12: never more than 200 ids in a request", async () => {
    expect((await open({}, { VK_IDS_PER_REQUEST: "2000" })).adapter.idsPerRequest).toBe(200);
    expect((await open()).adapter.idsPerRequest).toBe(100);
  });

  test("13: nothing left of a second: a pause of one", async () => {
    const { vendor, adapter, clock } = await open({
      "/api/v3/user.json": () => status(200, { id: 1001 }, { "x-ratelimit-rps-remaining": "0" }),
    });
    await adapter.ads();
    expect(clock.slept).toEqual([1000]);
    expect(vendor.calls).toHaveLength(5);
  });

  test.each([
    ["daily", "day", "2030-01-11 00:00"],
    ["hourly", "hour", "2030-01-10 13:00"],
  ])(
    "13: nothing left of the %s limit: a stop with the time of renewal, without a wait",
    async (limit, word, when) => {
      const used = { [`x-ratelimit-${limit}-remaining`]: "0" };
      const sentence = `VK Ads allows account 1001 no further request this ${word}; run the load again after ${when} Moscow time.`;
      const told = await open({ [L("ad_plans")]: () => status(200, page([]), used) });
      expect((await caught(told.adapter.ads())).message).toBe(sentence);
      expect(told.vendor.calls).toHaveLength(3);
      const refused = await open({
        [STATS]: () => status(429, { error: { code: "rate_limit_exceeded" } }, used),
      });
      const thrown = await caught(refused.adapter.statistics(["9001"], DAYS));
      expect(thrown.message).toBe(sentence);
      expect(refused.adapter.isFinal(thrown)).toBe(true);
      expect(refused.vendor.of(STATS)).toHaveLength(1);
      expect([...told.clock.slept, ...refused.clock.slept]).toEqual([]);
    },
  );

  test("13: the next hour begins while the run goes on", async () => {
    const { adapter, clock } = await open({
      [STATS]: (call, number) =>
        status(200, statsOf(call), number === 0 ? { "x-ratelimit-hourly-remaining": "0" } : {}),
    });
    await adapter.statistics(["9001"], DAYS);
    await clock.sleep(Date.parse("2030-01-10T13:00:00+03:00") - START);
    expect(await adapter.statistics(["9001"], DAYS)).toHaveLength(1);
  });

  test("14: days that do not add up to the total are a remark, and load all the same", async () => {
    const total = (base: object) => ({
      items: [{ id: 9001, rows: [day("2030-01-01"), day("2030-01-02")], total: { base } }],
    });
    const right = { shows: 2000, clicks: 24, spent: "246.90" };
    for (const [base, wrong] of [
      [right, 0],
      [{ ...right, spent: "246.91" }, 1],
      [{ ...right, clicks: 25 }, 1],
      [{ ...right, shows: 1 }, 1],
    ] as const) {
      const { adapter, notes, lines } = await open({ [STATS]: () => total(base) });
      expect(await adapter.statistics(["9001"], DAYS)).toHaveLength(2);
      expect(notes["ads whose days do not add up to the total"] ?? 0).toBe(wrong);
      expect(lines.filter((line) => line.includes("WARNING"))).toHaveLength(wrong);
    }
  });

  test("odd shapes of statistics: no rows, no base, texts for numbers, an ad that nobody asked for, junk", async () => {
    const { adapter, rejected } = await open({
      [STATS]: () => ({
        items: [
          { id: 1 },
          { id: 2, rows: null, total: "none" },
          { id: "3", rows: [{ date: "2030-01-01", base: { shows: "10", clicks: "", spent: "0.10" } }] },
          { id: 4, rows: [{ date: "2030-01-01", base: {} }] },
          { id: 5, rows: [{ date: "2030-01-01" }, { date: 20300101, base: {} }, "x"] },
          { id: 6, rows: "none" },
          { id: 2 ** 64, rows: [day("2030-01-01")] },
          5,
        ],
      }),
    });
    expect(await adapter.statistics(["1"], DAYS)).toEqual([
      { adId: "3", day: "2030-01-01", impressions: 10, clicks: 0, spend: 10 },
      { adId: "4", day: "2030-01-01", impressions: 0, clicks: 0, spend: 0 },
    ]);
    expect(rejected).toEqual([
      "account 1001, 5: statistics: base: unexpected shape",
      "account 1001, 5: statistics: date: unreadable day",
      "account 1001, 5: statistics: unexpected shape",
      "account 1001, 6: statistics: rows: unexpected shape",
      "account 1001, 18446744073709552000: statistics: id: unreadable id",
      "account 1001, undefined: statistics: unexpected shape",
    ]);
  });

  test("ids beyond 2^53: exact as text, put aside as numbers, never taken for one another", async () => {
    const { adapter, rejected } = await open({
      [L("banners")]: () => (response) =>
        response
          .writeHead(200, { "content-type": "application/json" })
          .end(
            `{"count":4,"items":[{"id":9007199254740993,"ad_group_id":701},{"id":9007199254740992,"ad_group_id":701},` +
              `{"id":"9007199254740993","ad_group_id":701},{"id":"9007199254740995","ad_group_id":701}]}`,
          ),
    });
    expect([...(await adapter.ads()).keys()]).toEqual(["9007199254740993", "9007199254740995"]);
    expect(rejected).toHaveLength(2);
  });

  test("odd shapes of lists: no group, links as a list, one link broken, no list at all", async () => {
    const link = { url: "https://a.test/?utm_term=t" };
    const { adapter } = await open({
      [L("banners")]: () =>
        page([
          { id: 1, name: 5, ad_group_id: 701, urls: [link] },
          { id: 2, ad_group_id: 702, urls: { primary: { url: 7 }, second: link } },
          { id: 3, ad_group_id: "701", urls: [] },
        ]),
    });
    const found = await adapter.ads();
    expect([...found.values()]).toMatchObject([
      { id: "1", name: "", campaignId: "501", utm: { utm_source: "vk", utm_term: "t" } },
      { id: "2", campaignId: "", campaignName: "", utm: { utm_source: "", utm_term: "t" } },
      { id: "3", groupId: "701", utm: { utm_term: "" } },
    ]);
    for (const answer of [[], { items: [] }, { count: "1", items: [] }, { count: 1, items: {} }]) {
      const { adapter: odd } = await open({ [L("ad_groups")]: () => answer });
      expect((await caught(odd.ads())).message).toBe(
        "VK Ads answered ad_groups of account 1001 without a list.",
      );
    }
  });

  test("an error in HTTP 200 is an error; a null where an error could be is none", async () => {
    const failed = await open({ [STATS]: () => ({ error: { code: "internal" }, items: [] }) });
    expect(await caught(failed.adapter.statistics(["1"], DAYS))).toMatchObject({
      status: 200,
      code: "internal",
    });
    const fine = await open({ [STATS]: () => ({ error: null, items: [] }) });
    expect(await fine.adapter.statistics(["1"], DAYS)).toEqual([]);
  });

  test("404 on statistics, where lists work, is a missing right", async () => {
    const { adapter, vendor } = await open({ [STATS]: () => status(404, { error: { code: "not_found" } }) });
    const thrown = await caught(adapter.statistics(["1"], DAYS));
    expect(thrown.message).toMatch(/HTTP 404.*its rights in the cabinet/);
    expect(adapter.isFinal(thrown)).toBe(true);
    expect(vendor.of(STATS)).toHaveLength(1);
  });

  test.each([
    [{ id: 1002, currency: "RUB" }, "VK Ads gave a token of account 1002 for account 1001"],
    [{ id: 1001, currency: "USD" }, "counts in USD; only roubles can be loaded"],
    [{ username: "x" }, "does not say whose token that of account 1001 is"],
  ])("a token of %j loads nothing", async (user, sentence) => {
    const { adapter, vendor } = await open({ "/api/v3/user.json": () => user });
    expect((await caught(adapter.ads())).message).toContain(sentence);
    expect(vendor.calls).toHaveLength(2);
  });
});
