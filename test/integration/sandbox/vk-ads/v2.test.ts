import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  serveVkAccounts,
  startVkSandbox,
  type FaultRule,
  type VkSandbox,
  type VkServeOptions,
} from "../../../../sandbox/vk-ads/sandbox";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import { accessToken, call, fill, newPair, type Reply } from "./support";

const BANNERS = "/api/v2/banners.json";
const STATISTICS = "/api/v2/statistics/banners/day.json";
const store = new VkStore();
let sandbox: VkSandbox;
let token: string;

async function start(options: Partial<VkServeOptions> = {}): Promise<void> {
  await sandbox?.close().catch(() => undefined);
  sandbox = await serveVkAccounts(store, options);
  token = await accessToken(sandbox);
}

beforeEach(async () => {
  fill(store, 70);
  await start();
});
afterEach(() => sandbox.close());

const get = (path: string, query: Record<string, string> = {}): Promise<Reply> =>
  call(sandbox, `${path}?${new URLSearchParams(query).toString()}`, { token });
const list = async (query: Record<string, string> = {}, path = BANNERS) => {
  const { json, status } = await get(path, query);
  return { ...json, status, ids: ((json["items"] ?? []) as { id: number }[]).map(({ id }) => id) } as {
    status: number;
    count: number;
    ids: number[];
    items: Record<string, unknown>[];
  };
};
const ALL = { _status__in: "active,blocked,deleted" };

describe("lists", () => {
  it("have twenty rows by default, fifty at most, and nothing behind the end", async () => {
    expect(await list()).toMatchObject({ count: 60, offset: 0, limit: 20 });
    const pages = [];
    for (const offset of ["0", "50", "100"]) pages.push(await list({ ...ALL, limit: "50", offset }));
    expect(pages.map(({ ids }) => ids.length)).toEqual([50, 20, 0]);
    expect(pages[2]).toMatchObject({ count: 70, offset: 100, limit: 50, items: [] });
    expect(pages.flatMap(({ ids }) => ids)).toEqual(Array.from({ length: 70 }, (_, index) => 9001 + index));
  });

  it("show the active ones unless others are asked for", async () => {
    expect((await list({ _status: "blocked" })).count).toBe(5);
    expect((await list({ _status__in: "blocked,deleted" })).count).toBe(10);
    expect((await list({ _status__ne: "active" })).count).toBe(5);
    expect((await list({ _id__in: "9001,9006,9011" })).ids).toEqual([9011]);
    expect((await list({ ...ALL, _id__in: "9001,9006,9011" })).ids).toEqual([9001, 9006, 9011]);
  });

  it.each([
    ["_id", "9012", [9012]],
    ["_id__gt", "9068", [9069, 9070]],
    ["_id__gte", "9069", [9069, 9070]],
    ["_id__lt", "9013", [9011, 9012]],
    ["_id__lte", "9012", [9011, 9012]],
    ["_name", "AD 11", [9012]],
  ])("filter by %s=%s", async (name, value, ids) => {
    expect((await list({ [name]: value })).ids).toEqual(ids);
  });

  it("filter by what they belong to, and sort", async () => {
    expect((await list({ ...ALL, _ad_group_id: "702", limit: "2" })).ids).toEqual([9002, 9005]);
    expect((await list({ ...ALL, sorting: "-id", limit: "2" })).ids).toEqual([9070, 9069]);
    expect((await list({ ...ALL, sorting: "name", limit: "3" })).ids).toEqual([9001, 9002, 9011]);
  });

  it("give the fields that are asked for, and the small set otherwise", async () => {
    expect((await list({ limit: "1" })).items).toEqual([{ id: 9011, name: "AD 10" }]);
    const fields = "id,status,ad_group_id,urls";
    expect((await list({ fields, limit: "1" })).items).toEqual([
      {
        id: 9011,
        status: "active",
        ad_group_id: 702,
        urls: { primary: { id: 90110, url: "https://shop.example.test/event-1?utm_content=msk_05_11" } },
      },
    ]);
    expect((await list({ ...ALL, fields: "id,name,status" }, "/api/v2/ad_plans.json")).items).toEqual([
      { id: 501, name: "Plan 0", status: "active" },
      { id: 502, name: "Plan 1", status: "blocked" },
      { id: 503, name: "Plan 2", status: "deleted" },
    ]);
    expect((await list({ fields: "id,ad_plan_id,utm" }, "/api/v2/ad_groups.json")).items).toEqual([
      { id: 701, ad_plan_id: 501, utm: "utm_source=vk&utm_medium=cpc" },
    ]);
  });

  it.each([
    { limit: "51" },
    { limit: "0" },
    { offset: "-1" },
    { fields: "id,secret" },
    { sorting: "urls" },
    { _urls: "x" },
    { _colour: "red" },
    { status: "active" },
    { _id__like: "9" },
    { _id__gt: "x" },
  ])("refuse %j", async (query) => {
    const { status, json } = await get(BANNERS, query);
    expect([status, json]).toMatchObject([400, { error: { code: "validation_failed" } }]);
  });

  it("show a token its own account only", async () => {
    token = await accessToken(sandbox, "1002");
    expect((await list(ALL)).ids).toEqual([8001]);
    expect((await list(ALL, "/api/v2/ad_plans.json")).ids).toEqual([601]);
  });
});

