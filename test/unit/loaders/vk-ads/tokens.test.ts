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
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ApiError } from "../../../../loaders/core/api-error";
import { createLog } from "../../../../loaders/core/log";
import { isFinalAnywhere } from "../../../../loaders/vk-ads/client";
import { forgetTokens, TokenKeeper, type AskOptions } from "../../../../loaders/vk-ads/v2/tokens";
import { fakeClock } from "../fake-clock";
import { caught, openAdapter, START, startVendor, status, V2_ACCOUNT, type Answer } from "./vendor";

const MINUTE = 60_000;
const refusal = (httpStatus: number, code: string | null, transient = false) =>
  new ApiError(`VK Ads refused (HTTP ${httpStatus}).`, httpStatus, code, transient);

/** The vendor's tokens: a refresh ends the refresh token that it used, and five pairs are the most. */
class Vendor {
  asked: Record<string, string>[] = [];
  how: AskOptions[] = [];
  pairs = new Map<string, string>();
  issued = 0;
  life: unknown = "86400";
  /** Thrown instead of an answer. */
  failures: Error[] = [];
  private number = 0;

  ask = (form: Record<string, string>, how: AskOptions): Promise<unknown> => {
    this.asked.push(form);
    this.how.push(how);
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const used = form.refresh_token;
    if (used === undefined) {
      if (this.pairs.size >= 5) return Promise.reject(refusal(403, "token_limit_exceeded"));
      this.issued += 1;
    } else if (!this.pairs.delete(used)) {
      return Promise.reject(refusal(401, "invalid_token"));
    }
    const number = this.number++;
    this.pairs.set(`refresh-${number}`, `access-${number}`);
    return Promise.resolve({
      access_token: `access-${number}`,
      token_type: "bearer",
      expires_in: this.life,
      refresh_token: `refresh-${number}`,
    });
  };

  works(access: string): boolean {
    return [...this.pairs.values()].includes(access);
  }

  get grants(): string[] {
    return this.asked.map(({ grant_type }) => grant_type ?? "");
  }
}

let folder: string;
let vendor: Vendor;
let clock: ReturnType<typeof fakeClock>;
let lines: string[];
beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), "zt-vk-tokens-"));
  folder = join(parent, "tokens");
  vendor = new Vendor();
  clock = fakeClock(START);
  lines = [];
  onTestFinished(() => {
    rmSync(parent, { recursive: true, force: true });
  });
});

const log = createLog({ name: "t", level: "DEBUG", format: "text", write: (line) => lines.push(line) });
const keeper = (more = {}) =>
  new TokenKeeper({ account: { ...V2_ACCOUNT, ...more }, directory: folder, ask: vendor.ask, clock, log });
const file = () => join(folder, "1001.json");

