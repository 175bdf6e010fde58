import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  serveVkAccounts,
  startVkSandbox,
  type FaultRule,
  type VkSandbox,
  type VkServeOptions,
} from "../../../../sandbox/vk-ads/sandbox";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import { call, fill } from "./support";

const store = new VkStore();
let sandbox: VkSandbox;

async function start(options: Partial<VkServeOptions> = {}): Promise<void> {
  await sandbox?.close().catch(() => undefined);
  sandbox = await serveVkAccounts(store, options);
}

beforeEach(async () => {
  fill(store, 12);
  await start();
});
afterEach(() => sandbox.close());

const tokenOf = (account = "1001") =>
  sandbox.clients.find(({ credential, account: id }) => id === account && !credential.includes(":"))
    ?.credential ?? "";

async function ask(method: string, form: Record<string, string> = {}) {
  const usual = { access_token: tokenOf(), v: "5.199", account_id: "1001" };
  const { status, json } = await call(sandbox, `/method/${method}`, { form: { ...usual, ...form } });
  expect(status).toBe(200);
  return json as { response?: unknown; error?: { error_code: number | string; error_msg: string } };
}

const rows = async (method: string, form: Record<string, string> = {}) =>
  (await ask(method, form)).response as Record<string, unknown>[];
const ids = async (method: string, form: Record<string, string> = {}) =>
  (await rows(method, form)).map(({ id }) => Number(id));
const code = async (method: string, form: Record<string, string> = {}) =>
  (await ask(method, form)).error?.error_code;

describe("lists", () => {
  it("of campaigns have those that are not deleted, or all", async () => {
    expect(await rows("ads.getCampaigns")).toEqual([
      { id: 501, name: "Plan 0", type: "normal", status: 1 },
      { id: 502, name: "Plan 1", type: "normal", status: 0 },
    ]);
    expect(await ids("ads.getCampaigns", { include_deleted: "1" })).toEqual([501, 502, 503]);
    expect(await ids("ads.getCampaigns", { campaign_ids: "[502,601]" })).toEqual([502]);
  });

  it("of ads have no link, those of layouts have it with the group's UTM", async () => {
    const form = { ad_ids: "[9012]" };
    expect(await rows("ads.getAds", form)).toEqual([
      { id: "9012", campaign_id: 503, name: "AD 11", status: 1, approved: "2", ad_format: 9 },
    ]);
    expect(await rows("ads.getAdsLayout", form)).toEqual([
      {
        id: "9012",
        campaign_id: 503,
        title: "AD 11",
        ad_format: 9,
        link_url: "https://shop.example.test/event-1?utm_source=vk&utm_medium=cpc&utm_content=msk_05_11",
        link_domain: "shop.example.test",
      },
    ]);
  });

  it("of layouts have links as they are, and none where there is none", async () => {
    store.changeAdGroup(703, { utm: "" });
    const layout = async () => (await rows("ads.getAdsLayout", { ad_ids: "[9012]" }))[0];
    store.changeBanner(9012, { urls: { primary: "shop.example.test" } });
    expect(await layout()).toMatchObject({ link_url: "shop.example.test", link_domain: "" });
    store.changeBanner(9012, { urls: {} });
    expect(await layout()).not.toHaveProperty("link_url");
  });

  it("filter ads by campaign, by id and by status", async () => {
    for (const method of ["ads.getAds", "ads.getAdsLayout"]) {
      expect(await ids(method)).toEqual([9001, 9002, 9003, 9004, 9005, 9011, 9012]);
      expect(await ids(method, { include_deleted: "1" })).toHaveLength(12);
      expect(await ids(method, { only_deleted: "1" })).toEqual([9006, 9007, 9008, 9009, 9010]);
      expect(await ids(method, { campaign_ids: "[501]" })).toEqual([9001, 9004]);
      expect(await ids(method, { campaign_ids: '["501", 502]', ad_ids: "[9002,9003]" })).toEqual([9002]);
      expect(await ids(method, { ad_ids: "[]" })).toEqual([]);
      expect(await ids(method, { campaign_ids: "[501]", limit: "1", offset: "1" })).toEqual([9004]);
    }
  });

  it("are cut after 2000 ads", async () => {
    fill(store, 2010);
    expect(await ids("ads.getAds", { include_deleted: "1" })).toHaveLength(2000);
  });

  it.each([
    ["ads.getCampaigns", { campaign_ids: "501" }],
    ["ads.getAds", { campaign_ids: '[{"id":501}]' }],
    ["ads.getAds", { ad_ids: "9001,9002" }],
    ["ads.getAds", { ad_ids: JSON.stringify(Array.from({ length: 2001 }, (_, index) => index)) }],
    ["ads.getAds", { limit: "10" }],
    ["ads.getAds", { limit: "10", campaign_ids: "[501,502]" }],
    ["ads.getAds", { limit: "10", campaign_ids: "[501]", ad_ids: "[9001]" }],
    ["ads.getAds", { limit: "x", campaign_ids: "[501]" }],
  ] as [string, Record<string, string>][])("%s refuses %j", async (method, form) => {
    expect(await code(method, form)).toBe(100);
  });

  it("may stand in `items` and have titles", async () => {
    await start({ legacyLists: "items" });
    expect((await ask("ads.getCampaigns", { campaign_ids: "[501]" })).response).toEqual({
      count: 1,
      items: [{ id: 501, title: "Plan 0", type: "normal", status: 1 }],
    });
    expect((await ask("ads.getFloodStats")).response).toEqual({ left: 1000, refresh: 3600 });
  });
});

