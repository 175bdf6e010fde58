import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createLog } from "../../../../loaders/core/log";
import type { Probe, ProbePart } from "../../../../loaders/pipeline/probe";
import { qticketsProbe } from "../../../../loaders/qtickets/probe/probe";
import { readSettings } from "../../../../loaders/qtickets/settings";
import { vkProbe } from "../../../../loaders/vk-ads/probe/probe";
import { readSettings as readVkSettings } from "../../../../loaders/vk-ads/settings";
import { startVkSandbox, type VkSandbox, type VkSandboxOptions } from "../../../../sandbox/vk-ads/sandbox";
import { fakeClock } from "../fake-clock";

/** When every probe is made. */
export const NOW = Date.parse("2030-01-10T12:30:00+03:00");

const DATABASE = { CLICKHOUSE_HOST: "none.example.test", CLICKHOUSE_PASSWORD: "none" };

export interface Probed {
  parts: readonly ProbePart[];
  /** Of the first part, by id: answer and evidence. */
  table: Record<string, string>;
  lines: string[];
}

/** Runs a probe; its waits take no time. */
export async function run(probe: Probe, now = NOW): Promise<Probed> {
  const lines: string[] = [];
  const clock = fakeClock(now);
  const parts = await probe.run({
    clock,
    deadline: now + 120_000,
    signal: new AbortController().signal,
    log: createLog({ name: "t", level: "DEBUG", format: "text", write: (line) => lines.push(line) }),
  });
  return { parts, table: tableOf(parts[0] as ProbePart), lines };
}

/** Each question with its answer and evidence. */
export function tableOf({ answers }: ProbePart): Record<string, string> {
  return Object.fromEntries(answers.map(({ id, answer, evidence }) => [id, `${answer}: ${evidence}`]));
}

/** What a table says otherwise than another one. */
export function changes(table: Record<string, string>, from: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(table).filter(([id, said]) => from[id] !== said));
}

export function probeQtickets(
  { url, token }: { url: string; token: string },
  more: Record<string, string> = {},
): Promise<Probed> {
  const settings = readSettings({
    QTICKETS_TOKEN: token,
    QTICKETS_BASE_URL: url,
    QTICKETS_ALLOW_HTTP: "true",
    ...DATABASE,
    ...more,
  });
  return run(qticketsProbe(settings));
}

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  token: string;
  body: string;
}

/** A small API that a test makes up: what it answers, with status and headers. */
export async function serve(
  answer: (asked: Asked) => { status?: number; headers?: Record<string, string>; body: unknown },
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const respond = (request: IncomingMessage, body: string, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://vendor");
    const one: Asked = {
      method: request.method ?? "",
      path: pathname,
      query: searchParams,
      token: (request.headers.authorization ?? "").replace("Bearer ", ""),
      body,
    };
    asked.push(one);
    const { status = 200, headers = {}, body: content } = answer(one);
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(content));
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => respond(request, Buffer.concat(chunks).toString(), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A sandbox of VK Ads at the time of every probe, for the running test. */
export async function startVk(options: Partial<VkSandboxOptions> = {}): Promise<VkSandbox> {
  const sandbox = await startVkSandbox({ now: () => NOW, accounts: ["1001", "1002"], days: 45, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** Account 1001 of a sandbox by the newer API, account 1002 by the old one. */
export function probeVkSandbox({ url, clients }: VkSandbox): Promise<Probed> {
  const [newer, , , old] = clients;
  const [clientId = "", clientSecret = ""] = (newer?.credential ?? "").split(":");
  return probeVk(url, [
    { account: "1001", clientId, clientSecret },
    { account: "1002", api: "legacy", accessToken: old?.credential },
  ]);
}

/** Probes accounts of VK Ads; both APIs lie below one address. */
export async function probeVk(url: string, accounts: readonly object[], now = NOW): Promise<Probed> {
  const folder = mkdtempSync(join(tmpdir(), "zt-vk-probe-"));
  try {
    const settings = readVkSettings({
      VK_ACCOUNTS: JSON.stringify(accounts),
      VK_BASE_URL: url,
      VK_LEGACY_BASE_URL: url,
      VK_ALLOW_HTTP: "true",
      VK_REQUEST_PAUSE_MS: "0",
      VK_TOKEN_DIR: folder,
      ...DATABASE,
    });
    return await run(vkProbe(settings), now);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