describe("statistics", () => {
  const period = { date_from: "2030-05-01", date_to: "2030-05-31", metrics: "base" };
  const day = (banner: number, date: string, spent: string) =>
    store.putStat(banner, { day: date, shows: 1000, clicks: 12, spent });

  it("have rows by ad and day with totals of both", async () => {
    day(9001, "2030-05-01", "123.45");
    day(9001, "2030-05-31", "0.10");
    day(9006, "2030-05-02", "19.99");
    day(9006, "2030-06-01", "5.00");
    const { status, json } = await get(STATISTICS, { id: "9006,9001,9002", ...period });
    expect(status).toBe(200);
    const base = (spent: string, cpm: string, cpc: string) => ({
      shows: 1000,
      clicks: 12,
      spent,
      goals: 0,
      cpm,
      cpc,
      cpa: "0",
      ctr: 1.2,
      cr: 0,
    });
    expect(json).toEqual({
      items: [
        {
          id: 9006,
          rows: [{ date: "2030-05-02", base: base("19.99", "19.99", "1.67") }],
          total: { base: { shows: 1000, clicks: 12, spent: "19.99" } },
        },
        {
          id: 9001,
          rows: [
            { date: "2030-05-01", base: base("123.45", "123.45", "10.29") },
            { date: "2030-05-31", base: base("0.10", "0.10", "0.01") },
          ],
          total: { base: { shows: 2000, clicks: 24, spent: "123.55" } },
        },
        { id: 9002, rows: [], total: { base: { shows: 0, clicks: 0, spent: "0.00" } } },
      ],
      total: { base: { shows: 3000, clicks: 36, spent: "143.54" } },
    });
  });

  it("leave out what the store leaves out, and keep texts as texts", async () => {
    store.putStat(9001, { day: "2030-05-01", shows: "7", spent: "abc" });
    const { json } = await get(STATISTICS, { id: "9001", ...period });
    expect(json["items"]).toMatchObject([
      { rows: [{ base: { shows: "7", spent: "abc" } }], total: { base: { shows: 7, spent: "0.00" } } },
    ]);
    expect(JSON.stringify(json["items"])).not.toContain('"clicks":null');
  });

  it.each([
    [{ id: "9001,8001" }, "no such banner"],
    [{ id: "9001,1" }, "no such banner"],
    [{ id: "" }, "no such banner"],
    [{ id: Array.from({ length: 201 }, (_, index) => 9001 + index).join(",") }, "more than 200 ids"],
    [{ date_to: "2030-08-01" }, "more than 92 days"],
    [{ date_to: "2030-04-30" }, "date_from and date_to must be days in this order"],
    [{ date_from: "2030-02-30" }, "date_from and date_to must be days in this order"],
    [{ date_to: "" }, "date_from and date_to must be days in this order"],
    [{ metrics: "all" }, "metrics must be base"],
    [{ fields: "base" }, "unknown parameter fields"],
  ])("refuse %j", async (query, message) => {
    const { status, json } = await get(STATISTICS, { id: "9001", ...period, ...query });
    expect([status, json]).toEqual([400, { error: { code: "validation_failed", message } }]);
  });

  it("take 92 days and 200 ids", async () => {
    fill(store, 200);
    const id = Array.from({ length: 200 }, (_, index) => 9001 + index).join(",");
    const { status, json } = await get(STATISTICS, { ...period, id, date_to: "2030-07-31" });
    expect([status, (json["items"] as unknown[]).length]).toEqual([200, 200]);
  });
});

