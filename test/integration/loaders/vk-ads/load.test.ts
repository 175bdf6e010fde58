import { createServer, type AddressInfo } from "node:net";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DateTime } from "luxon";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { StoppedError } from "../../../../loaders/core/errors";
import { main } from "../../../../loaders/vk-ads/main";
import { serveVkAccounts, startVkSandbox, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { UNKNOWN_AD } from "../../../../sandbox/vk-ads/statistics";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import { envFile } from "../warehouse";
import { costRows, runVk, startVkWarehouse, vkJournal, type VkWarehouse } from "./support";

/** Noon of today in Moscow. */
const NOON = DateTime.now().setZone("Europe/Moscow").startOf("day").set({ hour: 12 });
const HOUR = 3_600_000;
/** The day so many days before today. */
const day = (back: number) => NOON.minus({ days: back }).toFormat("yyyy-MM-dd");

let warehouse: VkWarehouse;
let store: VkStore;
let sandbox: VkSandbox<VkStore>;
beforeAll(async () => {
  warehouse = await startVkWarehouse();
});
afterAll(() => warehouse?.close());

/** Two campaigns with a group and an ad each: account 1001 is read by the newer API, 1002 by the old one. */
beforeEach(async () => {
  await warehouse.reset();
  store = new VkStore();
  for (const account of ["1001", "1002"]) {
    const first = Number(account) * 1000;
    store.putAccount({ id: account, currency: "RUB" });
    for (const number of [1, 2]) {
      store.putAdPlan({ id: first + number, account, name: `C${number}`, status: "active" });
      const utm = "utm_source=VK&utm_content=msk_05_11";
      store.putAdGroup({ id: first + 10 + number, adPlan: first + number, name: "G", status: "active", utm });
      const urls = { primary: "https://shop.example.test/" };
      store.putBanner({ id: first + 100 + number, adGroup: first + 10 + number, name: "AD", status: "active", urls }); // prettier-ignore
      for (const back of [1, 2, 3]) {
        store.putStat(first + 100 + number, {
          day: day(back),
          shows: 1000,
          clicks: 10,
          spent: `${back}00.10`,
        });
      }
    }
  }
  sandbox = await serveVkAccounts(store);
});
afterEach(() => sandbox.close());

const clients = () => {
  const [newer, , , old] = sandbox.clients as [VkSandbox["clients"][0], unknown, unknown, VkSandbox["clients"][0]]; // prettier-ignore
  return [newer, old];
};
const settings = (more: Record<string, string> = {}) =>
  warehouse.settings({ url: sandbox.url, clients: clients() }, { VK_DAYS_BACK: "5", ...more });
const run = (flags: Parameters<typeof runVk>[1] = {}, options: Parameters<typeof runVk>[2] = {}, more: Record<string, string> = {}) =>
  runVk(settings(more), flags, options); // prettier-ignore

/** Rows of staging and fact with a checksum over all that a repeated load must not change. */
async function checksums(): Promise<{ rows: number; spend: string; checksum: string }[]> {
  const found = ["stg_vk_ads_daily", "fact_vk_ads_daily"].map((table) =>
    warehouse.sql<{ rows: number; spend: string; checksum: string }>(
      `SELECT toUInt32(count()) AS rows, toDecimalString(sum(t.spend), 2) AS spend,
         toString(groupBitXor(cityHash64(t.* EXCEPT (_ver, _loaded_at)))) AS checksum FROM zakaz.${table} AS t FINAL`,
    ),
  );
  return (await Promise.all(found)).flat();
}
const watermark = async () => {
  const [found] = await warehouse.sql<{ value: string }>(
    "SELECT wm_value AS value FROM meta.watermarks FINAL WHERE source = 'vk_ads' AND stream = 'statistics'",
  );
  return found?.value;
};
const spendOf = async (account: string) =>
  (await costRows(warehouse, "fact_vk_ads_daily")).filter((row) => row.account === account).length;

test("both APIs load what the sandbox expects", async () => {
  const generated = await startVkSandbox({ accounts: ["1001", "1002"] });
  try {
    const [first, , , second] = generated.clients as [VkSandbox["clients"][0], unknown, unknown, VkSandbox["clients"][0]]; // prettier-ignore
    const { code, log } = await runVk(
      warehouse.settings({ url: generated.url, clients: [first, second] }, { VK_IDS_PER_REQUEST: "7" }),
      {},
    );
    expect(code, log).toBe(0);
    expect(generated.violations()).toEqual([]);
    const expected = ["1001", "1002"].flatMap((account) =>
      generated.expected(account, day(30), day(1)).map((one) => {
        const { campaign, ad, impressions, clicks, spend } = one;
        const ofGroup = account === "1001" ? one.group : "";
        return { day: one.day, account, campaign, group: ofGroup, ad, impressions, clicks, spend, source: one.utm.source, content: one.utm.content.toLowerCase() }; // prettier-ignore
      }),
    );
    const loaded = await costRows(warehouse, "fact_vk_ads_daily");
    const order = (rows: { day: string; ad: string }[]) => rows.toSorted((a, b) => `${a.day} ${a.ad}`.localeCompare(`${b.day} ${b.ad}`)); // prettier-ignore
    expect(order(loaded.map(({ city: _, ...rest }) => rest))).toEqual(order(expected));
    expect(loaded.some(({ city }) => city !== "")).toBe(true);
    const [journal] = await vkJournal(warehouse);
    expect(journal).toMatchObject({ status: "ok", metrics: { accounts: 2, accounts_failed: 0, fact_rows: expected.length } }); // prettier-ignore
  } finally {
    await generated.close();
  }
});

describe("a load that is repeated", () => {
  test("over the same days changes nothing, and writes no row of the fact", async () => {
    expect((await run()).code).toBe(0);
    const before = await checksums();
    expect(before).toMatchObject([{ rows: 12, spend: "2401.20" }, { rows: 12, spend: "2401.20" }]); // prettier-ignore
    expect((await run()).code).toBe(0);
    expect(await checksums()).toEqual(before);
    expect((await vkJournal(warehouse)).map(({ metrics }) => metrics.fact_rows)).toEqual([12, 0]);
  });

  test("over days that overlap, in any order and in any parts, gives the same", async () => {
    expect((await run()).code).toBe(0);
    const once = await checksums();
    await warehouse.reset();
    await run({ from: day(2), to: day(0) }, {}, { VK_IDS_PER_REQUEST: "1" });
    await run({ from: day(5), to: day(2) }, {}, { VK_DAYS_PER_REQUEST: "1" });
    await run({ from: day(4), to: day(1) });
    await run({ from: day(3), to: day(3) });
    expect(await checksums()).toEqual(once);
  });

  test("takes corrections, also when its clock is behind that of the load before", async () => {
    await run({}, { now: NOON.toMillis() });
    store.putStat(1001101, { day: day(1), shows: 2000, clicks: 20, spent: "150.55" });
    await run({}, { now: NOON.toMillis() - 2 * HOUR });
    const rows = (await costRows(warehouse, "fact_vk_ads_daily")).filter((row) => row.day === day(1) && row.ad === "1001101"); // prettier-ignore
    expect(rows).toMatchObject([{ impressions: 2000, clicks: 20, spend: "150.55" }]);
    const versions = await warehouse.sql(
      "SELECT DISTINCT toUInt64(_ver) - toUInt64(" + String(NOON.toMillis()) + ") AS ahead FROM zakaz.stg_vk_ads_daily FINAL", // prettier-ignore
    );
    expect(versions).toEqual([{ ahead: 1 }]);
  });

  test("gives the row of an ad the city of its new marks, and makes no second one", async () => {
    await run();
    store.changeAdGroup(1001011, { utm: "utm_source=vk&utm_content=kzn_05_11" });
    await run();
    const rows = (await costRows(warehouse, "fact_vk_ads_daily")).filter(({ ad }) => ad === "1001101");
    expect(rows.map(({ city, content }) => `${city} ${content}`)).toEqual(Array(3).fill("казань kzn_05_11"));
    const found = await warehouse.sql(
      `SELECT toUInt32(count()) AS rows FROM zakaz.stg_vk_ads_daily FINAL WHERE ad_id = '1001101'`,
    );
    expect(found).toEqual([{ rows: 3 }]);
  });

  test("counts an ad that has moved under its new campaign alone, and keeps what is no longer reported", async () => {
    await run();
    const before = await checksums();
    store.changeBanner(1001101, { adGroup: 1001012 });
    store.removeStat(1001101, day(3));
    store.removeBanner(1001102);
    const { code } = await run();
    expect(code).toBe(0);
    const rows = (await costRows(warehouse, "fact_vk_ads_daily")).filter(({ account }) => account === "1001");
    expect(rows.map((row) => `${row.day} ${row.ad} ${row.campaign}`)).toEqual([
      `${day(3)} 1001101 1001001`,
      `${day(3)} 1001102 1001002`,
      `${day(2)} 1001101 1001002`,
      `${day(2)} 1001102 1001002`,
      `${day(1)} 1001101 1001002`,
      `${day(1)} 1001102 1001002`,
    ]);
    const sums = (found: { spend: string }[]) => found.map(({ spend }) => spend);
    expect(sums(await checksums())).toEqual(sums(before));
  });
});

test("a dry run opens no connection to anyone, and says what a real one would do", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const file = join(warehouse.folder, "dry.env");
  const url = `http://127.0.0.1:${port}`;
  const tokens = join(warehouse.folder, "no-tokens");
  writeFileSync(
    file,
    envFile(settings({ VK_BASE_URL: url, VK_LEGACY_BASE_URL: url, CLICKHOUSE_PORT: String(port), VK_TOKEN_DIR: tokens })), // prettier-ignore
  );
  const out: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0);
  const code = await main(["--envfile", file, "--dry-run", "--from", day(3), "--to", day(1)]).finally(() => {
    spy.mockRestore();
    server.close();
  });
  expect(code).toBe(0);
  expect(out.join("")).toContain(`Accounts: 2`);
  expect(out.join("")).toContain(
    `A real run would read the statistics of ${day(3)} to ${day(1)}, and write to`,
  );
  expect(connections).toBe(0);
  expect(sandbox.requests).toEqual([]);
  expect(existsSync(tokens)).toBe(false);
  expect(await vkJournal(warehouse)).toEqual([]);
});

