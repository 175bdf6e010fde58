import { expect, test } from "vitest";
import { openAdapter, startVendor, V2_ACCOUNT, LEGACY_ACCOUNT } from "../vk-ads/vendor";
import { probeVkSandbox, startVk } from "./support";

/** The days that a probe of `NOW` asks for, moved as the fixture is. */
const DAYS = { from: "2029-12-15", to: "2030-01-14" };

async function takeFixtures(): Promise<Record<string, unknown>[]> {
  const sandbox = await startVk();
  const [, clientSecret = ""] = (sandbox.clients[0]?.credential ?? "").split(":");
  const { parts } = await probeVkSandbox(sandbox);
  const fixtures = parts.map(({ fixture }) => fixture as Record<string, unknown>);
  const written = JSON.stringify(fixtures);
  // Names of campaigns, groups and ads, cities, accounts, credentials, addresses.
  const names = [/[А-Яа-яЁё]/, /VK c\d/, /AD \d/, /\b100[12]\d{4}\b/, /client-/, /event-\d/, /msk|kzn/];
  expect(names.filter((name) => name.test(written))).toEqual([]);
  expect(written.includes(clientSecret)).toBe(false);
  return fixtures;
}

test("the fixtures of both APIs are read by the loader's adapters", async () => {
  const [v2, legacy] = await takeFixtures();
  const vendor = await startVendor({
    "/api/v2/oauth2/token.json": () => ({ access_token: "a", refresh_token: "r", expires_in: "86400" }),
    "/api/v3/user.json": () => ({ id: 1001, currency: "RUB" }),
    "/api/v2/ad_plans.json": () => v2?.plans as object,
    "/api/v2/ad_groups.json": () => v2?.groups as object,
    "/api/v2/banners.json": () => v2?.banners as object,
    "/api/v2/statistics/banners/day.json": () => v2?.statistics as object,
    "/method/ads.getCampaigns": () => ({ response: legacy?.campaigns }),
    "/method/ads.getAds": () => ({ response: legacy?.ads }),
    "/method/ads.getAdsLayout": () => ({ response: legacy?.layouts }),
    "/method/ads.getFloodStats": () => ({ response: { left: 1, refresh: 1 } }),
    "/method/ads.getStatistics": () => ({ response: legacy?.statistics }),
  });
  for (const account of [V2_ACCOUNT, LEGACY_ACCOUNT]) {
    const { adapter, rejected, notes, incomplete } = openAdapter(vendor.url, account);
    const ads = await adapter.ads();
    const stats = await adapter.statistics([...ads.keys()], DAYS);
    expect([rejected, notes, incomplete]).toEqual([[], {}, []]);
    expect(ads.size).toBe(20);
    expect(
      [...ads.values()].every(({ campaignId, campaignName }) => campaignId !== "" && campaignName !== ""),
    ).toBe(true);
    expect([...ads.values()].filter(({ utm }) => /^text-\d+$/.test(utm.utm_source)).length).toBeGreaterThan(
      0,
    );
    expect(stats.length).toBeGreaterThan(200);
    expect(stats.every(({ adId, day }) => ads.has(adId) && day >= DAYS.from && day <= DAYS.to)).toBe(true);
    expect(stats.some(({ spend }) => spend > 0)).toBe(true);
  }
});
