import { afterAll, beforeAll, expect, test } from "vitest";
import { addDays, daysBefore } from "../../../../loaders/core/days";
import { serveVkAccounts, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import { costRows, runVk, startVkWarehouse, type VkWarehouse } from "./support";

const ADS = 450;
const TO = daysBefore(Date.now(), 1);
const FROM = addDays(TO, -69);

let warehouse: VkWarehouse;
let sandbox: VkSandbox<VkStore>;
beforeAll(async () => {
  warehouse = await startVkWarehouse();
  const store = new VkStore();
  for (const account of ["1001", "2001", "3001"]) {
    const first = Number(account) * 1000;
    store.putAccount({ id: account, currency: "RUB" });
    if (account === "3001") continue;
    store.putAdPlan({ id: first, account, name: "VK_conv", status: "active" });
    store.putAdGroup({ id: first + 1, adPlan: first, name: "G", status: "active", utm: "" });
    for (let ad = 0; ad < ADS; ad += 1) {
      // Of different lengths, so that the order of texts is not that of numbers.
      const id = ad < 10 ? Number(account) * 10 + ad : first + 100 + ad;
      store.putBanner({ id, adGroup: first + 1, name: "AD", status: "blocked", urls: {} });
      for (const day of [FROM, TO]) store.putStat(id, { day, shows: 10, clicks: 1, spent: "1.00" });
    }
  }
  sandbox = await serveVkAccounts(store);
});
afterAll(async () => {
  await sandbox?.close();
  await warehouse?.close();
});

/** What the statistics were asked for by one run: ids and days of each request. */
async function asked(isLegacy: boolean, account: string, more: Record<string, string> = {}) {
  const clients = sandbox.clients.filter(
    (client) => client.account === account && client.credential.includes(":") !== isLegacy,
  );
  sandbox.requests.splice(0);
  const run = await runVk(warehouse.settings({ url: sandbox.url, clients }, more), { from: FROM, to: TO });
  expect(run.code, run.log).toBe(0);
  return sandbox.requests
    .filter(({ path }) => /getStatistics|day\.json/.test(path))
    .map(({ body, query }) => {
      const parameters = new URLSearchParams(isLegacy ? body.toString() : query);
      return {
        ids: (parameters.get(isLegacy ? "ids" : "id") ?? "").split(","),
        days: `${parameters.get("date_from")} ${parameters.get("date_to")}`,
      };
    });
}

const WINDOWS = [0, 31, 62].map((day) => {
  const from = addDays(FROM, day);
  return `${from} ${day === 62 ? TO : addDays(from, 30)}`;
});

test.each([
  ["6: the old API", true, "2001", [200, 200, 50]],
  ["12: the newer API", false, "1001", [100, 100, 100, 100, 50]],
] as const)(
  "%s: 450 ads in parts, 70 days in windows without gap or overlap, the same in every run",
  async (_name, isLegacy, account, parts) => {
    const first = await asked(isLegacy, account);
    expect(first.map(({ ids }) => ids.length)).toEqual(WINDOWS.flatMap(() => parts));
    expect([...new Set(first.map(({ days }) => days))]).toEqual(WINDOWS);
    for (const window of WINDOWS) {
      const ids = first.filter(({ days }) => days === window).flatMap((one) => one.ids);
      expect(ids).toHaveLength(ADS);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => Number(a) - Number(b)));
    }
    expect(await asked(isLegacy, account)).toEqual(first);
    expect(
      (await costRows(warehouse, "fact_vk_ads_daily")).filter((row) => row.account === account),
    ).toHaveLength(2 * ADS);
  },
);

test("6: an account without ads: no statistics are asked for, and the run is good", async () => {
  for (const isLegacy of [true, false]) expect(await asked(isLegacy, "3001")).toEqual([]);
});

test("9: a pair of tokens serves every run", () => {
  expect(["1001", "3001"].map((account) => sandbox.tokensIssued(account))).toEqual([1, 1]);
});