describe("limits", () => {
  it("stand in the headers of every answer", async () => {
    await start({ limits: { RPS: 100, Hourly: 1000, Daily: 10_000 }, now: () => 1_900_000_000_000 });
    const shown = ({ headers }: Reply) =>
      ["rps", "hourly", "daily"].flatMap((name) => [
        headers[`x-ratelimit-${name}-limit`],
        headers[`x-ratelimit-${name}-remaining`],
      ]);
    const full = ["100", "100", "1000", "1000", "10000", "10000"];
    expect(shown(await newPair(sandbox))).toEqual(full);
    expect(shown(await call(sandbox, BANNERS, { token: "invented" }))).toEqual(full);
    expect(shown(await get(BANNERS))).toEqual(["100", "99", "1000", "999", "10000", "9999"]);
    expect((await get("/api/v2/throttling.json")).json).toEqual({
      limits: { RPS: 100, Hourly: 1000, Daily: 10_000 },
      remaining: { RPS: 98, Hourly: 998, Daily: 9998 },
    });
  });

  it("refuse what is too much until the next second", async () => {
    let now = 1_900_000_000_000;
    await start({ limits: { RPS: 2, Hourly: 1000, Daily: 1000 }, now: () => now });
    const statuses = async () => [(await get(BANNERS)).status, (await get(BANNERS)).status];
    expect(await statuses()).toEqual([200, 200]);
    const refused = await get(BANNERS);
    expect(refused).toMatchObject({ status: 429, json: { error: { code: "rate_limit_exceeded" } } });
    expect(refused.headers["x-ratelimit-rps-remaining"]).toBe("0");
    now += 1000;
    expect(await statuses()).toEqual([200, 200]);
  });

  it("hold for the length of an address too", async () => {
    const query = (length: number) => `?${"_name=".padEnd(length - `/vk-ads${BANNERS}?`.length, "x")}`;
    expect((await call(sandbox, BANNERS + query(8192), { token })).status).toBe(200);
    expect((await call(sandbox, BANNERS + query(8193), { token })).status).toBe(414);
  });
});

describe("what is not for reading", () => {
  it.each([
    ["POST", "/api/v2/ad_plans.json", 405, "POST is not for reading"],
    ["DELETE", "/api/v2/banners.json", 405, "DELETE is not for reading"],
    ["GET", "/api/v2/campaigns.json", 404, "an unknown route"],
    ["POST", "/api/v2/campaigns.json", 404, "POST is not for reading"],
    ["GET", "/api/v2/oauth2/token.json", 400, "GET is not for reading"],
  ] as const)("%s %s is refused and recorded", async (method, path, status, violation) => {
    expect((await call(sandbox, path, { method, token })).status).toBe(status);
    expect(sandbox.violations()).toMatchObject([{ method, path: `/vk-ads${path}`, status, violation }]);
  });

  it("includes a token in the address", async () => {
    await call(sandbox, `${BANNERS}?access_token=${token}`);
    expect(sandbox.violations()).toMatchObject([
      { query: "access_token=[secret]", violation: "a secret stands in the address", status: 401 },
    ]);
  });
});