describe("a load of which a part fails", () => {
  test("of one account of two: the rows of the other, partial, and the account is named", async () => {
    sandbox.faults.set({ kind: "status", status: 403, account: "1001", route: "/api/v2/banners.json" });
    const { code, log } = await run();
    expect(code, log).toBe(3);
    expect(await spendOf("1001")).toBe(0);
    expect(await spendOf("1002")).toBe(6);
    const [journal, ...more] = await vkJournal(warehouse);
    expect(more).toEqual([]);
    expect(journal?.status).toBe("partial");
    expect(journal?.message.degraded).toEqual([expect.stringMatching(/^account 1001: /)]);
    expect(journal?.metrics).toMatchObject({ accounts: 2, accounts_failed: 1, stat_rows: 6 });
    expect(await watermark()).toBeUndefined();
  });

  test("of all accounts: error, and the facts stay as they were", async () => {
    await run();
    const before = await checksums();
    const mark = await watermark();
    sandbox.faults.set({ kind: "status", status: 403, route: "*" });
    const { code, log } = await run({}, { now: Date.now() + 24 * HOUR });
    expect(code, log).toBe(1);
    const [, journal, ...more] = await vkJournal(warehouse);
    expect(more).toEqual([]);
    expect(journal).toMatchObject({ status: "error", rows: 0 });
    expect(JSON.stringify(journal?.message)).toMatch(/No account of VK Ads could be loaded.*account 1001.*account 1002/); // prettier-ignore
    expect(await checksums()).toEqual(before);
    expect(await watermark()).toBe(mark);
  });

  test("one part of an account: the others are loaded, partial", async () => {
    sandbox.faults.set({ kind: "apiError", code: 603, route: "/method/ads.getStatistics", times: 1 });
    const { code } = await run({}, {}, { VK_IDS_PER_REQUEST: "1" });
    expect(code).toBe(3);
    expect(await spendOf("1001")).toBe(6);
    expect(await spendOf("1002")).toBe(3);
  });

  test("one row: it is put aside, and the good ones are loaded, partial", async () => {
    store.putStat(1001101, { day: day(2), shows: 1, clicks: 1, spent: "1 234,56" });
    store.putStat(1002101, { day: day(2), shows: 1, clicks: -1, spent: "1.00" });
    const { code } = await run();
    expect(code).toBe(3);
    expect(await costRows(warehouse, "fact_vk_ads_daily")).toHaveLength(10);
    const [journal] = await vkJournal(warehouse);
    expect(journal?.message).toMatchObject({ degraded: [expect.stringMatching(/^account 1001: 1 rows/), expect.stringMatching(/^account 1002: 1 rows/)] }); // prettier-ignore
    expect(journal?.message.quarantined).toEqual({
      "account 1001: statistics: base.spent: unreadable money": 1,
      "account 1002: statistics: clicks: negative counter": 1,
    });
  });

  test("most rows of an account: the account fails, and the reasons are named", async () => {
    for (const back of [1, 2, 3]) store.putStat(1001101, { day: day(back), spent: "abc" });
    const { code } = await run();
    expect(code).toBe(3);
    const [journal] = await vkJournal(warehouse);
    expect(journal?.message.degraded).toEqual([
      expect.stringMatching(
        /^account 1001: 3 of 6 rows of account 1001 could not be read, .*: statistics: base\.spent: unreadable money \(3\)\. /,
      ),
    ]);
  });
});

