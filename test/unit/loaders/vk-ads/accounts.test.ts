import { describe, expect, test } from "vitest";
import { credentialOf, readAccounts, secretsOf, type Account } from "../../../../loaders/vk-ads/accounts";
import { readSettings, settingsSchema } from "../../../../loaders/vk-ads/settings";
import { secretValues } from "../../../../loaders/core/setting";

const V2 = { account: "1001", clientId: "id-a", clientSecret: "secret-a" };
const LEGACY = { account: "55", api: "legacy", accessToken: "token-b" };
const read = (value: unknown) => readAccounts(JSON.stringify(value));

describe("the accounts", () => {
  test("of both APIs, also as `pulumi config set --path` writes them, which makes numbers of digits", () => {
    const list = [
      { ...V2, account: 1001, clientId: 77 },
      { ...V2, account: "1002", agencyClient: "shop" },
      LEGACY,
    ];
    expect(read(list)).toEqual({
      accounts: [
        { ...V2, api: "v2", clientId: "77" },
        { ...V2, account: "1002", api: "v2", agencyClient: "shop" },
        LEGACY,
      ],
    });
  });

  test.each([
    ["no JSON", "{", "is not JSON", undefined],
    ["an empty list", "[]", "names no account", "[0].account"],
    ["an object", "{}", "names no account", "[0].account"],
    ["text in the list", '["x"]', "has something else than an object for account no. 1", "[0].account"],
    [
      "no account",
      JSON.stringify([{ ...V2, account: undefined }]),
      "lacks account for account no. 1",
      "[0].account",
    ],
    [
      "no secret",
      JSON.stringify([V2, { ...V2, account: "2", clientSecret: "" }]),
      "lacks clientSecret for account 2",
      "[1].clientSecret",
    ],
    [
      "no token",
      JSON.stringify([{ account: 55, api: "legacy" }]),
      "lacks accessToken for account 55",
      "[0].accessToken",
    ],
    [
      "a wrong API",
      JSON.stringify([{ ...V2, api: "v9" }]),
      "has for account 1001 a value of api that is not v2 or legacy",
      "[0].api",
    ],
    [
      "a misspelt key",
      JSON.stringify([{ ...V2, clientSecrets: "x" }]),
      "has clientSecrets for account 1001, which is unknown",
      "[0].clientSecrets",
    ],
    ["an account twice", JSON.stringify([V2, V2]), "names account 1001 twice", "[1].account"],
    [
      "a blank in a secret",
      JSON.stringify([{ ...V2, clientSecret: "a b" }]),
      "has for account 1001 a value of clientSecret that is not text without blanks, quotes and backslashes",
      "[0].clientSecret",
    ],
    [
      "an id of letters",
      JSON.stringify([{ ...V2, account: "me" }]),
      "has for account no. 1 a value of account that is not digits",
      "[0].account",
    ],
  ])(
    "%s is told in the end of a sentence, with its place and without its value",
    (_, json, problem, path) => {
      expect(readAccounts(json)).toEqual(path === undefined ? { problem } : { problem, path });
    },
  );

  test("say what they prove themselves by, and what of it is secret", () => {
    const accounts = [
      { ...V2, api: "v2" },
      { ...V2, api: "v2", account: "1002", agencyClient: "shop" },
      LEGACY,
    ] as Account[];
    expect(accounts.map(credentialOf)).toEqual(["id-a:secret-a", "id-a:secret-a:shop", "token-b"]);
    expect(secretsOf(accounts)).toEqual(["id-a", "secret-a", "id-a", "secret-a", "token-b"]);
  });
});

describe("the settings", () => {
  const environment = {
    VK_ACCOUNTS: JSON.stringify([V2, LEGACY]),
    CLICKHOUSE_HOST: "h",
    CLICKHOUSE_PASSWORD: "password",
  };

  test("have defaults for everything but accounts and server", () => {
    expect(readSettings(environment)).toMatchObject({
      VK_BASE_URL: "https://ads.vk.com",
      VK_LEGACY_BASE_URL: "https://api.vk.com",
      VK_API_VERSION: "5.199",
      VK_CAMPAIGN_IDS: ["*"],
      VK_DAYS_BACK: 30,
      VK_REQUEST_PAUSE_MS: 350,
      VK_TIMEOUT_S: 30,
      VK_MAX_ATTEMPTS: 4,
      VK_DAYS_PER_REQUEST: 31,
    });
  });

  test.each([
    [{ VK_ACCOUNTS: undefined }, "VK_ACCOUNTS is missing"],
    [{ VK_ACCOUNTS: "[]" }, "VK_ACCOUNTS must be a JSON list"],
    [{ VK_TOKEN: "x" }, "VK_TOKEN is not a setting of this program"],
    [{ VK_DAYS_BACK: "2" }, "VK_DAYS_BACK must be an integer from 3 to 366"],
    [{ VK_IDS_PER_REQUEST: "2001" }, "VK_IDS_PER_REQUEST must be an integer from 1 to 2000"],
    [{ VK_CAMPAIGN_IDS: "1;2" }, "VK_CAMPAIGN_IDS must be ids separated by commas"],
    [{ VK_BASE_URL: "http://sandbox:8080" }, "VK_BASE_URL must be an https address"],
    [{ VK_LEGACY_BASE_URL: "http://sandbox:8080" }, "VK_LEGACY_BASE_URL must be an https address"],
  ])("%j is refused: %s", (more, message) => {
    expect(() => readSettings({ ...environment, ...more })).toThrow(message);
  });

  test("a plain http address is taken by consent", () => {
    expect(
      readSettings({ ...environment, VK_BASE_URL: "http://sandbox:8080/vk-ads/", VK_ALLOW_HTTP: "true" }),
    ).toMatchObject({
      VK_BASE_URL: "http://sandbox:8080/vk-ads",
    });
  });

  test("every secret part of the accounts is taken out of log lines, not only the whole text", () => {
    expect(secretValues(settingsSchema, environment)).toEqual([
      environment.VK_ACCOUNTS,
      "id-a",
      "secret-a",
      "token-b",
      "password",
    ]);
  });
});