describe("9: the kept pair", () => {
  test("lies in a file of mode 0600 in a folder of mode 0700, under a name without a secret, and nothing beside it", async () => {
    expect(await keeper().access()).toBe("access-0");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["1001.json"]);
    expect(readFileSync(file(), "utf8")).not.toContain(V2_ACCOUNT.clientSecret);
    expect(lines.join("")).not.toMatch(/access-|refresh-|secret-/);
  });

  test("is used by a second keeper, which asks for nothing", async () => {
    await keeper().access();
    expect(await keeper().access()).toBe("access-0");
    expect(vendor.grants).toEqual(["client_credentials"]);
  });

  test("is refreshed 10 minutes ahead and not earlier, also where expires_in is a number", async () => {
    for (const life of ["86400", 86_400]) {
      vendor.life = life;
      const one = keeper();
      const first = await one.access();
      await clock.sleep((86_400 - 600) * 1000 - 1);
      expect(await one.access()).toBe(first);
      await clock.sleep(1);
      expect(await one.access()).not.toBe(first);
      forgetTokens(folder, V2_ACCOUNT);
    }
    expect(vendor.grants).toEqual([
      "client_credentials",
      "refresh_token",
      "client_credentials",
      "refresh_token",
    ]);
  });

  test("of a short life is refreshed in its middle, not by every request", async () => {
    vendor.life = "60";
    const one = keeper();
    for (let request = 0; request < 10; request += 1) await one.access();
    expect(vendor.grants).toHaveLength(1);
    await clock.sleep(30_000);
    expect(await one.access()).toBe("access-1");
  });

  test.each([undefined, null, "soon", 0, -5, 1e300])("with expires_in %j is kept for a day", async (life) => {
    vendor.life = life;
    await keeper().access();
    await clock.sleep(23 * 60 * MINUTE);
    expect(await keeper().access()).toBe("access-0");
  });

  test("an answer to a refresh without a refresh token leaves the one that was used", async () => {
    await keeper().access();
    const one = new TokenKeeper({
      account: V2_ACCOUNT,
      directory: folder,
      ask: () => Promise.resolve({ access_token: "other", expires_in: "86400" }),
      clock,
      log,
    });
    await one.replace("access-0");
    expect(JSON.parse(readFileSync(file(), "utf8"))).toMatchObject({
      accessToken: "other",
      refreshToken: "refresh-0",
    });
  });

  test.each([{}, null, undefined, "text", { access_token: "" }])(
    "an answer of %j is no pair, and ends the account",
    async (given) => {
      const one = new TokenKeeper({
        account: V2_ACCOUNT,
        directory: folder,
        ask: () => Promise.resolve(given),
        clock,
        log,
      });
      const thrown = await caught(one.access());
      expect(thrown.message).toBe("VK Ads answered a request for tokens of account 1001 without tokens.");
      expect(isFinalAnywhere(thrown)).toBe(true);
      expect(existsSync(file())).toBe(false);
    },
  );

  test("the client of an agency is named", async () => {
    await keeper({ agencyClient: "shop" }).access();
    expect(vendor.asked[0]).toEqual({ grant_type: "agency_client_credentials", agency_client_name: "shop" });
  });

  test("of another client is not used", async () => {
    await keeper().access();
    expect(await keeper({ clientId: "other" }).access()).toBe("access-1");
    expect(await keeper({ clientId: "other", agencyClient: "shop" }).access()).toBe("access-2");
  });

  test("is refreshed at once with a new secret of its client: a wrong one shows, and loses nothing", async () => {
    await keeper().access();
    const wrong = refusal(401, "invalid_client");
    vendor.failures = [wrong];
    expect(await caught(keeper({ clientSecret: "wrong" }).access())).toBe(wrong);
    expect(await keeper().access()).toBe("access-0");
    const one = keeper({ clientSecret: "new" });
    expect([await one.access(), await one.access()]).toEqual(["access-1", "access-1"]);
    expect(vendor.grants).toEqual(["client_credentials", "refresh_token", "refresh_token"]);
  });
});

describe("9: a refresh", () => {
  test.each([
    [401, "invalid_token"],
    [401, "revoked_token"],
    [400, "invalid_grant"],
    [403, "access_denied"],
  ])("that is refused (%i %s) takes exactly one new pair, and is no error in the log", async (http, code) => {
    await keeper().access();
    await clock.sleep(86_400_000);
    const error = refusal(http, code);
    vendor.failures = [error];
    expect(await keeper().access()).toBe("access-1");
    expect(vendor.grants).toEqual(["client_credentials", "refresh_token", "client_credentials"]);
    expect(vendor.how[1]?.isMended?.(error)).toBe(true);
    expect(await keeper().access()).toBe("access-1");
    expect(vendor.issued).toBe(2);
  });

  test.each([
    ["a vendor that is down", refusal(503, null, true)],
    ["a limit", refusal(429, "rate_limit_exceeded", true)],
    ["HTML", refusal(200, null)],
    ["a wrong client", refusal(401, "invalid_client")],
    ["a proxy's 403", refusal(403, null)],
    ["a certificate", new ApiError("broke off", null, "CERT_HAS_EXPIRED", false)],
  ])("that fails for another reason (%s) loses nothing and takes no new pair", async (_name, failure) => {
    await keeper().access();
    const before = readFileSync(file(), "utf8");
    await clock.sleep(86_400_000);
    vendor.failures = [failure];
    expect(await caught(keeper().access())).toBe(failure);
    expect(readFileSync(file(), "utf8")).toBe(before);
    expect(vendor.issued).toBe(1);
    expect(await keeper().access()).toBe("access-1");
    expect(vendor.grants.at(-1)).toBe("refresh_token");
  });
});