describe("faults", () => {
  const under = async (rule: FaultRule, query: Record<string, string> = {}, path = BANNERS) => {
    sandbox.faults.set(rule);
    return list(query, path);
  };

  it("of lists change what a page says", async () => {
    const page = { ...ALL, limit: "50", offset: "50" };
    expect((await under({ kind: "repeatedPage" }, page)).ids[0]).toBe(9001);
    expect(await under({ kind: "repeatedPage" }, page)).toMatchObject({ offset: 50, count: 70 });
    expect(await under({ kind: "emptyPage" }, page)).toMatchObject({ items: [], count: 70 });
    expect(await under({ kind: "lyingTotal", by: 5 }, page)).toMatchObject({ count: 75 });
    expect(await under({ kind: "lyingTotal", by: -100 }, page)).toMatchObject({ count: 0 });
    expect(await under({ kind: "filtersIgnored" }, page)).toMatchObject({ count: 60 });
    expect((await under({ kind: "pageSizeIgnored" }, { limit: "50" })).ids).toHaveLength(20);
    expect(await under({ kind: "missingPaging" }, page)).not.toHaveProperty("count");
    expect((await under({ kind: "wrongTypes" }, page)).items[0]).toEqual({ id: "number 9051", name: 5 });
    sandbox.faults.set({ kind: "bareArray" });
    expect((await get(BANNERS)).text).toMatch(/^\[\{"id":9011/);
  });

  it("of statistics make totals wrong and name unknown ads", async () => {
    store.putStat(9001, { day: "2030-05-01", shows: 10, clicks: 2, spent: "5.00" });
    const query = { id: "9001", date_from: "2030-05-01", date_to: "2030-05-02" };
    const total = { base: { shows: 11, clicks: 3, spent: "6.00" } };
    expect(await under({ kind: "wrongTotal" }, query, STATISTICS)).toMatchObject({
      items: [{ rows: [{ base: { spent: "5.00" } }], total }],
      total,
    });
    const { ids } = await under({ kind: "unknownAd" }, query, STATISTICS);
    expect(ids).toEqual([9001, 8_999_999_999_999_999]);
    expect((await list({ ...ALL, _id: String(ids[1]) })).count).toBe(0);
  });

  it("say that a limit is used up, with an answer and without one", async () => {
    sandbox.faults.set({ kind: "rateLimit", limit: "Daily" });
    expect(await get(BANNERS)).toMatchObject({
      status: 200,
      headers: { "x-ratelimit-daily-remaining": "0" },
    });
    sandbox.faults.add({ kind: "status", status: 429, retryAfterSeconds: 1 });
    expect(await get(BANNERS)).toMatchObject({
      status: 429,
      headers: { "x-ratelimit-daily-remaining": "0", "retry-after": "1" },
    });
    expect((await get(BANNERS)).headers["x-ratelimit-rps-remaining"]).not.toBe("0");
  });

  it("are errors of the vendor's own", async () => {
    const error = async (rule: FaultRule) => {
      sandbox.faults.set(rule);
      const { status, json } = await get(BANNERS);
      return [status, json];
    };
    expect(await error({ kind: "apiError", code: "invalid_user", status: 401 })).toEqual([
      401,
      { code: "invalid_user", message: "invalid_user" },
    ]);
    expect(await error({ kind: "apiError", code: "broken" })).toMatchObject([
      400,
      { error: { code: "broken" } },
    ]);
    expect(await error({ kind: "statusError" })).toMatchObject([200, { error: { code: "internal_error" } }]);
    expect(await error({ kind: "status", status: 503 })).toMatchObject([
      503,
      { error: { code: "internal_error" } },
    ]);
    expect(await error({ kind: "status", status: 401 })).toMatchObject([401, { code: "invalid_token" }]);
  });

  it("strike a route, a vendor and an account, and the transport", async () => {
    sandbox.faults.set({ kind: "status", status: 502, body: "html", route: STATISTICS, vendor: "vk-ads" });
    expect((await get(BANNERS)).status).toBe(200);
    const failed = await get(STATISTICS);
    expect([failed.status, failed.text]).toEqual([502, "<!DOCTYPE html><title>502</title>"]);
    sandbox.faults.set({ kind: "drop", account: "1002" });
    expect((await get(BANNERS)).status).toBe(200);
    await expect(newPair(sandbox, "1002")).rejects.toThrow();
    sandbox.faults.set({ kind: "truncated" });
    await expect(get(BANNERS)).rejects.toThrow();
  });
});

describe("generated accounts", () => {
  it("give over the API what is expected of them", async () => {
    const now = () => Date.parse("2030-05-15T12:00:00+03:00");
    const generated = await startVkSandbox({ accounts: ["1001", "1002"], days: 10, now });
    try {
      const read = async (account: string) => {
        const ids = generated.data.banners(account).map(({ id }) => id);
        const query = { id: ids.join(","), date_from: "2030-05-01", date_to: "2030-05-15" };
        const { json } = await call(generated, `${STATISTICS}?${new URLSearchParams(query).toString()}`, {
          token: await accessToken(generated, account),
        });
        const items = json["items"] as { id: number; rows: { date: string; base: { spent: string } }[] }[];
        return items.flatMap(({ id, rows }) => rows.map(({ date, base }) => `${date} ${id} ${base.spent}`));
      };
      for (const account of ["1001", "1002"]) {
        const expected = generated
          .expected(account, "2030-05-01", "2030-05-15")
          .map(({ day, ad, spend }) => `${day} ${ad} ${spend}`);
        expect(expected.length).toBeGreaterThan(200);
        expect((await read(account)).toSorted()).toEqual(expected.toSorted());
      }
    } finally {
      await generated.close();
    }
  });
});