describe("statistics", () => {
  const form = {
    ids_type: "ad",
    ids: "9001,9006",
    period: "day",
    date_from: "2030-05-01",
    date_to: "2030-05-31",
  };

  beforeEach(() => {
    store.putStat(9001, { day: "2030-05-01", shows: 1000, clicks: 12, spent: "123.45" });
    store.putStat(9001, { day: "2030-06-01", spent: "1.00" });
  });

  it("are nested by ad and day", async () => {
    expect(await rows("ads.getStatistics", form)).toEqual([
      {
        id: 9001,
        type: "ad",
        stats: [{ day: "2030-05-01", spent: "123.45", impressions: 1000, clicks: 12 }],
      },
      { id: 9006, type: "ad", stats: [] },
    ]);
  });

  it("may be asked for without a first or a last day, and leave out what is missing", async () => {
    const [{ stats } = { stats: [] }] = await rows("ads.getStatistics", {
      ...form,
      date_from: "0",
      date_to: "0",
    });
    expect(stats).toEqual([
      { day: "2030-05-01", spent: "123.45", impressions: 1000, clicks: 12 },
      { day: "2030-06-01", spent: "1.00" },
    ]);
  });

  it("leave out ads of others, and take 2000 ids", async () => {
    const many = Array.from({ length: 2000 }, (_, index) => 7002 + index).join(",");
    expect(await ids("ads.getStatistics", { ...form, ids: many })).toEqual([9001]);
    expect(await code("ads.getStatistics", { ...form, ids: `${many},1` })).toBe(100);
  });

  it.each([
    { ids_type: "campaign" },
    { ids_type: "" },
    { period: "month" },
    { ids: "" },
    { ids: "[9001]" },
    { date_from: "2030-05" },
    { date_from: "2030-06-01" },
  ])("refuse %j", async (change) => {
    expect(await code("ads.getStatistics", { ...form, ...change })).toBe(100);
  });

  it("may name an ad that no list has", async () => {
    sandbox.faults.set({ kind: "unknownAd" });
    const found = await ids("ads.getStatistics", form);
    expect(found).toHaveLength(3);
    expect(await ids("ads.getAds", { include_deleted: "1" })).not.toContain(found[2]);
  });
});

