import type { Source } from "../pipeline/source";
import { credentialOf, readAccounts, secretsOf, type Account } from "./accounts";

const accountsIn = (json: string): readonly Account[] => {
  const read = readAccounts(json);
  return "accounts" in read ? read.accounts : [];
};

/** VK Ads: what advertising cost and brought, by day and ad, of one or several accounts. */
export const vkAds: Source = {
  job: "vk_ads",
  title: "VK Ads",
  folder: "vk-ads",
  kind: "api",
  switch: { key: "vkAds", about: "`true`: the statistics of VK Ads are loaded too; needs `vkAdsAccounts`." },
  secrets: {
    vkAdsAccounts: {
      about:
        "Accounts of VK Ads, needed exactly when `vkAds` is true: a list, each with `account`, `clientId`, `clientSecret` and, for the client " +
        "of an agency, `agencyClient`; or, for the old API, with `account`, `api: legacy`, `accessToken` and, for the client of an agency, the agency's number as `agency`.",
      setting: "VK_ACCOUNTS",
      kind: "token",
      parts: {
        problemOf: (json) => {
          const read = readAccounts(json);
          return "problem" in read ? read : undefined;
        },
        secretsOf: (json) => secretsOf(accountsIn(json)),
        example: "[0].clientSecret",
        plain: ["account", "api", "agency", "agencyClient"],
      },
    },
  },
  datasets: {},
  tables: [
    { name: "stg_vk_ads_daily", rowsAre: "statistics of ads" },
    { name: "fact_vk_ads_daily", rowsAre: "cost of ads per day" },
  ],
  freshHours: 26,
  volume: {
    name: "zakaz-vk-tokens",
    path: "/var/lib/zakaz-vk-tokens",
    about:
      "Keeps the one pair of tokens per account; without it every load would take a new one, and VK gives five.",
  },
  sandbox: {
    vendor: "vk-ads",
    path: "/vk-ads",
    secret: "vkAdsAccounts",
    clients: (json) =>
      accountsIn(json).map((one) => ({ credential: credentialOf(one), account: one.account })),
    settings: (url) => ({
      VK_BASE_URL: url,
      VK_LEGACY_BASE_URL: url,
      VK_ALLOW_HTTP: "true",
      VK_REQUEST_PAUSE_MS: "0",
    }),
  },
  probe: true,
};
