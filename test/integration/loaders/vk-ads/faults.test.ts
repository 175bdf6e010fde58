import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { daysBefore } from "../../../../loaders/core/days";
import { serveVkAccounts, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { UNKNOWN_AD } from "../../../../sandbox/vk-ads/statistics";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import { sampleOf } from "../../../support/soak";
import { ROOT } from "../warehouse";
import { FAULTS, type Api, type Facts, type Fault } from "./fault-table";
import { costRows, runVk, startVkWarehouse, type VkWarehouse } from "./support";

const ACCOUNTS: Record<Api, readonly [string, string]> = { v2: ["1001", "1002"], legacy: ["2001", "2002"] };
const ADS = 60;
const DAYS = [daysBefore(Date.now(), 2), daysBefore(Date.now(), 1)] as const;

let warehouse: VkWarehouse;
let sandbox: VkSandbox<VkStore>;
const store = new VkStore();
/** Called for each request that the sandbox gets. */
let onRequest: (path: string) => void = () => undefined;
const report: string[] = [];

/** Grows with each change of the vendor's figures. */
let revision = 0;

/** Every ad of every account has other figures than before. */
function makeNews(): void {
  revision += 1;
  for (const account of Object.values(ACCOUNTS).flat()) {
    for (const { id } of store.banners(account)) {
      for (const day of DAYS) {
        store.putStat(id, {
          day,
          shows: 1000 + revision,
          clicks: revision,
          spent: `${revision}.${10 + (id % 90)}`,
        });
      }
    }
  }
}

beforeAll(async () => {
  warehouse = await startVkWarehouse();
  // Many short runs are more than a loader may ask for in an hour.
  await warehouse.server.client([], "DROP QUOTA etl_writer_quota");
  for (const account of Object.values(ACCOUNTS).flat()) {
    const first = Number(account) * 1000;
    store.putAccount({ id: account, currency: "RUB" });
    store.putAdPlan({ id: first, account, name: "VK_conv", status: "active" });
    store.putAdGroup({
      id: first + 1,
      adPlan: first,
      name: "G",
      status: "active",
      utm: "utm_content=msk_05_11",
    });
    for (let ad = 0; ad < ADS; ad += 1) {
      store.putBanner({
        id: first + 100 + ad,
        adGroup: first + 1,
        name: "AD",
        status: "active",
        urls: { primary: "https://shop.example.test/" },
      });
    }
  }
  sandbox = await serveVkAccounts(store, { onRequest: ({ path }) => onRequest(path) });
  makeNews();
  for (const api of ["v2", "legacy"] as const) {
    const run = await runVk(settingsOf(api));
    expect(run.code, run.log).toBe(0);
    expect(await factsOf(api)).toEqual(expectedOf(api));
  }
});

afterAll(async () => {
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  const head = [
    "# Faults of VK Ads",
    "",
    "| API | fault | exit | journal | said | facts |",
    "|---|---|---|---|---|---|",
  ];
  writeFileSync(join(ROOT, "reports/vk-ads-faults.md"), [...head, ...report, ""].join("\n"));
  await sandbox?.close();
  await warehouse?.close();
});

function settingsOf(api: Api, more: Record<string, string> = {}): Record<string, string> {
  const clients = sandbox.clients.filter(
    ({ account, credential }) =>
      ACCOUNTS[api].includes(account) && credential.includes(":") === (api === "v2"),
  );
  return warehouse.settings(
    { url: sandbox.url, clients },
    { VK_IDS_PER_REQUEST: "20", LEASE_SECONDS: "60", ...more },
  );
}

interface Row {
  account: string;
  key: string;
  figures: string;
}

/** The facts of the accounts of an API, without the ad that the sandbox has made up. */
async function factsOf(api: Api): Promise<Row[]> {
  const rows = await costRows(warehouse, "fact_vk_ads_daily");
  return rows
    .filter(({ account, ad }) => ACCOUNTS[api].includes(account) && ad !== String(UNKNOWN_AD))
    .map(({ day, account, campaign, ad, content, impressions, clicks, spend }) => ({
      account,
      key: `${account} ${day} ${campaign} ${ad} ${content}`,
      figures: `${impressions} ${clicks} ${spend}`,
    }))
    .sort(byKey);
}

/** What the sandbox computes for itself, in the same form. */
function expectedOf(api: Api): Row[] {
  return ACCOUNTS[api]
    .flatMap((account) =>
      sandbox.expected(account, ...DAYS).map(({ day, campaign, ad, utm, impressions, clicks, spend }) => ({
        account,
        key: `${account} ${day} ${campaign} ${ad} ${utm.content}`,
        figures: `${impressions} ${clicks} ${spend}`,
      })),
    )
    .sort(byKey);
}

const byKey = (a: Row, b: Row): number => (a.key < b.key ? -1 : 1);

interface JournalRow {
  status: string;
  ordered: number;
  message: {
    degraded?: string[];
    notes?: Record<string, number>;
    error?: { message: string; status?: number; code?: string };
  };
}

async function journal(): Promise<JournalRow[]> {
  const rows = await warehouse.sql<{ status: string; ordered: number; message: string }>(
    `SELECT status, started_at <= finished_at AS ordered, message FROM zakaz.meta_job_runs
     WHERE job = 'vk_ads' ORDER BY _ver SETTINGS final = 0`,
  );
  return rows.map(({ message, ...rest }) => ({
    ...rest,
    message: JSON.parse(message) as JournalRow["message"],
  }));
}

function checkFacts(
  account: string,
  wanted: Facts,
  now: Row[],
  before: Row[],
  right: Row[],
  label: string,
): void {
  const of = (rows: Row[]) => rows.filter((row) => row.account === account);
  if (wanted === "new") expect(of(now), label).toEqual(of(right));
  if (wanted === "old") expect(of(now), label).toEqual(of(before));
  if (wanted !== "mixed") return;
  const [old, fresh] = [before, right].map(
    (rows) => new Map(of(rows).map(({ key, figures }) => [key, figures])),
  );
  expect(
    of(now).map(({ key }) => key),
    label,
  ).toEqual([...(fresh?.keys() ?? [])]);
  const isNew = of(now).map(({ key, figures }) => figures === fresh?.get(key));
  expect(new Set(isNew), label).toEqual(new Set([true, false]));
  for (const { key, figures } of of(now)) expect([old?.get(key), fresh?.get(key)], label).toContain(figures);
}

async function cell(api: Api, fault: Fault): Promise<JournalRow> {
  const before = await factsOf(api);
  const rowsBefore = (await journal()).length;
  makeNews();
  if (fault.withoutTokens) rmSync(join(warehouse.folder, "tokens"), { recursive: true, force: true });
  sandbox.faults.set(...fault.rules);
  sandbox.requests.splice(0);
  const run = await runVk(settingsOf(api, fault.settings));
  const asked = sandbox.requests.map(({ path }) => new URL(path, "http://x").pathname.replace("/vk-ads", ""));
  sandbox.faults.clear();
  const label = `${api}, ${fault.name}:\n${run.log}`;

  const rows = await journal();
  const [row] = rows.slice(-1) as [JournalRow];
  const said = [row.message.error?.message ?? "", ...(row.message.degraded ?? [])].filter(
    (text) => text !== "",
  );
  const [first, second] = ACCOUNTS[api];
  const [one, two] = fault.facts ?? { ok: ["new", "new"], error: ["old", "old"], partial: [] }[fault.status];
  report.push(
    `| ${api} | ${fault.name} | ${run.code} | ${row.status} | ${said.join("; ").replaceAll("|", "\\|")} | ${one}, ${two} |`,
  );
  expect(run.code, label).toBe({ ok: 0, partial: 3, error: 1 }[fault.status]);
  expect(rows, label).toHaveLength(rowsBefore + 1);
  expect(row, label).toMatchObject({ status: fault.status, ordered: 1 });
  const [now, right] = [await factsOf(api), expectedOf(api)];
  checkFacts(first, one as Facts, now, before, right, label);
  checkFacts(second, two as Facts, now, before, right, label);
  for (const [path, calls] of Object.entries(fault.calls ?? {})) {
    expect(asked.filter((each) => each === path).length, `${path} in ${label}`).toBe(calls);
  }
  if (fault.wait === 0) expect(run.waits, label).toEqual([]);
  else if (fault.wait !== undefined) expect(Math.max(...run.waits), label).toBeGreaterThanOrEqual(fault.wait);
  checkWords(fault, said, run.log, label);
  expect(sandbox.violations(), label).toEqual([]);
  return row;
}

/** What people are told: enough to act on, and nothing that is secret. */
function checkWords(fault: Fault, said: readonly string[], log: string, label: string): void {
  if (fault.status === "ok") {
    expect(said, label).toEqual([]);
    expect(log, label).not.toContain("ERROR");
  } else {
    for (const sentence of said) expect(sentence, label).toMatch(/account \d{4}/);
    expect(said.join(" "), label).toMatch(fault.said ?? /./);
  }
  const everything = `${log.replace(/^.* Connected to ClickHouse at .*$/m, "")}\n${said.join("\n")}`;
  for (const { credential } of sandbox.clients) {
    for (const part of credential.split(":")) expect(everything, label).not.toContain(part);
  }
  expect(everything, label).not.toMatch(
    /https?:\/\/|access_token|client_secret|date_from|DOCTYPE|Error \d|Bearer/,
  );
  expect(everything, label).not.toMatch(/\n\s+at |Unexpected error/);
}

/** A run without faults: whatever happened before, everything is there afterwards. */
async function quietRun(api: Api, after: string): Promise<void> {
  const run = await runVk(settingsOf(api));
  expect(run.code, `after ${after}:\n${run.log}`).toBe(0);
  expect(await factsOf(api), `after ${after}`).toEqual(expectedOf(api));
}

describe.each(["legacy", "v2"] as const)("%s", (api) => {
  test.each(sampleOf(FAULTS[api]).map((fault) => [fault.name, fault] as const))(
    "%s",
    async (_name, fault) => {
      const row = await cell(api, fault);
      if (fault.name === "totals that are wrong") {
        expect(row.message.notes).toEqual({ "ads whose days do not add up to the total": 2 * ADS });
      }
      await quietRun(api, fault.name);
    },
  );
});

test("v2, an ad that goes between list and statistics: it is left out, found by halving, and the others load", async () => {
  const gone = Number(ACCOUNTS.v2[0]) * 1000 + 103;
  const [banner] = store.banners(ACCOUNTS.v2[0]).filter(({ id }) => id === gone);
  const before = (await factsOf("v2")).filter(({ key }) => key.includes(` ${gone} `));
  makeNews();
  onRequest = (path) => {
    if (path.endsWith("/day.json")) store.removeBanner(gone);
  };
  const run = await runVk(settingsOf("v2"));
  onRequest = () => undefined;
  expect(run.code, run.log).toBe(0);
  expect(run.log).toContain(`VK Ads has no statistics of ad ${gone} of account 1001`);
  expect(run.log).not.toContain("ERROR");
  const isGone = ({ key }: Row) => key.includes(` ${gone} `);
  const now = await factsOf("v2");
  expect(now.filter((row) => !isGone(row))).toEqual(expectedOf("v2"));
  // What was spent does not vanish.
  expect(now.filter(isGone)).toEqual(before);
  store.putBanner(banner!);
  await quietRun("v2", "an ad that was gone");
});

test("no pair of tokens is taken without need", () => {
  // One at first, and one after each of the three times that the kept ones were taken away, of which one run failed twice.
  for (const account of ACCOUNTS.v2) expect(sandbox.tokensIssued(account)).toBeLessThanOrEqual(4);
});
