import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startVkSandbox, type FaultRule, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { LeakSearch, madeMarker, marker } from "../../../support/leak-search";
import { bundleLoader, ROOT } from "../warehouse";
import { runVkChild } from "./child";
import { startVkWarehouse, type VkWarehouse } from "./support";

const ID = marker("id");
const SECRET = marker("secret");
const OTHER_ID = marker("another id");
const OTHER_SECRET = marker("another secret");
const LEGACY = marker("legacy token");
const WRONG = marker("a wrong secret");

let warehouse: VkWarehouse;
let sandbox: VkSandbox;
let echo: { url: string; close: () => Promise<void> };
let scratch: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "zt-vk-leaks-"));
  await bundleLoader();
  warehouse = await startVkWarehouse();
  sandbox = await startVkSandbox({
    days: 10,
    clients: [
      { credential: `${ID.value}:${SECRET.value}`, account: "1001" },
      { credential: `${OTHER_ID.value}:${OTHER_SECRET.value}`, account: "1002" },
      { credential: LEGACY.value, account: "2001" },
    ],
  });
  echo = await startEcho();
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await echo?.close();
  await sandbox?.close();
  await warehouse?.close();
});

/** A vendor, or a proxy before it, that quotes the whole request in every error. */
async function startEcho(): Promise<typeof echo> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const message = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body} ${decodeURIComponent(body)}`;
      response
        .writeHead(400, { "content-type": "application/json", "x-echo": encodeURIComponent(message) })
        .end(
          JSON.stringify({ error: { code: "bad_request", error_code: 603, message, error_msg: message } }),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Run {
  what: string;
  code: number;
  settings?: Record<string, string>;
  args?: string[];
  faults?: FaultRule[];
}

const wrongAccounts = () =>
  JSON.stringify([
    { account: "1001", clientId: ID.value, clientSecret: WRONG.value },
    { account: "2001", api: "legacy", accessToken: WRONG.value },
  ]);
const STATS = "/api/v2/statistics/banners/day.json";

/** Runs that go well and runs that fail in ways that could make somebody print what came back or was sent. */
const runs = (): Run[] => [
  { what: "good, text", code: 0, args: ["--verbose"] },
  { what: "good, JSON", code: 0, args: ["--verbose"], settings: { LOG_FORMAT: "json" } },
  { what: "dry run", code: 0, args: ["--dry-run", "--verbose"] },
  {
    what: "expired tokens",
    code: 0,
    args: ["--verbose"],
    faults: [
      { kind: "expireTokens", route: STATS, account: "1001", times: 1 },
      { kind: "expireTokens", route: STATS, account: "1002", times: 1 },
    ],
  },
  {
    what: "wrong types",
    code: 1,
    faults: [
      { kind: "wrongTypes", route: STATS },
      { kind: "wrongTypes", route: "/method/ads.getAds" },
    ],
  },
  {
    what: "broken JSON",
    code: 0,
    settings: { LOG_FORMAT: "json" },
    faults: [{ kind: "brokenJson", times: 3 }],
  },
  {
    what: "an ad that no list has, wrong totals",
    code: 3,
    faults: [{ kind: "unknownAd" }, { kind: "wrongTotal" }],
  },
  { what: "401", code: 1, args: ["--verbose"], faults: [{ kind: "status", status: 401 }] },
  { what: "403 with HTML", code: 1, faults: [{ kind: "status", status: 403, body: "html" }] },
  {
    what: "503, VK_MAX_ATTEMPTS",
    code: 1,
    settings: { VK_MAX_ATTEMPTS: "1", LOG_FORMAT: "json" },
    faults: [{ kind: "status", status: 503 }],
  },
  {
    what: "an answer that quotes the request",
    code: 1,
    args: ["--verbose"],
    settings: { VK_BASE_URL: echo.url, VK_LEGACY_BASE_URL: echo.url },
  },
  {
    what: "nobody listening",
    code: 1,
    args: ["--verbose"],
    settings: {
      VK_BASE_URL: "http://127.0.0.1:9",
      VK_LEGACY_BASE_URL: "http://127.0.0.1:9",
      VK_MAX_ATTEMPTS: "1",
    },
  },
  { what: "wrong secrets", code: 1, args: ["--verbose"], settings: { VK_ACCOUNTS: wrongAccounts() } },
  {
    what: "tokens that cannot be kept",
    code: 3,
    args: ["--verbose"],
    settings: { VK_TOKEN_DIR: "/proc/zakaz" },
  },
  {
    what: "a database that refuses the password",
    code: 1,
    args: ["--verbose"],
    settings: { CLICKHOUSE_PASSWORD: WRONG.value },
  },
  {
    what: "accounts that are no JSON",
    code: 2,
    args: ["--verbose"],
    settings: { VK_ACCOUNTS: `${wrongAccounts()}]` },
  },
  {
    what: "an account with a key too many",
    code: 2,
    settings: {
      VK_ACCOUNTS: JSON.stringify([
        { account: "1", clientId: ID.value, clientSecret: SECRET.value, [WRONG.core]: WRONG.value },
      ]),
    },
  },
  {
    what: "a secret in the place of the account",
    code: 2,
    settings: { VK_ACCOUNTS: JSON.stringify([{ account: SECRET.value }]) },
  },
  {
    what: "delete tokens, refused",
    code: 1,
    args: ["--verbose", "--delete-tokens", "1001"],
    settings: { VK_ACCOUNTS: wrongAccounts() },
  },
  { what: "delete tokens", code: 0, args: ["--verbose", "--delete-tokens", "1001"] },
  { what: "good after all that", code: 0, args: ["--verbose"] },
];

test("no client id, secret or token is in any log, journal, alert, table, query log, quarantine file or file name", async () => {
  const search = new LeakSearch(scratch);
  const plant = (name: string, value: string) => {
    search.plant(madeMarker(name, value), madeMarker(`sha256 of ${name}`, sha256(value)));
  };
  for (const planted of [ID, SECRET, OTHER_ID, OTHER_SECRET, LEGACY, WRONG]) {
    search.plant(planted);
    search.plant(madeMarker(`sha256 of ${planted.name}`, sha256(planted.value)));
  }
  for (const { credential } of sandbox.clients) plant("a credential", sha256(credential).slice(0, 32));

  const tokens = join(warehouse.folder, "tokens");
  const seen = new Set<string>();
  const outputs: { what: string; output: string }[] = [];
  const alerts: string[] = [];
  for (const { what, code, settings = {}, args = [], faults = [] } of runs()) {
    sandbox.faults.set(...faults);
    const run = await runVkChild(warehouse.settings(sandbox, settings), args);
    expect(run.code, `${what}:\n${run.output}`).toBe(code);
    outputs.push({ what, output: run.output });
    alerts.push(JSON.stringify(await warehouse.sql("SELECT * FROM meta.etl_alerts SETTINGS final = 0")));
    await warehouse.sql("TRUNCATE TABLE meta.etl_alerts");
    for (const file of existsSync(tokens) ? readdirSync(tokens) : []) {
      expect(statSync(join(tokens, file)).mode & 0o777, file).toBe(0o600);
      const { accessToken, refreshToken } = JSON.parse(readFileSync(join(tokens, file), "utf8")) as Record<
        string,
        string
      >;
      for (const token of [accessToken!, refreshToken!]) seen.add(token);
    }
  }
  // Two accounts: a pair at first, refreshed once, and one anew after the deletion.
  expect(seen.size).toBeGreaterThanOrEqual(6);
  for (const [number, token] of [...seen].entries()) plant(`token ${number}`, token);

  for (const { what, output } of outputs) await search.text(`output: ${what}`, output);
  await search.text("alerts", alerts.join("\n"));
  await search.files("quarantine", join(warehouse.folder, "quarantine"));
  await search.files("files but the kept tokens", warehouse.folder, ["tokens"]);
  await search.command("names of files", "find", [warehouse.folder]);
  const tables = await warehouse.sql<{ name: string }>(
    `SELECT concat(database, '.', name) AS name FROM system.tables
     WHERE database IN ('zakaz', 'meta') AND engine LIKE '%MergeTree' ORDER BY name`,
  );
  for (const { name } of tables) {
    await search.text(
      name,
      JSON.stringify(await warehouse.sql(`SELECT * FROM ${name} SETTINGS final = 0`)),
      true,
    );
  }
  await warehouse.sql("SYSTEM FLUSH LOGS");
  const logs = await warehouse.sql<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log' AND engine LIKE '%MergeTree'",
  );
  for (const { name } of logs) {
    await search.text(
      `system.${name}`,
      JSON.stringify(await warehouse.sql(`SELECT * FROM system.${name}`)),
      true,
    );
  }

  mkdirSync(join(ROOT, "reports"), { recursive: true });
  writeFileSync(join(ROOT, "reports/vk-ads-leaks.txt"), `${search.report()}\n`);
  expect(search.hits()).toEqual([]);

  // The search is worth something only where there is something to be found.
  const bytes = (place: string) => search.findings.find((one) => one.place === place)?.bytes ?? 0;
  expect(bytes("quarantine")).toBeGreaterThan(2000);
  expect(bytes("zakaz.stg_vk_ads_daily")).toBeGreaterThan(100_000);
  expect(bytes("zakaz.meta_job_runs")).toBeGreaterThan(5000);
  expect(bytes("system.query_log")).toBeGreaterThan(10_000);
  expect(bytes("alerts")).toBeGreaterThan(1000);
  // It finds what is there: the kept tokens themselves.
  const control = new LeakSearch(mkdtempSync(join(scratch, "control-")));
  for (const token of seen) control.plant(madeMarker("token", token));
  await control.files("tokens", tokens);
  expect(control.hits()).toHaveLength(1);
}, 300_000);

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