test("9: five pairs elsewhere: one sentence, nothing deleted, nothing lost, and the account ends", async () => {
  await keeper().access();
  const before = readFileSync(file(), "utf8");
  for (let other = 0; other < 4; other += 1) await vendor.ask({ grant_type: "client_credentials" }, {});
  await clock.sleep(86_400_000);
  vendor.asked = [];
  vendor.failures = [refusal(401, "invalid_token")];
  const thrown = await caught(keeper().access());
  expect(thrown.message).toBe(
    "VK Ads gives account 1001 no further pair of tokens, as five are in use (HTTP 403, code token_limit_exceeded): bring back the kept pair, or, " +
      "if nobody else uses this client, remove them all with `npx zakaz load vk_ads -- --delete-tokens 1001`.",
  );
  expect(isFinalAnywhere(thrown)).toBe(true);
  expect(thrown).toMatchObject({ details: { status: 403, code: "token_limit_exceeded" } });
  expect(vendor.grants).toEqual(["refresh_token", "client_credentials"]);
  expect(readFileSync(file(), "utf8")).toBe(before);
});

test("9: over HTTP, 403 on the token request is one request, and no call of the address that deletes", async () => {
  const server = await startVendor({
    "/api/v2/oauth2/token.json": () => status(403, { code: "token_limit_exceeded", message: "x" }),
  });
  const { adapter, lines: said } = openAdapter(server.url, V2_ACCOUNT);
  expect((await caught(adapter.ads())).message).toContain("--delete-tokens 1001");
  expect(server.calls.map(({ path }) => path)).toEqual(["/api/v2/oauth2/token.json"]);
  expect(said.join("")).not.toContain("ERROR");
});