test("an ad that no list has counts without campaign, until the campaign is known", async () => {
  sandbox.faults.set({ kind: "unknownAd", route: "/api/v2/statistics/banners/day.json" });
  expect((await run({ from: day(3), to: day(1) })).code).toBe(3);
  const unknown = async (table: "stg_vk_ads_daily" | "fact_vk_ads_daily") =>
    (await costRows(warehouse, table)).filter(({ ad }) => ad === String(UNKNOWN_AD));
  expect(await unknown("fact_vk_ads_daily")).toMatchObject([{ campaign: "", city: "", spend: "10.00" }]);
  const [journal] = await vkJournal(warehouse);
  expect(journal?.message).toMatchObject({ unknown_ads: 1, degraded: [expect.stringContaining("of ads that no list has")] }); // prettier-ignore

  sandbox.faults.clear();
  store.putBanner({ id: UNKNOWN_AD, adGroup: 1001011, name: "AD", status: "active", urls: {} });
  store.putStat(UNKNOWN_AD, { day: day(3), shows: 100, clicks: 1, spent: "10.00" });
  expect((await run({ from: day(3), to: day(1) })).code).toBe(0);
  for (const table of ["stg_vk_ads_daily", "fact_vk_ads_daily"] as const) {
    expect(await unknown(table)).toMatchObject([{ campaign: "1001001", city: "москва", spend: "10.00" }]);
  }
  expect((await vkJournal(warehouse))[1]?.metrics).toMatchObject({ withdrawn_rows: 1 });
});

