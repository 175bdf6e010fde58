import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, readAsked } from "../../../../loaders/vk-ads/main";
import { readSettings } from "../../../../loaders/vk-ads/settings";
import type { VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { startServer, type Server } from "../../../support/server";
import { runPrepared, type InProcessResult } from "../in-process";
import { applySchema } from "../warehouse";

/** Tables that a load of VK Ads writes. */
const WRITTEN = [
  "zakaz.stg_vk_ads_daily",
  "zakaz.fact_vk_ads_daily",
  "zakaz.meta_job_runs",
  "meta.watermarks",
  "meta.sli_daily",
  "meta.etl_alerts",
];

/** A server with the schema, and a folder for tokens and rows put aside. */
export interface VkWarehouse {
  server: Server;
  folder: string;
  sql: Server["sql"];
  /** Settings of a load from a sandbox; the accounts are those of `clients`, the newer API where there is a colon in it. */
  settings(
    sandbox: Pick<VkSandbox, "url" | "clients">,
    more?: Record<string, string>,
  ): Record<string, string>;
  /** Empties every table that a load writes. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startVkWarehouse(): Promise<VkWarehouse> {
  const password = `pw-${randomBytes(9).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), "zt-vk-"));
  const server = await startServer();
  await applySchema(server, password);
  return {
    server,
    folder,
    sql: (query) => server.sql(query),
    settings: ({ url, clients }, more = {}) => ({
      VK_ACCOUNTS: JSON.stringify(clients.map(accountOf)),
      VK_BASE_URL: url,
      VK_LEGACY_BASE_URL: url,
      VK_ALLOW_HTTP: "true",
      VK_REQUEST_PAUSE_MS: "0",
      VK_TOKEN_DIR: join(folder, "tokens"),
      CLICKHOUSE_HOST: "127.0.0.1",
      CLICKHOUSE_PORT: new URL(server.httpUrl).port,
      CLICKHOUSE_PASSWORD: password,
      QUARANTINE_DIR: join(folder, "quarantine"),
      LEASE_SECONDS: "3",
      ...more,
    }),
    reset: async () => {
      rmSync(join(folder, "tokens"), { recursive: true, force: true });
      for (const table of WRITTEN) await server.sql(`TRUNCATE TABLE ${table}`);
    },
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      await server.stop();
    },
  };
}

function accountOf({ credential, account }: { credential: string; account: string }): Record<string, string> {
  const [clientId = "", clientSecret, agencyClient] = credential.split(":");
  if (clientSecret === undefined) return { account, api: "legacy", accessToken: credential };
  return { account, clientId, clientSecret, ...(agencyClient === undefined ? {} : { agencyClient }) };
}

/** Flags of a load. */
export type Flags = Parameters<typeof readAsked>[0];

/** A real load inside the test's process; `now` is its time. */
export function runVk(
  environment: Record<string, string>,
  flags: Flags = {},
  options: { now?: number; stop?: AbortController } = {},
): Promise<InProcessResult> {
  const settings = readSettings(environment);
  return runPrepared(
    prepare(settings, readAsked(flags, settings, options.now ?? Date.now())),
    settings,
    options,
  );
}

/** A row of staging or of the fact, money as text. */
export interface CostRow {
  day: string;
  account: string;
  campaign: string;
  group: string;
  ad: string;
  city: string;
  source: string;
  content: string;
  impressions: number;
  clicks: number;
  spend: string;
}

/** Rows that are not all zero, in the order of their keys. */
export function costRows(
  { sql }: Pick<VkWarehouse, "sql">,
  table: "stg_vk_ads_daily" | "fact_vk_ads_daily",
): Promise<CostRow[]> {
  return sql<CostRow>(
    `SELECT toString(stat_date) AS day, account_id AS account, campaign_id AS campaign, ad_group_id AS \`group\`, ad_id AS ad,
       toString(city) AS city, toString(utm_source) AS source, utm_content AS content,
       toUInt32(impressions) AS impressions, toUInt32(clicks) AS clicks, toDecimalString(spend, 2) AS spend
     FROM zakaz.${table} AS t FINAL WHERE t.impressions != 0 OR t.clicks != 0 OR t.spend != 0
     ORDER BY day, account, ad, campaign`,
  );
}

export interface Journal {
  status: string;
  rows: number;
  message: Record<string, unknown> & { degraded?: string[]; notes?: Record<string, number> };
  metrics: Record<string, unknown>;
}

/** Journal rows in the order of the runs. */
export async function vkJournal({ sql }: Pick<VkWarehouse, "sql">, job = "vk_ads"): Promise<Journal[]> {
  const rows = await sql<{ status: string; rows: number; message: string; metrics: string }>(
    `SELECT status, toUInt32(rows_processed) AS rows, message, metrics FROM zakaz.meta_job_runs
     WHERE job = '${job}' ORDER BY _ver SETTINGS final = 0`,
  );
  return rows.map(({ message, metrics, ...rest }) => ({
    ...rest,
    message: JSON.parse(message) as Journal["message"],
    metrics: JSON.parse(metrics) as Record<string, unknown>,
  }));
}
