import { describe, expect, test } from "vitest";
import {
  caught,
  LEGACY_ACCOUNT,
  openAdapter,
  START,
  startVendor,
  status,
  type Answer,
  type Route,
} from "./vendor";

const DAYS = { from: "2030-01-01", to: "2030-01-02" };
const M = (method: string) => `/method/ads.${method}`;
const error = (code: number | string, http = 200) =>
  status(http, { error: { error_code: code, error_msg: "synthetic" } });
const ids = (length: number, first = 1) => Array.from({ length }, (_, index) => String(first + index));

/** A vendor with one campaign and one ad, but for what a test says. */
const routes = (more: Record<string, Route> = {}): Record<string, Route> => ({
  [M("getCampaigns")]: () => ({ response: [{ id: 501, name: "VK_conv" }] }),
  [M("getAds")]: () => ({ response: [{ id: "9001", campaign_id: 501, name: "AD_a" }] }),
  [M("getAdsLayout")]: () => ({
    response: [{ id: "9001", link_url: "https://example.test/?utm_source=vk&utm_content=msk_05_11" }],
  }),
  [M("getFloodStats")]: () => ({ response: { left: 100, refresh: 60 } }),
  [M("getStatistics")]: () => ({ response: [] }),
  ...more,
});

async function open(more: Record<string, Route> = {}, settings: Record<string, string> = {}, account = {}) {
  const vendor = await startVendor(routes(more));
  return { vendor, ...openAdapter(vendor.url, { ...LEGACY_ACCOUNT, ...account }, settings) };
}

const withStats = (...answers: Answer[]) => ({
  [M("getStatistics")]: (_call: unknown, number: number) => answers[Math.min(number, answers.length - 1)]!,
});