describe("access", () => {
  it("needs a known token, a version and the token's own account", async () => {
    expect(await code("ads.getAds", { access_token: "wrong" })).toBe(5);
    expect(await code("ads.getAds", { v: "" })).toBe(8);
    expect(await code("ads.getAds", { account_id: "" })).toBe(100);
    expect(await code("ads.getAds", { account_id: "1002" })).toBe(7);
    expect(await code("ads.getAds", { account_id: "1002", access_token: tokenOf("1002") })).toBeUndefined();
    expect(await code("ads.getAds", { client_id: "1001" })).toBe(100);
    expect(sandbox.violations()).toEqual([]);
  });

  it("to a client of an agency needs the numbers of both", async () => {
    store.putAccount({ id: "1001", currency: "RUB", agency: "77" });
    expect(await ids("ads.getCampaigns", { account_id: "77", client_id: "1001" })).toEqual([501, 502]);
    expect(await code("ads.getCampaigns", { account_id: "77" })).toBe(100);
    expect(await code("ads.getCampaigns", { account_id: "1001", client_id: "1001" })).toBe(7);
  });

  it("is by POST, with the token in the form, to methods that read", async () => {
    const token = tokenOf();
    const query = `?access_token=${token}&v=5.199&account_id=1001`;
    expect((await call(sandbox, `/method/ads.getAds${query}`)).json).toMatchObject({
      error: { error_code: 5 },
    });
    expect((await call(sandbox, "/method/ads.getAds", { method: "GET" })).json).toMatchObject({
      error: { error_code: 5 },
    });
    const form = { access_token: token, v: "5.199", account_id: "1001" };
    expect((await call(sandbox, "/method/ads.getAds", { method: "PUT", form })).status).toBe(405);
    expect(await code("ads.deleteAds", { ids: "[9001]" })).toBe(3);
    expect(await code("users.get")).toBe(3);
    expect(sandbox.violations().map(({ violation }) => violation)).toEqual([
      "a secret stands in the address",
      "GET is not how methods are called",
      "PUT is not how methods are called",
      "an unknown method",
      "an unknown method",
    ]);
  });
});

describe("faults", () => {
  it.each([
    [{ kind: "apiError", code: 9, times: 1 }, 200, '{"error":{"error_code":9,"error_msg":"Error 9"}}'],
    [{ kind: "apiError", code: 6, status: 429 }, 429, '{"error":{"error_code":6,"error_msg":"Error 6"}}'],
    [{ kind: "statusError" }, 200, '{"error":{"error_code":10,"error_msg":"Internal server error"}}'],
    [{ kind: "status", status: 502 }, 502, '{"error":{"error_code":10,"error_msg":"Internal server error"}}'],
    [{ kind: "wrongTypes" }, 200, '{"response":{"left":"number 1000","refresh":"number 3600"}}'],
    [{ kind: "html" }, 200, "<!DOCTYPE html><title>Maintenance</title>"],
  ] as [FaultRule, number, string][])("%j", async (rule, status, text) => {
    sandbox.faults.set({ ...rule, route: "/method/ads.getFloodStats", account: "1001" });
    const form = { access_token: tokenOf(), v: "5.199", account_id: "1001" };
    expect(await call(sandbox, "/method/ads.getFloodStats", { form })).toMatchObject({ status, text });
    const other = { ...form, access_token: tokenOf("1002"), account_id: "1002" };
    expect((await call(sandbox, "/method/ads.getFloodStats", { form: other })).json).toHaveProperty(
      "response",
    );
  });
});

describe("generated accounts", () => {
  it("say the same as over the newer API: campaign, UTM, figures", async () => {
    await sandbox.close();
    const generated = await startVkSandbox({ days: 10, now: () => Date.parse("2030-05-15T12:00:00+03:00") });
    sandbox = generated;
    const [from, to] = ["2030-05-01", "2030-05-15"];
    const layouts = await rows("ads.getAdsLayout", { include_deleted: "1" });
    const statistics = await rows("ads.getStatistics", {
      ids_type: "ad",
      ids: layouts.map(({ id }) => String(id)).join(","),
      period: "day",
      date_from: from,
      date_to: to,
    });
    const read = statistics.flatMap(({ id, stats }) => {
      const ad = layouts.find((layout) => layout["id"] === String(id));
      const link = ad?.["link_url"] as string | undefined;
      const query = new URLSearchParams(link?.split("?")[1] ?? "");
      const utm = ["source", "medium", "campaign", "content", "term"].map((name) => [
        name,
        query.get(`utm_${name}`) ?? "",
      ]);
      return (stats as { day: string; spent: string; impressions: number; clicks: number }[]).map(
        ({ day, spent, impressions, clicks }) => ({
          day,
          campaign: String(ad?.["campaign_id"]),
          ad: String(id),
          utm: Object.fromEntries(utm) as Record<string, string>,
          impressions,
          clicks,
          spend: spent,
        }),
      );
    });
    const expected = generated.expected("1001", from, to).map(({ group: _group, ...rest }) => rest);
    expect(expected.length).toBeGreaterThan(200);
    const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).toSorted();
    expect(sorted(read)).toEqual(sorted(expected));
  });
});
