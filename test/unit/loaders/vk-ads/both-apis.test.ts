import { expect, onTestFinished, test } from "vitest";
import type { Account } from "../../../../loaders/vk-ads/accounts";
import { startVkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { moscowDay } from "../../../../loaders/core/values";
import { openAdapter } from "./vendor";

test("15: both APIs give the same records of the same account", async () => {
  const sandbox = await startVkSandbox({ accounts: ["1001"], days: 20 });
  onTestFinished(() => sandbox.close());
  const [newer, old] = sandbox.clients;
  const [clientId = "", clientSecret = ""] = (newer?.credential ?? "").split(":");
  const accounts: Account[] = [
    { account: "1001", api: "v2", clientId, clientSecret },
    { account: "1001", api: "legacy", accessToken: old?.credential ?? "" },
  ];
  const to = moscowDay(Date.now());
  const days = { from: moscowDay(Date.now() - 19 * 24 * 3600 * 1000), to };
  const [one, two] = await Promise.all(
    accounts.map(async (account) => {
      const { adapter, rejected, notes } = openAdapter(sandbox.url, account);
      const ads = await adapter.ads();
      const stats = await adapter.statistics([...ads.keys()], days);
      expect([rejected, notes]).toEqual([[], {}]);
      // The old API has no groups.
      return { ads: [...ads.values()].map((ad) => ({ ...ad, groupId: "" })), stats };
    }),
  );
  expect(one?.ads.length).toBe(60);
  expect(one?.stats.length).toBeGreaterThan(300);
  expect(one?.ads.some(({ utm }) => utm.utm_content !== "" && utm.utm_term !== "")).toBe(true);
  expect(two).toEqual(one);
  expect(sandbox.violations()).toEqual([]);
});