describe("the old API", () => {
  test("1: a form by POST with token and version in the body; the token is in no address and no log", async () => {
    const { vendor, adapter, lines } = await open(withStats(error(6), error(603)), {
      VK_API_VERSION: "5.131",
    });
    await adapter.ads();
    await caught(adapter.statistics(["9001"], DAYS));
    expect(vendor.calls.length).toBe(6);
    for (const { method, url, form, headers } of vendor.calls) {
      expect(method).toBe("POST");
      expect(url).toMatch(/^\/method\/ads\.\w+$/);
      expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
      expect(form.get("access_token")).toBe("legacy-token-55");
      expect(form.get("v")).toBe("5.131");
      expect(form.get("account_id")).toBe("55");
      expect(form.has("client_id")).toBe(false);
    }
    expect(lines.join("")).toMatch(/code 603/);
    expect(lines.join("")).not.toMatch(/legacy-token-55/);
  });

  test("1: the client of an agency is asked for by the agency's number and its own", async () => {
    const { vendor, adapter } = await open({}, {}, { agency: "70" });
    await adapter.ads();
    for (const { form } of vendor.calls) {
      expect([form.get("account_id"), form.get("client_id")]).toEqual(["70", "55"]);
    }
  });

  test("2: a list and {items}, name and title give the same campaigns", async () => {
    const list = { [M("getCampaigns")]: () => ({ response: [{ id: 501, name: "A" }] }) };
    const items = { [M("getCampaigns")]: () => ({ response: { items: [{ id: "501", title: "A" }] } }) };
    const [one, two] = [await (await open(list)).adapter.ads(), await (await open(items)).adapter.ads()];
    expect(one).toEqual(two);
    expect(one.get("9001")).toMatchObject({
      campaignId: "501",
      campaignName: "A",
      groupId: "",
      name: "AD_a",
    });
    expect(one.get("9001")?.utm).toMatchObject({ utm_source: "vk", utm_content: "msk_05_11" });
  });

  test.each(["5", "7", "14", "15", "100", "113", "600", "601"])(
    "3: error %s in HTTP 200 stops the account after one call, and the sentence names the setting",
    async (code) => {
      for (const given of [Number(code), code]) {
        const { vendor, adapter, clock } = await open({ [M("getCampaigns")]: () => error(given) });
        const thrown = await caught(adapter.ads());
        expect(adapter.isFinal(thrown)).toBe(true);
        expect(thrown).toMatchObject({ details: { status: 200, code } });
        expect(thrown.message).toContain("ads.getCampaigns");
        expect(thrown.message).toMatch(
          code === "601" ? /again tomorrow/ : /VK_ACCOUNTS \(zakaz:vkAdsAccounts\)/,
        );
        expect(thrown.message).toContain("account");
        expect(vendor.calls).toHaveLength(1);
        expect(clock.slept).toEqual([]);
      }
    },
  );

  test("3: an error beside an empty response is an error; another code fails its part only", async () => {
    const both = { response: [], error: { error_code: 603, error_msg: "x" } };
    const { adapter } = await open(withStats(both));
    const thrown = await caught(adapter.statistics(["9001"], DAYS));
    expect(thrown).toMatchObject({ code: "603" });
    expect(adapter.isFinal(thrown)).toBe(false);
  });

  test.each([
    ["6", error(6), 1000],
    ["1", error(1), 0],
    ["10", error(10), 0],
    ["9", error(9), 30_000],
    ["29", error(29), 30_000],
    ["HTTP 502 with HTML", status(502, "<html>"), 0],
    ["HTTP 503 with an unknown code", error(4321, 503), 0],
  ] as const)("4: %s twice, then success: exactly three calls", async (_name, answer, least) => {
    const { vendor, adapter, clock } = await open(withStats(answer, answer, { response: [] }));
    expect(await adapter.statistics(["9001"], DAYS)).toEqual([]);
    expect(vendor.calls).toHaveLength(3);
    expect(clock.slept).toHaveLength(2);
    for (const wait of clock.slept) expect(wait).toBeGreaterThanOrEqual(Math.max(least, 500));
  });

  test.each([
    ["code 15", error(15)],
    ["HTTP 403", status(403, "no")],
    ["HTTP 401", status(401, {})],
    ["HTTP 404", status(404, "no")],
    ["code 5 with HTTP 500", error(5, 500)],
  ] as const)("4: %s: one call, and the account ends", async (_name, answer) => {
    const { vendor, adapter } = await open(withStats(answer));
    expect(adapter.isFinal(await caught(adapter.statistics(["9001"], DAYS)))).toBe(true);
    expect(vendor.calls).toHaveLength(1);
  });

  test("4: flood control ends the account after its few tries, with what to do", async () => {
    const { vendor, adapter } = await open(withStats(error(9)));
    const thrown = await caught(adapter.statistics(["9001"], DAYS));
    expect(thrown.message).toBe(
      "VK refuses ads.getStatistics of account 55 (HTTP 200, code 9): too many calls, run the load again later or raise VK_REQUEST_PAUSE_MS.",
    );
    expect(adapter.isFinal(thrown)).toBe(true);
    expect(vendor.calls).toHaveLength(4);
  });

  test("5: Retry-After as seconds and as a date; waits have a limit, and so have the tries", async () => {
    const limited = (after: string) => status(429, "slow", { "retry-after": after });
    const date = new Date(START + 27_000).toUTCString();
    const { adapter, clock } = await open(withStats(limited("7"), limited(date), { response: [] }));
    await adapter.statistics(["9001"], DAYS);
    expect(clock.slept).toEqual([7000, 20_000]);
    const down = await open(withStats(status(500, "down")), { VK_MAX_ATTEMPTS: "10" });
    await caught(down.adapter.statistics(["9001"], DAYS));
    expect(down.vendor.calls).toHaveLength(10);
    expect(Math.max(...down.clock.slept)).toBe(30_000);
  });

  test("5: no answer in time is tried again", async () => {
    const silent = () => undefined;
    const { vendor, adapter } = await open(withStats(silent, { response: [] }), { VK_TIMEOUT_S: "1" });
    expect(await adapter.statistics(["9001"], DAYS)).toEqual([]);
    expect(vendor.calls).toHaveLength(2);
  });

  test("7: campaign_ids is a JSON list of ids, ids_type and period are sent, links are asked for, deleted ads too", async () => {
    const { vendor, adapter } = await open({
      [M("getCampaigns")]: () => ({ response: [{ id: 501 }, { id: "502" }] }),
    });
    await adapter.ads();
    await adapter.statistics(["9001", "9002"], DAYS);
    expect(vendor.of(M("getCampaigns"))[0]?.form.get("include_deleted")).toBe("1");
    for (const method of ["getAds", "getAdsLayout"]) {
      const [{ form } = { form: new URLSearchParams() }] = vendor.of(M(method));
      expect(JSON.parse(form.get("campaign_ids") ?? "")).toEqual([501, 502]);
      expect(form.get("include_deleted")).toBe("1");
    }
    expect(Object.fromEntries(vendor.of(M("getStatistics"))[0]?.form ?? [])).toMatchObject({
      ids_type: "ad",
      ids: "9001,9002",
      period: "day",
      date_from: "2030-01-01",
      date_to: "2030-01-02",
    });
  });

  test("8: no stats, empty stats, texts for numbers, no counters, month for day, an ad that nobody asked for", async () => {
    const { adapter, rejected } = await open(
      withStats({
        response: [
          { id: 1, type: "ad" },
          { id: 2, type: "ad", stats: [] },
          {
            id: "3",
            type: "ad",
            stats: [{ day: "2030-01-01", spent: "123.45", impressions: "1000", clicks: "12" }],
          },
          { id: 4, stats: [{ day: "2030-01-01" }] },
          { id: 5, type: "ad", stats: [{ month: "2030-01", spent: "1.00" }, { day: "2030-02-31" }] },
          { id: 6, type: "campaign", stats: [{ day: "2030-01-01", spent: "1.00" }] },
          { id: 7, day: "2030-01-01", spent: "5.00" },
          { id: 2 ** 53, stats: [] },
          null,
        ],
      }),
    );
    expect(await adapter.statistics(["1"], DAYS)).toEqual([
      { adId: "3", day: "2030-01-01", impressions: 1000, clicks: 12, spend: 12_345 },
      { adId: "4", day: "2030-01-01", impressions: 0, clicks: 0, spend: 0 },
    ]);
    expect(rejected).toEqual([
      "account 55, 5: statistics: day: unreadable day",
      "account 55, 5: statistics: day: unreadable day",
      "account 55, 6: statistics: type: unexpected shape",
      "account 55, 9007199254740992: statistics: id: unreadable id",
      "account 55, undefined: statistics: unexpected shape",
    ]);
  });

  test("a full answer is asked for in parts, also when one of its ads cannot be read", async () => {
    const ads = (first: number, campaign: number, length: number) =>
      ids(length, first).map((id) => ({ id, campaign_id: campaign, name: "a" }));
    const bad = { id: "x", campaign_id: 2, name: "a" };
    const { vendor, adapter, rejected } = await open({
      [M("getCampaigns")]: () => ({ response: [{ id: 1 }, { id: 2 }] }),
      [M("getAds")]: ({ form }) => {
        if (form.get("campaign_ids") === "[1,2]") return { response: [...ads(1, 1, 1999), bad] };
        if (form.get("campaign_ids") === "[1]") return { response: ads(1, 1, 1999) };
        if (form.get("offset") === "2000") return { response: ads(5000, 2, 3) };
        return { response: [...ads(3000, 2, 1999), bad] };
      },
    });
    expect((await adapter.ads()).size).toBe(1999 + 1999 + 3);
    expect(vendor.of(M("getAds"))).toHaveLength(4);
    expect(new Set(rejected)).toEqual(new Set(["account 55, x: getAds: id: unreadable id"]));
  });

  test("a link in link_domain, no link, a macro: the marks are what the link says", async () => {
    const { adapter } = await open({
      [M("getAds")]: () => ({ response: ids(3).map((id) => ({ id, campaign_id: 501, name: "a" })) }),
      [M("getAdsLayout")]: () => ({
        response: [
          { id: 1, link_url: null, link_domain: "example.test/?utm_source=domain" },
          { id: 2, link_url: "https://example.test/?utm_content={{banner_id}}" },
        ],
      }),
    });
    const found = await adapter.ads();
    expect(ids(3).map((id) => found.get(id)?.utm)).toMatchObject([
      { utm_source: "domain" },
      { utm_content: "{{banner_id}}" },
      { utm_source: "", utm_content: "" },
    ]);
  });

  test("calls that are used up: a short period is waited for, a long one ends the account", async () => {
    const short = await open({ [M("getFloodStats")]: () => ({ response: { left: 0, refresh: "20" } }) });
    await short.adapter.ads();
    expect(short.clock.slept).toEqual([20_000]);
    const long = await open({ [M("getFloodStats")]: () => ({ response: { left: 0, refresh: 3600 } }) });
    const thrown = await caught(long.adapter.ads());
    expect(thrown.message).toBe(
      "VK allows account 55 no further call for 3600 s; run the load again after that.",
    );
    expect(long.adapter.isFinal(thrown)).toBe(true);
  });

  test.each([
    ["an unknown method", error(3)],
    ["a missing right", error(15)],
    ["HTML", status(404, "<html>")],
    ["no response", {}],
    ["other fields", { response: [] }],
    ["null", { response: { left: null, refresh: null } }],
  ] as const)("getFloodStats may fail (%s), without an error in the log", async (_name, answer) => {
    const { adapter, lines, clock } = await open({ [M("getFloodStats")]: () => answer });
    expect((await adapter.ads()).size).toBe(1);
    expect(clock.slept).toEqual([]);
    expect(lines.join("")).not.toContain("ERROR");
  });

  test("getFloodStats that refuses the token ends the account: nothing more is asked with it", async () => {
    const { adapter, vendor } = await open({ [M("getFloodStats")]: () => error(5) });
    expect(adapter.isFinal(await caught(adapter.ads()))).toBe(true);
    expect(vendor.of(M("getFloodStats"))).toHaveLength(1);
  });
});
