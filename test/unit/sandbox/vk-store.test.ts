import { beforeEach, describe, expect, it } from "vitest";
import { sumDecimals } from "../../../sandbox/vk-ads/decimals";
import { expectedAdDays } from "../../../sandbox/vk-ads/expected";
import { VkStore } from "../../../sandbox/vk-ads/store";

const store = new VkStore();
const stat = { day: "2030-05-01", shows: 1000, clicks: 12, spent: "123.45" };
const row = {
  day: "2030-05-01",
  campaign: "501",
  group: "701",
  ad: "9001",
  utm: { source: "vk", medium: "", campaign: "", content: "msk_05_11", term: "" },
  impressions: 1000,
  clicks: 12,
  spend: "123.45",
};

const expected = (from = "2030-05-01", to = "2030-05-31", account = "1001") =>
  expectedAdDays(store, account, from, to);
const link = (query: string) => ({ primary: `https://shop.example.test/event-1?${query}` });

beforeEach(() => {
  store.clear();
  for (const id of ["1001", "1002"]) store.putAccount({ id, currency: "RUB" });
  store.putAdPlan({ id: 501, account: "1001", name: "A", status: "active" });
  store.putAdPlan({ id: 502, account: "1002", name: "B", status: "active" });
  store.putAdGroup({ id: 701, adPlan: 501, name: "G", status: "active", utm: "utm_source=vk" });
  store.putAdGroup({ id: 702, adPlan: 502, name: "H", status: "active", utm: "" });
  store.putBanner({
    id: 9001,
    adGroup: 701,
    name: "AD",
    status: "active",
    urls: link("utm_content=msk_05_11"),
  });
  store.putStat(9001, stat);
});

describe("a store of accounts", () => {
  it("shows each account what belongs to it, by id", () => {
    store.putBanner({ id: 8001, adGroup: 701, name: "older", status: "deleted", urls: {} });
    store.putBanner({ id: 8002, adGroup: 702, name: "other", status: "active", urls: {} });
    expect(store.accounts().map(({ id }) => id)).toEqual(["1001", "1002"]);
    expect(store.adPlans("1001").map(({ id }) => id)).toEqual([501]);
    expect(store.adGroups("1002").map(({ id }) => id)).toEqual([702]);
    expect(store.banners("1001").map(({ id }) => id)).toEqual([8001, 9001]);
    expect(store.banners("1002").map(({ id }) => id)).toEqual([8002]);
    expect(store.banners("1003")).toEqual([]);
  });

  it("takes an ad to another group, and to another account with it", () => {
    store.changeBanner(9001, { adGroup: 702 });
    expect(expected()).toEqual([]);
    expect(expected(undefined, undefined, "1002")).toMatchObject([{ campaign: "502", group: "702" }]);
  });

  it("gives the days of an ad in their order, from the first to the last one asked for", () => {
    for (const day of ["2030-05-03", "2030-04-30", "2030-05-02"]) store.putStat(9001, { ...stat, day });
    const days = (from: string, to: string) => expected(from, to).map(({ day }) => day);
    expect(days("2030-05-01", "2030-05-02")).toEqual(["2030-05-01", "2030-05-02"]);
    expect(days("2030-04-30", "2030-05-03")).toHaveLength(4);
    store.removeStat(9001, "2030-05-01");
    expect(days("2030-05-01", "2030-05-02")).toEqual(["2030-05-02"]);
  });

  it("corrects a day", () => {
    store.putStat(9001, { ...stat, spent: "130.00" });
    expect(expected()).toEqual([{ ...row, spend: "130.00" }]);
  });

  it("knows nothing of removed ads, and all of deleted ones", () => {
    store.changeAdPlan(501, { status: "deleted" });
    store.changeBanner(9001, { status: "deleted" });
    expect(expected()).toEqual([row]);
    store.removeBanner(9001);
    expect(expected()).toEqual([]);
  });

  it("refuses to change what it does not have", () => {
    const message = "The store has no object 1";
    expect(() => store.changeAdPlan(1, {})).toThrow(message);
    expect(() => store.changeAdGroup(1, {})).toThrow(message);
    expect(() => store.changeBanner(1, {})).toThrow(message);
  });
});

describe("the expected rows", () => {
  it("take UTM values from the group first, then from the links in their order", () => {
    store.changeAdGroup(701, { utm: "utm_source=vk&utm_medium=&utm_term=a%20b" });
    store.changeBanner(9001, {
      urls: {
        primary: "https://shop.example.test/?utm_source=other&utm_medium=+cpc+&utm_content=%D0%BE_01_02",
        second: "https://shop.example.test/?utm_medium=cpm&utm_campaign=c1",
      },
    });
    expect(expected()[0]?.utm).toEqual({
      source: "vk",
      medium: "cpc",
      campaign: "c1",
      content: "о_01_02",
      term: "a b",
    });
  });

  it("have empty UTM values without links and with broken ones", () => {
    store.changeAdGroup(701, { utm: "" });
    const empty = { source: "", medium: "", campaign: "", content: "", term: "" };
    for (const urls of [{}, { primary: "https://[?utm_source=vk" }]) {
      store.changeBanner(9001, { urls });
      expect(expected()[0]?.utm).toEqual(empty);
    }
  });

  it("count what a day does not say as nothing", () => {
    store.putStat(9001, { day: stat.day });
    expect(expected()).toEqual([{ ...row, impressions: 0, clicks: 0, spend: "0" }]);
    store.putStat(9001, { day: stat.day, shows: "7", clicks: "1", spent: "19.9" });
    expect(expected()).toEqual([{ ...row, impressions: 7, clicks: 1, spend: "19.9" }]);
  });
});

describe("sums of decimal texts", () => {
  it.each([
    [[], "0.00"],
    [["0.1", "0.2"], "0.30"],
    [["19.99", "1"], "20.99"],
    [["1 234,56", "abc", "", "2.005"], "2.005"],
    [["90071992547409.93", "0.01"], "90071992547409.94"],
    [["1.00", "-1.25"], "-0.25"],
  ])("%j is %s", (texts, sum) => {
    expect(sumDecimals(texts)).toBe(sum);
  });
});
