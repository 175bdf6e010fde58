import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DataSet } from "../../../sandbox/qtickets/data-set";
import { VkData } from "../../../sandbox/vk-ads/data";

const run = promisify(execFile);
const name = `zt-sandbox-${randomBytes(4).toString("hex")}`;
const token = randomBytes(16).toString("hex");
const tokenSha256 = createHash("sha256").update(token).digest("hex");
const source = join(__dirname, "../../../sandbox");
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
let context = "";
let url = "";

async function docker(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run("docker", args);
  return stdout + stderr;
}

async function get(path: string, body?: object) {
  const response = await request(url + path, {
    method: "GET",
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.statusCode, json: (await response.body.json()) as Record<string, unknown> };
}

async function isHealthy(): Promise<boolean> {
  return (await get("/healthz").catch(() => undefined))?.status === 200;
}

beforeAll(async () => {
  context = mkdtempSync(join(tmpdir(), "zt-sandbox-"));
  cpSync(join(source, "Dockerfile"), join(context, "Dockerfile"));
  await build({
    entryPoints: [join(source, "main.ts")],
    outfile: join(context, "dist/main.js"),
    bundle: true,
    platform: "node",
    target: "node22",
    logLevel: "error",
  });
  await docker("build", "--quiet", "--force-rm", "--tag", name, context);
  const settings = [
    "-e",
    `SANDBOX_CLIENTS=${JSON.stringify({
      qtickets: [{ sha256: tokenSha256 }],
      "vk-ads": [{ sha256: tokenSha256, account: "1001" }],
    })}`,
    "-e",
    "SANDBOX_ORDERS_PER_DAY=5",
    "-e",
    "SANDBOX_DAYS=2",
  ];
  await docker("run", "--detach", "--name", name, "--publish", "127.0.0.1::8080", ...settings, name);
  url = `http://${(await docker("port", name, "8080")).trim()}`;
  await vi.waitFor(async () => expect(await isHealthy()).toBe(true), { timeout: 60_000, interval: 100 });
});

afterAll(async () => {
  await docker("rm", "--force", name).catch(() => undefined);
  await docker("rmi", "--force", name).catch(() => undefined);
  rmSync(context, { recursive: true, force: true });
});

describe("the sandbox image", () => {
  it("answers with the same data as the server in a test's process", async () => {
    const data = new DataSet({
      seed: 1,
      ordersPerDay: 5,
      days: 2,
      events: 12,
      dates: "moscow",
      flags: "usual",
      now: Date.now,
    });
    // A second time where Moscow's midnight, at which the data change, was in between.
    const compare = async (): Promise<void> => {
      const { status, json } = await get("/api/rest/v1/orders", { perPage: 100 });
      const orders = Array.from({ length: data.orders().length }, (_, index) => data.orders().at(index));
      expect(status).toBe(200);
      expect(json).toEqual({ data: orders, paging: { perPage: 100, currentPage: 1, total: 13 } });
    };
    await vi.waitFor(compare, { timeout: 60_000 });
  });

  it("serves VK Ads beside it", async () => {
    const account = new VkData(["1001"], { seed: 1, events: 12, days: 2, now: Date.now });
    const answer = await request(`${url}/vk-ads/method/ads.getAds`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        access_token: token,
        v: "5.199",
        account_id: "1001",
        include_deleted: "1",
      }).toString(),
    });
    const { response } = (await answer.body.json()) as { response: { id: string }[] };
    expect(response.map(({ id }) => Number(id))).toEqual(account.banners("1001").map(({ id }) => id));
  });

  it("logs one line per vendor about its start", async () => {
    expect(await docker("logs", name)).toBe(
      "sandbox: http://0.0.0.0:8080/api/rest/v1, seed 1, 13 orders, 12 events, 0 faults\n" +
        "sandbox: http://0.0.0.0:8080/vk-ads, seed 1, 1 accounts, 60 ads, 0 faults\n",
    );
  });

  it("runs without rights", async () => {
    expect((await docker("exec", name, "id", "-u")).trim()).toBe("10001");
    await expect(docker("exec", name, "touch", "/opt/sandbox/x")).rejects.toThrow("Permission denied");
  });

  it("holds the token nowhere that docker shows", async () => {
    const shown = await Promise.all([
      docker("inspect", name),
      docker("history", "--no-trunc", name),
      docker("logs", name),
    ]);
    expect(shown.join("\n")).toContain(tokenSha256);
    expect(shown.join("\n")).not.toContain(token);
  });

  it("takes faults while it runs", async () => {
    const put = await request(`${url}/__faults`, {
      method: "PUT",
      headers,
      body: '[{"kind":"status","status":502,"times":1}]',
    });
    await put.body.dump();
    expect(put.statusCode).toBe(200);
    expect((await get("/api/rest/v1/events")).status).toBe(502);
    expect((await get("/api/rest/v1/events")).status).toBe(200);
  });

  it("stops when it is asked to", async () => {
    // One that had to be killed would have ended with 137.
    await docker("stop", "--time", "60", name);
    expect((await docker("inspect", "--format", "{{.State.ExitCode}}", name)).trim()).toBe("0");
  });

  it("says in one sentence what is missing, and exits with 2", async () => {
    const error = await run("docker", ["run", "--rm", name]).then(
      () => undefined,
      (reason: unknown) => reason as { code: number; stderr: string; stdout: string },
    );
    expect(error).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "sandbox: SANDBOX_CLIENTS: is missing\n",
    });
  });
});
