import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { daysBefore } from "../loaders/core/days";
import { startVkWarehouse, vkJournal } from "../test/integration/loaders/vk-ads/support";
import { BUNDLE, bundleLoader, envFile } from "../test/integration/loaders/warehouse";

const ACCOUNTS = 5;
const ADS = 2000;
const DAYS = 30;
const LATENCY = 50;
/** As the loader's image runs it. */
const NODE_FLAGS = ["--max-semi-space-size=8", "--max-old-space-size=128"];

const say = (line: string) => process.stdout.write(`${line}\n`);

/**
 * The load of VK Ads from several large accounts behind a latency, beside the time that its requests need if nothing else took
 * any: every list page by page (50 rows), statistics by 100 ads, one token and one look at the account each.
 */
export async function benchVkAds(): Promise<void> {
  await bundleLoader();
  const warehouse = await startVkWarehouse();
  const args = [ACCOUNTS, ADS, DAYS, daysBefore(Date.now(), 1), LATENCY].map(String);
  const server = fork(join(__dirname, "vk-server.ts"), args, { execArgv: ["--import", "tsx"] });
  try {
    const [url] = (await once(server, "message")) as [string];
    const clients = Array.from({ length: ACCOUNTS }, (_, index) => ({
      credential: `bench-${index + 1}:secret`,
      account: String(index + 1),
    }));
    const environment = envFile(warehouse.settings({ url, clients }));
    const start = performance.now();
    const child = spawn(process.execPath, [...NODE_FLAGS, BUNDLE, "vk_ads", "--envfile", "-"], {
      stdio: ["pipe", "ignore", "pipe"],
      env: { PATH: process.env.PATH },
    });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    child.stdin.end(environment);
    const [code] = (await once(child, "close")) as [number];
    const seconds = (performance.now() - start) / 1000;
    if (code !== 0) throw new Error(log);
    const [row] = await vkJournal(warehouse);
    const least = ACCOUNTS * (2 + pages(ADS / 100) + pages(ADS / 20) + pages(ADS) + Math.ceil(ADS / 100));
    const ideal = (least * LATENCY) / 1000;
    const metrics = row?.metrics as {
      requests: number;
      peak_rss_mb: number;
      step_seconds: Record<string, number>;
    };
    say(
      `VK Ads: ${ACCOUNTS} accounts of ${ADS} ads, ${DAYS} days, ${LATENCY} ms latency: ${row?.message.stat_rows as number} rows.`,
    );
    say(
      `${metrics.requests} requests (least: ${least}), ${seconds.toFixed(1)} s, ${(seconds / ideal).toFixed(2)} × the least number of requests ` +
        `at that latency (${ideal.toFixed(1)} s); peak RSS ${metrics.peak_rss_mb} MB; steps ${JSON.stringify(metrics.step_seconds)}; aim 1.3 ×`,
    );
  } finally {
    server.disconnect();
    await warehouse.close();
  }
}

const pages = (rows: number) => Math.ceil(rows / 50);