describe("the journal has exactly one row", () => {
  test.each([
    ["of an ok run", 0, "ok", async () => run()],
    [
      "of a run that was stopped",
      1,
      "error",
      async () => {
        const stop = new AbortController();
        stop.abort(new StoppedError("The run was stopped by SIGTERM; the facts are as they were."));
        return run({}, { stop });
      },
    ],
    [
      "of a run that finds a column renamed",
      1,
      "error",
      async () => {
        const rename = (from: string, to: string) =>
          warehouse.sql(`ALTER TABLE zakaz.stg_vk_ads_daily RENAME COLUMN ${from} TO ${to}`);
        await rename("ad_name", "title");
        try {
          const result = await run();
          expect(result.log).toContain("lacks column stg_vk_ads_daily.ad_name");
          expect(sandbox.requests).toEqual([]);
          return result;
        } finally {
          await rename("title", "ad_name");
        }
      },
    ],
    [
      "of a run that may not write",
      1,
      "error",
      async () => {
        await warehouse.sql("REVOKE INSERT ON zakaz.stg_vk_ads_daily FROM role_etl_writer");
        try {
          return await run();
        } finally {
          await warehouse.sql("GRANT INSERT ON zakaz.stg_vk_ads_daily TO role_etl_writer");
        }
      },
    ],
  ] as const)("%s", async (_, code, status, act) => {
    const result = await act();
    expect(result.code, result.log).toBe(code);
    const rows = await warehouse.sql(
      "SELECT job, status, started_at <= finished_at AS ordered FROM zakaz.meta_job_runs SETTINGS final = 0",
    );
    expect(rows, result.log).toEqual([{ job: "vk_ads", status, ordered: 1 }]);
  });
});

