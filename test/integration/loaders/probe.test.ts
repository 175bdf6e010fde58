import { execFile } from "node:child_process";
import { createServer, type AddressInfo, type Server } from "node:net";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProbeReport } from "../../../loaders/pipeline/probe";
import { createOrderSchema } from "../../../loaders/qtickets/schemas";
import { PII_PATTERNS } from "../../../sandbox/qtickets/markers";
import { startSandbox, type Sandbox } from "../../../sandbox/qtickets/sandbox";
import { startVkSandbox, type VkSandbox } from "../../../sandbox/vk-ads/sandbox";
import type { LoaderTarget } from "../../../warehouse/target";
import { zakaz } from "../../unit/ops/support";
import { bundleLoader, ROOT, startLoader } from "./warehouse";

/**
 * The probe as a person runs it: program, image, command. Which answers are right is shown in test/unit/loaders/probe/.
 */
const TOKEN = "planted-token-of-a-live-probe";
const run = promisify(execFile);

let sandbox: Sandbox;
let vk: VkSandbox;
/** In the place of ClickHouse: a probe must not come here. */
let clickhouse: Server;
let connections = 0;
let folder: string;
let base: Record<string, string>;

beforeAll(async () => {
  await bundleLoader();
  folder = mkdtempSync(join(tmpdir(), "zt-probe-"));
  sandbox = await startSandbox({ ordersPerDay: 40, days: 30, token: TOKEN, select: "ignored" });
  vk = await startVkSandbox({ accounts: ["1001", "1002"] });
  clickhouse = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => clickhouse.listen(0, "127.0.0.1", resolve));
  base = {
    CLICKHOUSE_HOST: "127.0.0.1",
    CLICKHOUSE_PORT: String((clickhouse.address() as AddressInfo).port),
    CLICKHOUSE_PASSWORD: "planted-password",
    QUARANTINE_DIR: "/nonexistent/quarantine",
  };
});
afterAll(async () => {
  await sandbox?.close();
  await vk?.close();
  await new Promise((resolve) => clickhouse.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const qtickets = (more: Record<string, string> = {}) => ({
  ...base,
  QTICKETS_TOKEN: TOKEN,
  QTICKETS_BASE_URL: sandbox.url,
  QTICKETS_ALLOW_HTTP: "true",
  QTICKETS_RATE_PER_SECOND: "0",
  ...more,
});

function answersOf(stdout: string): Record<string, string>[] {
  const { parts } = JSON.parse(stdout) as ProbeReport;
  return parts.map(({ answers }) => Object.fromEntries(answers.map(({ id, answer }) => [id, answer])));
}

function expectNothingPersonal(...texts: string[]): void {
  const personal = [...PII_PATTERNS, /planted/, /@/];
  for (const text of texts) expect(personal.filter((pattern) => pattern.test(text))).toEqual([]);
}

describe("the program", () => {
  test("says how many requests it sends, prints its answers, ends with 0, and meets no ClickHouse", async () => {
    sandbox.requests.length = 0;
    const { code, stdout, stderr } = await startLoader(qtickets(), ["--probe", "--with-fixture"]).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      / INFO Probe of Qtickets: at most 20 requests that only read \(one after another\), nothing is written\n$/,
    );
    expect(answersOf(stdout)[0]).toMatchObject({
      "reach.answers": "yes",
      "reach.token": "yes",
      "filter.id": "yes",
      "page.size": "yes",
      "select.orders": "no",
    });
    const { requests, fixture } = JSON.parse(stdout) as ProbeReport;
    expect(requests).toEqual({ planned: 20, sent: 20 });
    expect(sandbox.requests).toHaveLength(20);
    expect(fixture).toMatchObject({ job: "qtickets_api", day: "2030-01-15", parts: [{ name: "Qtickets" }] });
    expect(sandbox.violations()).toEqual([]);
    expect(connections).toBe(0);
    expectNothingPersonal(stdout, stderr);
  });

  test("ends with 1 and one sentence when the token is refused", async () => {
    const settings = qtickets({ QTICKETS_TOKEN: "planted-wrong-token" });
    const { code, stdout, stderr } = await startLoader(settings, ["--probe"]).done;
    expect(code).toBe(1);
    expect(answersOf(stdout)[0]).toMatchObject({ "reach.answers": "yes", "reach.token": "no" });
    expect(stderr.trim().split("\n").at(-1)).toMatch(
      / ERROR Configuration or API error: QTickets \/orders refused the token or the permission \(HTTP 403, application\/json, 34 bytes\): check the token and its rights in the seller cabinet\.$/,
    );
    expect(JSON.parse(stdout)).not.toHaveProperty("fixture");
    expectNothingPersonal(stdout, stderr);
  });

  test.each([
    [["--probe", "--dry-run"], {}, "--probe asks the vendor: leave out --dry-run and DRY_RUN=true"],
    [["--probe"], { DRY_RUN: "true" }, "--probe asks the vendor: leave out --dry-run and DRY_RUN=true"],
    [["--with-fixture"], {}, "--with-fixture belongs to --probe"],
  ])("%j with %j is wrong usage", async (args, more, sentence) => {
    sandbox.requests.length = 0;
    const { code, stdout, stderr } = await startLoader(qtickets(more), args).done;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(sentence);
    expect(sandbox.requests).toEqual([]);
  });
});

describe("the command, with the image", () => {
  const image = `zt-probe-image:${process.pid}`;
  beforeAll(async () => {
    await run("docker", ["build", "-q", "-f", "loaders/Dockerfile", "-t", image, "."], {
      cwd: ROOT,
      env: { ...process.env, DOCKER_BUILDKIT: "0" },
    });
  });
  afterAll(() => run("docker", ["rmi", "-f", image]).catch(() => undefined));

  const target = (settings: Record<string, string>): string =>
    JSON.stringify({
      url: `http://127.0.0.1:${base["CLICKHOUSE_PORT"]}`,
      container: `zt-probe-${process.pid}`,
      network: "host",
      image,
      volumes: [],
      labels: [],
      settings,
    } satisfies LoaderTarget);

  test("prints the answers and writes a fixture that the loader reads", async () => {
    const file = join(folder, "qtickets.json");
    const input = target(qtickets());
    const { code, stdout, stderr } = await zakaz(["probe", "--target", "-", "--json", "--fixture", file], {
      input,
    });
    expect(code, stderr).toBe(0);
    expect(answersOf(stdout)[0]?.["reach.token"]).toBe("yes");
    expect(JSON.parse(stdout)).not.toHaveProperty("fixture");
    const fixture = readFileSync(file, "utf8");
    expectNothingPersonal(stdout, stderr, fixture);
    const { parts } = JSON.parse(fixture) as { parts: { answers: { newest: { data: unknown[] } } }[] };
    const schema = createOrderSchema(Date.parse("2030-01-16"), () => undefined);
    const read = parts[0]?.answers.newest.data.map((raw) => schema.safeParse(raw).success);
    expect(read).toEqual(Array(20).fill(true));
    expect(connections).toBe(0);
  });

  test("asks every account of VK Ads, and ends with 3 when one of them is refused", async () => {
    const [newer] = vk.clients;
    const [clientId = "", clientSecret = ""] = (newer?.credential ?? "").split(":");
    const accounts = [
      { account: "1001", clientId, clientSecret },
      { account: "1002", api: "legacy", accessToken: "planted-wrong-token" },
    ];
    const input = target({
      ...base,
      VK_ACCOUNTS: JSON.stringify(accounts),
      VK_BASE_URL: vk.url,
      VK_LEGACY_BASE_URL: vk.url,
      VK_ALLOW_HTTP: "true",
      VK_REQUEST_PAUSE_MS: "0",
      VK_TOKEN_DIR: "/tmp/tokens",
    });
    const file = join(folder, "vk.json");
    const { code, stdout, stderr } = await zakaz(["probe", "vk_ads", "--target", "-", "--fixture", file], {
      input,
    });
    expect(stderr).toContain(
      "Probe of VK Ads: at most 26 requests that only read (one after another, 0 ms apart)",
    );
    expect(stderr).toContain("refused the token or the permission");
    expect(stderr).toMatch(/zakaz: The probe ended with code 3; the last line of the loader says why\n$/);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^account 1001, v2:\nyes {5}reach\.answers {7}Does the API answer\? HTTP 200\n/);
    expect(stdout).toContain(
      "\nno      reach.token         Is the token taken? HTTP 200, code 5, JSON with error\n",
    );
    expect(existsSync(file)).toBe(true);
    expectNothingPersonal(stdout, stderr, readFileSync(file, "utf8"));
    expect((stdout + stderr).includes(clientSecret)).toBe(false);
    expect(vk.violations()).toEqual([]);
    expect(connections).toBe(0);
  });
});