describe("9: a new pair is asked for again only after an answer that says no", () => {
  const cutOff: Answer = (response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"access_token":"a');
  const dropped: Answer = (response) => response.destroy();
  test.each([
    ["an answer that is cut off", cutOff, 1],
    ["a connection that breaks", dropped, 1],
    ["503", status(503, "down"), 4],
  ] as const)("%s: %i requests", async (_name, answer, requests) => {
    const server = await startVendor({ "/api/v2/oauth2/token.json": () => answer });
    await caught(openAdapter(server.url, V2_ACCOUNT).adapter.ads());
    expect(server.calls).toHaveLength(requests);
  });
});

describe("a folder that cannot be used ends the account before the vendor is asked", () => {
  const sentence = (code: string) =>
    `The tokens of VK Ads cannot be kept in ${folder} (${code}): give VK_TOKEN_DIR a folder that can be read and written and outlives the run.`;

  test("a file in its place", async () => {
    writeFileSync(folder, "");
    const thrown = await caught(keeper().access());
    expect(thrown.message).toBe(sentence("ENOTDIR"));
    expect(isFinalAnywhere(thrown)).toBe(true);
    expect(vendor.asked).toEqual([]);
  });

  test("something in the way of the file that is written, for a new pair and for a refresh", async () => {
    // As root there is no folder without the right to write.
    const inTheWay = `${file()}.${process.pid}.tmp`;
    mkdirSync(inTheWay, { recursive: true });
    expect((await caught(keeper().access())).message).toBe(sentence("EISDIR"));
    expect(vendor.asked).toEqual([]);
    rmSync(inTheWay, { recursive: true });
    await keeper().access();
    mkdirSync(inTheWay);
    await clock.sleep(86_400_000);
    expect((await caught(keeper().access())).message).toBe(sentence("EISDIR"));
    expect(vendor.grants).toEqual(["client_credentials"]);
  });

  test.each(["/proc/zakaz", "/proc/zakaz/tokens"])("%s", async (directory) => {
    const one = new TokenKeeper({ account: V2_ACCOUNT, directory, ask: vendor.ask, clock, log });
    expect((await caught(one.access())).message).toContain(`cannot be kept in ${directory} (ENOENT)`);
    expect(vendor.asked).toEqual([]);
  });

  test("a folder where the file should be", async () => {
    mkdirSync(file(), { recursive: true });
    expect((await caught(keeper().access())).message).toBe(sentence("EISDIR"));
    expect(vendor.asked).toEqual([]);
  });

  test.each(["", "{", '{"accessToken":""}', "[]", "null"])(
    "a file with %j in it is replaced",
    async (text) => {
      mkdirSync(folder);
      writeFileSync(file(), text);
      expect(await keeper().access()).toBe("access-0");
      expect(statSync(file()).mode & 0o777).toBe(0o600);
    },
  );
});

describe("two keepers on one folder", () => {
  test("what one refreshes the other uses, whether it is refused or about to refresh", async () => {
    const [a, b] = [keeper(), keeper()];
    expect([await a.access(), await b.access()]).toEqual(["access-0", "access-0"]);
    expect(await a.replace("access-0")).toBe("access-1");
    expect(await b.replace("access-0")).toBe("access-1");
    await clock.sleep(86_400_000);
    expect([await b.access(), await a.access()]).toEqual(["access-2", "access-2"]);
    expect(vendor.issued).toBe(1);
  });

  test("refreshes in any order never lose a working pair and never take another one", async () => {
    const keepers = [keeper(), keeper(), keeper()];
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const held: string[] = [];
    for (const one of keepers) held.push(await one.access());
    for (let step = 0; step < 100; step += 1) {
      const number = random(keepers.length);
      const one = keepers[number]!;
      if (random(3) === 0) await clock.sleep(random(90_000) * 1000);
      const token = random(2) === 0 ? await one.access() : await one.replace(held[number]!);
      held[number] = token;
      expect(vendor.works(token)).toBe(true);
    }
    expect(vendor.grants.length).toBeGreaterThan(20);
    expect([vendor.issued, vendor.pairs.size]).toEqual([1, 1]);
  });

  test("a refresh that comes too late goes on with the pair of the other", async () => {
    await keeper().access();
    const [a, b] = [keeper(), keeper()];
    // The vendor takes a's request first, and b's while a's answer is on its way.
    expect(await Promise.all([a.replace("access-0"), b.replace("access-0")])).toEqual([
      "access-1",
      "access-1",
    ]);
    expect(vendor.grants).toEqual(["client_credentials", "refresh_token", "refresh_token"]);
    expect(vendor.issued).toBe(1);
  });
});

describe("a run that is killed", () => {
  /** The answer came, and then the process was gone. */
  async function killAfterAnswer(): Promise<void> {
    const dying = new TokenKeeper({
      account: V2_ACCOUNT,
      directory: folder,
      ask: async (form, how) => {
        await vendor.ask(form, how);
        throw new Error("killed");
      },
      clock,
      log,
    });
    expect((await caught(dying.replace("access-0"))).message).toBe("killed");
  }

  test("between answer and write costs one pair, and the next run works", async () => {
    await keeper().access();
    await killAfterAnswer();
    const next = keeper();
    expect(await next.access()).toBe("access-0");
    const token = await next.replace("access-0");
    expect(vendor.works(token)).toBe(true);
    expect(vendor.issued).toBe(2);
  });

  test("leaves what it had begun to write, which harms nobody", async () => {
    await keeper().access();
    writeFileSync(`${file()}.${process.pid}.tmp`, '{"accessTok', { mode: 0o600 });
    expect(await keeper().access()).toBe("access-0");
    expect(await keeper().replace("access-0")).toBe("access-1");
    expect(readdirSync(folder)).toEqual(["1001.json"]);
  });
});

test("a token that the vendor took back stops the account, and the next run refreshes the pair", async () => {
  let isRevoked = true;
  const server = await startVendor({
    "/api/v2/oauth2/token.json": (_call, number) => ({
      access_token: `access-${number}`,
      refresh_token: "refresh",
      expires_in: "86400",
    }),
    "/api/v3/user.json": () => (isRevoked ? status(401, { code: "revoked_token" }) : { id: 1001 }),
    "/api/v2/ad_plans.json": () => ({ count: 0, items: [] }),
    "/api/v2/ad_groups.json": () => ({ count: 0, items: [] }),
    "/api/v2/banners.json": () => ({ count: 0, items: [] }),
  });
  const first = openAdapter(server.url, V2_ACCOUNT);
  expect(await caught(first.adapter.ads())).toMatchObject({ code: "revoked_token" });
  expect(server.calls).toHaveLength(2);
  isRevoked = false;
  const second = openAdapter(server.url, V2_ACCOUNT, { VK_TOKEN_DIR: first.folder });
  expect((await second.adapter.ads()).size).toBe(0);
  const grants = server.of("/api/v2/oauth2/token.json").map(({ form }) => form.get("grant_type"));
  expect(grants).toEqual(["client_credentials", "refresh_token"]);
});