describe("the watermark", () => {
  test("is the last day of a whole run, and no run by hand, none of a part and none that is partial moves it", async () => {
    await run({}, { now: NOON.minus({ days: 1 }).toMillis() });
    expect(await watermark()).toBe(day(2));
    await run({ from: day(4), to: day(3) });
    expect((await run({ from: day(1), to: day(0) })).code).toBe(0);
    expect((await vkJournal(warehouse))[2]?.message.notes).toMatchObject({ "today, which is not over": 2 });
    await run({ accounts: "1001" });
    await run({ campaigns: "1001001" });
    sandbox.faults.set({ kind: "status", status: 403, account: "1001", route: "/api/v2/banners.json" });
    await run();
    sandbox.faults.clear();
    expect(await watermark()).toBe(day(2));
    await run();
    expect(await watermark()).toBe(day(1));
    await run({}, { now: NOON.minus({ days: 3 }).toMillis() });
    expect(await watermark()).toBe(day(1));
  });
});

describe("what is asked for", () => {
  const asked = () =>
    sandbox.requests
      .filter(({ path }) => path.includes("statistics"))
      .map(({ query }) => {
        const parameters = new URLSearchParams(query);
        return [parameters.get("date_from"), parameters.get("date_to"), parameters.get("id")].join(" ");
      });

  test("the days up to yesterday, by Moscow's midnight", async () => {
    const midnight = NOON.startOf("day").toMillis();
    await run({ accounts: "1001" }, { now: midnight - 1000 });
    await run({ accounts: "1001" }, { now: midnight });
    expect(asked()).toEqual([`${day(6)} ${day(2)} 1001101,1001102`, `${day(5)} ${day(1)} 1001101,1001102`]);
  });

  test("by --accounts and --campaigns; an account that is named twice is read once", async () => {
    expect((await run({ accounts: "1001,1001", campaigns: "1001002" })).code).toBe(0);
    expect(asked()).toEqual([`${day(5)} ${day(1)} 1001102`]);
    expect((await costRows(warehouse, "fact_vk_ads_daily")).map(({ ad }) => ad)).toEqual(Array(3).fill("1001102")); // prettier-ignore
    expect(sandbox.requests.filter(({ path }) => path.includes("/method/"))).toEqual([]);
    expect(() => run({ accounts: "7" })).toThrow("VK_ACCOUNTS has no account 7; it has 1001, 1002");
    expect(() => run({ campaigns: "a" })).toThrow("--campaigns must be ids separated by commas");
  });

  test("by VK_CAMPAIGN_IDS, over which --campaigns wins", async () => {
    await run({ accounts: "1001" }, {}, { VK_CAMPAIGN_IDS: "1001001" });
    await run({ accounts: "1001", campaigns: "*" }, {}, { VK_CAMPAIGN_IDS: "1001001" });
    expect(asked()).toEqual([`${day(5)} ${day(1)} 1001101`, `${day(5)} ${day(1)} 1001101,1001102`]);
  });

  test("no day that staging has forgotten, or that is to come", () => {
    expect(() => run({ from: day(400) })).toThrow(`${day(400)} is too long ago: staging keeps 400 days`);
    expect(() => run({ to: day(-1) })).toThrow("--to must not be after today");
  });
});

test("of two loads at once the second ends with exit code 4 and touches no token", async () => {
  sandbox.faults.set({ kind: "delay", ms: 400, route: "/api/v2/ad_plans.json" });
  const other = join(warehouse.folder, "other-tokens");
  const first = run();
  for (let tries = 0; sandbox.requests.length < 2 && tries < 200; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const second = await run({}, {}, { VK_TOKEN_DIR: other });
  expect(second.code, second.log).toBe(4);
  expect(existsSync(other)).toBe(false);
  expect(sandbox.tokensIssued("1001")).toBe(1);
  expect((await first).code).toBe(0);
  expect(await vkJournal(warehouse)).toHaveLength(1);
});
