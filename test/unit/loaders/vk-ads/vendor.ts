import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Account } from "../../../../loaders/vk-ads/accounts";
import type { AdapterInput, VkAdapter } from "../../../../loaders/vk-ads/adapter";
import { createLog } from "../../../../loaders/core/log";
import { Stopwatch } from "../../../../loaders/core/stopwatch";
import { LegacyAdapter } from "../../../../loaders/vk-ads/legacy/adapter";
import { readSettings } from "../../../../loaders/vk-ads/settings";
import { V2Adapter } from "../../../../loaders/vk-ads/v2/adapter";
import { fakeClock } from "../fake-clock";

/** When a test begins. */
export const START = Date.parse("2030-01-10T12:30:00+03:00");

/** A call as the vendor got it. */
export interface Call {
  method: string;
  path: string;
  url: string;
  headers: Record<string, unknown>;
  /** Parameters of the address and of the form together. */
  parameters: URLSearchParams;
  query: URLSearchParams;
  form: URLSearchParams;
}

/** An answer: a JSON value with 200, or what to do with the response. */
export type Answer = ((response: ServerResponse) => void) | object;
/** What a path answers to a call with its number, from 0. */
export type Route = (call: Call, number: number) => Answer;

export const status =
  (code: number, body: unknown, headers: Record<string, string> = {}): ((response: ServerResponse) => void) =>
  (response) => {
    const isText = typeof body === "string";
    const type = isText ? "text/html" : "application/json";
    response.writeHead(code, { "content-type": type, ...headers }).end(isText ? body : JSON.stringify(body));
  };

/** A mock of the vendor: a call of an unknown path fails the test. */
export async function startVendor(routes: Record<string, Route>) {
  const calls: Call[] = [];
  const unknown: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://vendor");
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const call: Call = {
        method: request.method ?? "",
        path: pathname,
        url: request.url ?? "",
        headers: request.headers,
        query: searchParams,
        form,
        parameters: new URLSearchParams([...searchParams, ...form]),
      };
      const number = calls.filter(({ path }) => path === pathname).length;
      calls.push(call);
      const route = routes[pathname];
      if (route === undefined) {
        unknown.push(`${call.method} ${pathname}`);
        response.writeHead(501).end();
        return;
      }
      const answer = route(call, number);
      if (typeof answer === "function") (answer as (response: ServerResponse) => void)(response);
      else status(200, answer)(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if (unknown.length > 0) throw new Error(`The mock knows no route for ${unknown.join(", ")}`);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    of: (path: string) => calls.filter((call) => call.path === path),
  };
}

export const V2_ACCOUNT = {
  account: "1001",
  api: "v2",
  clientId: "id-1001",
  clientSecret: "secret-1001",
} as const;
export const LEGACY_ACCOUNT = { account: "55", api: "legacy", accessToken: "legacy-token-55" } as const;

/** An adapter against any address, with everything that it tells. Its waits take no time. */
export function openAdapter(url: string, account: Account, more: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "zt-vk-unit-"));
  const settings = readSettings({
    VK_ACCOUNTS: JSON.stringify([account]),
    VK_BASE_URL: url,
    VK_LEGACY_BASE_URL: url,
    VK_ALLOW_HTTP: "true",
    VK_REQUEST_PAUSE_MS: "0",
    VK_TOKEN_DIR: join(folder, "tokens"),
    CLICKHOUSE_HOST: "none.example.test",
    CLICKHOUSE_PASSWORD: "none",
    ...more,
  });
  const lines: string[] = [];
  const rejected: string[] = [];
  const notes: Record<string, number> = {};
  const incomplete: string[] = [];
  const clock = fakeClock(START);
  const input: AdapterInput = {
    run: {
      clock,
      deadline: clock.now() + 3_600_000,
      signal: new AbortController().signal,
      log: createLog({ name: "t", level: "DEBUG", format: "text", write: (line) => lines.push(line) }),
      stopwatch: new Stopwatch(),
      quarantine: {
        add: (source: string, id: unknown, reason: string) =>
          void rejected.push(`${source}, ${String(id)}: ${reason}`),
      } as unknown as AdapterInput["run"]["quarantine"],
    },
    settings,
    account,
    report: {
      read: () => undefined,
      note: (what) => void (notes[what] = (notes[what] ?? 0) + 1),
      skip: () => undefined,
      incomplete: (reason) => void incomplete.push(reason),
    },
  };
  const adapter: VkAdapter =
    account.api === "legacy"
      ? new LegacyAdapter({ ...input, account })
      : new V2Adapter({ ...input, account });
  onTestFinished(async () => {
    await adapter.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    adapter,
    input,
    settings,
    clock,
    lines,
    rejected,
    notes,
    incomplete,
    folder: join(folder, "tokens"),
  };
}

/** What a promise was rejected with. */
export const caught = (promise: Promise<unknown>): Promise<Error & { code?: string; status?: number }> =>
  promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: unknown) => error as Error,
  );
