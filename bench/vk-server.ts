import { addDays } from "../loaders/core/days";
import { serveVkAccounts } from "../sandbox/vk-ads/sandbox";
import { VkStore } from "../sandbox/vk-ads/store";

/** Accounts of VK Ads behind a latency: `npx tsx vk-server.ts ACCOUNTS ADS DAYS LAST_DAY LATENCY`, a process of its own. */
const [accounts = 1, ads = 1, days = 1] = process.argv.slice(2, 5).map(Number);
const [lastDay = "", latency = "0"] = process.argv.slice(5);
const ADS_PER_GROUP = 20;
const GROUPS_PER_PLAN = 5;

const store = new VkStore();
for (let account = 1; account <= accounts; account += 1) {
  store.putAccount({ id: String(account), currency: "RUB" });
  for (let index = 0; index < ads; index += 1) {
    const id = account * 1_000_000 + index;
    const group = account * 1_000_000 + Math.floor(index / ADS_PER_GROUP);
    const plan = account * 1_000_000 + Math.floor(index / ADS_PER_GROUP / GROUPS_PER_PLAN);
    store.putAdPlan({ id: plan, account: String(account), name: `plan ${plan}`, status: "active" });
    const utm = `utm_source=vk&utm_medium=cpc&utm_campaign=c1&utm_content=msk_05_11`;
    store.putAdGroup({ id: group, adPlan: plan, name: `group ${group}`, status: "active", utm });
    store.putBanner({ id, adGroup: group, name: `ad ${id}`, status: "active", urls: {} });
    for (let back = 0; back < days; back += 1) {
      const spent = `${100 + ((index * 7 + back * 13) % 900)}.${String(index % 100).padStart(2, "0")}`;
      store.putStat(id, { day: addDays(lastDay, -back), shows: 1000 + index, clicks: 10 + back, spent });
    }
  }
}

void serveVkAccounts(store, {
  clients: store.accounts().map(({ id }) => ({ credential: `bench-${id}:secret`, account: id })),
  limits: { RPS: 1e9, Hourly: 1e9, Daily: 1e9 },
  faults: latency === "0" ? [] : [{ kind: "delay", ms: Number(latency), route: "*", skip: 0 }],
}).then(({ url }) => {
  process.send?.(url);
  process.once("disconnect", () => process.exit());
});
