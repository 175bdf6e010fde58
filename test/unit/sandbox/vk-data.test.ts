import { describe, expect, it } from "vitest";
import { eventPlans } from "../../../sandbox/qtickets/plan";
import { VkData, type VkDataOptions } from "../../../sandbox/vk-ads/data";
import { expectedAdDays } from "../../../sandbox/vk-ads/expected";
import { accountsOf } from "../../../sandbox/vk-ads/vendor";
import { DAY, NOON } from "./support";

const accounts = ["1001", "99999999999"];
const make = (options: Partial<VkDataOptions> = {}, ids = accounts) =>
  new VkData(ids, { seed: 1, events: 12, days: 45, now: () => NOON, ...options });
const data = make();
const rows = (of = data, account = "1001", from = "2030-01-01", to = "2030-12-31") =>
  expectedAdDays(of, account, from, to);

describe("generated accounts", () => {
  it("are the same for the same seed and day, whatever other accounts there are", () => {
    const again = make({ now: () => NOON + DAY / 3 }, ["7", "1001"]);
    expect(rows(again)).toEqual(rows());
    expect(again.banners("1001")).toEqual(data.banners("1001"));
    expect(rows(make({ seed: 2 }))).not.toEqual(rows());
  });

  it("have ids of their own that JSON keeps exact", () => {
    const ids = accounts.flatMap((account) =>
      [data.adPlans(account), data.adGroups(account), data.banners(account)].flat().map(({ id }) => id),
    );
    expect(ids).toHaveLength(2 * (5 + 15 + 60));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
    expect(data.banners("1003")).toEqual([]);
  });

  it("have campaigns, groups and ads of every status, and lists longer than a page", () => {
    for (const account of accounts) {
      for (const list of [data.adPlans(account), data.adGroups(account), data.banners(account)]) {
        expect(new Set(list.map(({ status }) => status))).toEqual(new Set(["active", "blocked", "deleted"]));
      }
      expect(data.banners(account).length).toBeGreaterThan(50);
    }
  });

  it("advertise the events of the ticket shop in the words of its own campaigns", () => {
    const codes = eventPlans(1, 12).map(({ city }) => city.utmCode);
    const parsed = rows().filter(({ utm }) => /_\d\d_(?:0\d|1[012])$/.test(utm.content));
    const cities = new Set(parsed.map(({ utm }) => utm.content.slice(0, -6)));
    expect(cities.size).toBeGreaterThan(3);
    for (const city of cities) expect(codes).toContain(city);
    for (const { utm } of parsed) {
      expect([utm.source, utm.medium]).toEqual(["vk", "cpc"]);
      expect(utm.campaign).toMatch(/^c[1-5]$/);
    }
    expect(parsed.length).toBeGreaterThan(rows().length / 2);
  });

  it("have ads whose UTM is missing or cannot be read, each in its way", () => {
    for (const account of accounts) {
      const contents = new Set(rows(data, account).map(({ utm }) => utm.content));
      for (const content of ["", "banner-1", "{{banner_id}}"]) expect(contents).toContain(content);
      expect([...contents].filter((content) => content.endsWith("_31_02"))).toHaveLength(1);
      expect(data.banners(account).some(({ urls }) => Object.keys(urls).length === 0)).toBe(true);
    }
  });

  it("have UTM on groups, in links and in both", () => {
    const groups = new Map(data.adGroups("1001").map(({ id, utm }) => [id, utm]));
    const found = data.banners("1001").map(({ adGroup, urls }) => {
      const onGroup = groups.get(adGroup)?.includes("utm_") ?? false;
      const inLink = urls["primary"]?.includes("utm_") ?? false;
      return `${onGroup} ${inLink}`;
    });
    expect(new Set(found)).toEqual(new Set(["true false", "false true", "true true", "false false"]));
  });
});

describe("generated statistics", () => {
  it("cover the days before today and today, and no others", () => {
    const days = new Set(rows(make({ days: 3 })).map(({ day }) => day));
    expect([...days]).toEqual(["2030-05-12", "2030-05-13", "2030-05-14", "2030-05-15"]);
    expect(rows(data, "1001", "2030-05-13", "2030-05-13").every(({ day }) => day === "2030-05-13")).toBe(
      true,
    );
  });

  it("begin a new day at midnight in Moscow", () => {
    const last = (time: string) => rows(make({ now: () => Date.parse(time) })).at(-1)?.day;
    expect(last("2030-05-15T23:59:59+03:00")).toBe("2030-05-15");
    expect(last("2030-05-15T21:00:00Z")).toBe("2030-05-16");
  });

  it("are plausible", () => {
    for (const { day, spend, impressions, clicks } of rows()) {
      expect(spend).toMatch(/^\d+\.\d\d$/);
      if (day < "2030-05-13") expect(Number(spend)).toBeGreaterThanOrEqual(100);
      expect(Number(spend)).toBeLessThanOrEqual(3000);
      expect(impressions).toBeGreaterThan(clicks);
    }
    const deleted = new Set(
      data.banners("1001").flatMap(({ id, status }) => (status === "deleted" ? id : [])),
    );
    expect(rows().some(({ ad }) => deleted.has(Number(ad)))).toBe(true);
  });

  it("grow for three days and then stay", () => {
    const spendOn = (daysLater: number) =>
      rows(make({ now: () => NOON + daysLater * DAY }), "1001", "2030-05-15", "2030-05-15").map(({ spend }) =>
        Number(spend),
      );
    const [today, tomorrow, second, third, later] = [0, 1, 2, 3, 9].map(spendOn) as [number[], ...number[][]];
    expect(today.length).toBeGreaterThan(0);
    for (const [index, spend] of today.entries()) {
      expect(spend).toBeLessThan(tomorrow?.[index] as number);
      expect(tomorrow?.[index]).toBeLessThan(second?.[index] as number);
      expect(second?.[index]).toBeLessThan(third?.[index] as number);
    }
    expect(later).toEqual(third);
  });
});

describe("accounts of clients", () => {
  it("are taken once each", () => {
    expect(
      accountsOf([
        { sha256: "", account: "7" },
        { sha256: "", account: "1001" },
        { sha256: "", account: "7" },
      ]),
    ).toEqual(["7", "1001"]);
  });

  it.each([undefined, "", "0", "x", "123456789012"])("must be numbers, not %s", (account) => {
    expect(() => accountsOf([account === undefined ? { sha256: "" } : { sha256: "", account }])).toThrow(
      "Clients of vk-ads need an account, a number of at most eleven digits",
    );
  });
});
