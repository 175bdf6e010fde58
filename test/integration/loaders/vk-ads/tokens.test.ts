import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { readSettings } from "../../../../loaders/vk-ads/settings";
import { V2Client } from "../../../../loaders/vk-ads/v2/client";
import { systemClock } from "../../../../loaders/core/clock";
import { createLog } from "../../../../loaders/core/log";
import { startVkSandbox, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { bundleLoader } from "../warehouse";
import { runVkChild } from "./child";

const DELETE = "/vk-ads/api/v2/oauth2/token/delete.json";
const ACCOUNTS = [
  { account: "1001", clientId: "agency", clientSecret: "secret-a", agencyClient: "shop" },
  { account: "1002", clientId: "agency", clientSecret: "secret-a", agencyClient: "club" },
  { account: "1003", clientId: "own", clientSecret: "secret-b" },
  { account: "2001", api: "legacy", accessToken: "token-c" },
];

let folder: string;
let sandbox: VkSandbox;
beforeAll(() => bundleLoader());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zt-vk-delete-"));
  sandbox = await startVkSandbox({
    clients: ACCOUNTS.map(({ account, clientId, clientSecret, agencyClient, accessToken }) => ({
      account,
      credential:
        accessToken ?? [clientId, clientSecret, agencyClient].filter((part) => part !== undefined).join(":"),
    })),
  });
});
afterEach(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Settings of a program that must not need ClickHouse. */
const settings = (more: Record<string, string> = {}): Record<string, string> => ({
  VK_ACCOUNTS: JSON.stringify(ACCOUNTS),
  VK_BASE_URL: sandbox.url,
  VK_LEGACY_BASE_URL: sandbox.url,
  VK_ALLOW_HTTP: "true",
  VK_REQUEST_PAUSE_MS: "0",
  VK_TOKEN_DIR: join(folder, "tokens"),
  CLICKHOUSE_HOST: "127.0.0.1",
  CLICKHOUSE_PORT: "9",
  CLICKHOUSE_PASSWORD: "none",
  ...more,
});

/** Asks something as an account of the newer API does. */
async function ask(account: string): Promise<unknown> {
  const read = readSettings(settings());
  const found = read.VK_ACCOUNTS.find((one) => one.account === account);
  if (found?.api !== "v2") throw new Error(`no account ${account}`);
  const log = createLog({ name: "t", level: "ERROR", format: "text", write: () => undefined });
  const run = {
    clock: systemClock,
    deadline: Date.now() + 30_000,
    log,
    signal: new AbortController().signal,
  };
  const client = new V2Client({ run, settings: read, account: found });
  try {
    return await client.get("/api/v3/user.json", {});
  } finally {
    await client.close();
  }
}

const kept = () => (existsSync(join(folder, "tokens")) ? readdirSync(join(folder, "tokens")).sort() : []);
const deletions = () => sandbox.requests.filter(({ path }) => path === DELETE);

test("--delete-tokens removes the tokens of the client at the vendor and the kept ones, of all its accounts, and needs no ClickHouse", async () => {
  for (const account of ["1001", "1002", "1003"]) await ask(account);
  expect(kept()).toEqual(["1001.json", "1002.json", "1003.json"]);
  const { code, output } = await runVkChild(settings(), ["--delete-tokens", "1001"]);
  expect(code, output).toBe(0);
  expect(output).toContain(
    "Removed all tokens of the client of account 1001; the next load takes a new pair",
  );
  expect(deletions()).toHaveLength(1);
  expect(deletions()[0]).toMatchObject({ method: "POST", query: "", status: 204 });
  expect(kept()).toEqual(["1003.json"]);
  for (const account of ["1001", "1002", "1003"])
    expect(await ask(account)).toMatchObject({ id: Number(account) });
  expect(["1001", "1002", "1003"].map((account) => sandbox.tokensIssued(account))).toEqual([2, 2, 1]);
});

test("it mends a limit of pairs that is used up", async () => {
  for (let pair = 0; pair < 5; pair += 1) {
    await ask("1003");
    rmSync(join(folder, "tokens"), { recursive: true });
  }
  await expect(ask("1003")).rejects.toThrow("`npx zakaz load vk_ads -- --delete-tokens 1003`");
  expect(deletions()).toEqual([]);
  expect((await runVkChild(settings(), ["--delete-tokens", "1003"])).code).toBe(0);
  expect(await ask("1003")).toMatchObject({ id: 1003 });
});

test.each([
  [
    "an account that is not there",
    ["--delete-tokens", "7"],
    {},
    2,
    "VK_ACCOUNTS has no account 7; it has 1001, 1002, 1003, 2001",
  ],
  ["all accounts", ["--delete-tokens", "*"], {}, 2, "VK_ACCOUNTS has no account *"],
  ["two accounts", ["--delete-tokens", "1001,1003"], {}, 2, "--delete-tokens takes one account"],
  ["an account of the old API", ["--delete-tokens", "2001"], {}, 2, "Account 2001 is of the old API"],
  ["a dry run", ["--delete-tokens", "1001", "--dry-run"], {}, 2, "--delete-tokens cannot be tried out"],
  ["DRY_RUN", ["--delete-tokens", "1001"], { DRY_RUN: "true" }, 2, "--delete-tokens cannot be tried out"],
  ["no account", ["--delete-tokens"], {}, 2, "argument missing"],
] as const)("%s: nothing is sent", async (_name, args, more, code, sentence) => {
  const run = await runVkChild(settings(more), args);
  expect(run.output).toContain(sentence);
  expect(run.code).toBe(code);
  expect(sandbox.requests).toEqual([]);
});

test("a client that the vendor refuses: exit 1, the setting is named, the kept pair stays", async () => {
  await ask("1003");
  const accounts = JSON.stringify([{ ...ACCOUNTS[2], clientSecret: "wrong" }]);
  const { code, output } = await runVkChild(settings({ VK_ACCOUNTS: accounts }), ["--delete-tokens", "1003"]);
  expect(code).toBe(1);
  expect(output).toContain("VK_ACCOUNTS (zakaz:vkAdsAccounts) says of account 1003");
  expect(output).not.toMatch(/wrong|\n\s+at |Unexpected/);
  expect(kept()).toEqual(["1003.json"]);
});

test("a folder in which nothing can be removed is said in one sentence", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const { code, output } = await runVkChild(settings({ VK_TOKEN_DIR: join(file, "tokens") }), [
    "--delete-tokens",
    "1003",
  ]);
  expect(code).toBe(1);
  expect(output).toMatch(/The tokens of VK Ads cannot be kept in .*\(ENOTDIR\)/);
  expect(output).not.toContain("Unexpected");
});
