import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveVkAccounts, type VkSandbox, type VkServeOptions } from "../../../../sandbox/vk-ads/sandbox";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import { accessToken, call, fill, idAndSecret, newPair } from "./support";

const TOKEN = "/api/v2/oauth2/token.json";
const DELETE = "/api/v2/oauth2/token/delete.json";
const USER = "/api/v3/user.json";
const store = new VkStore();
let sandbox: VkSandbox;
let clock: number;

async function start(options: Partial<VkServeOptions> = {}): Promise<void> {
  await sandbox?.close().catch(() => undefined);
  sandbox = await serveVkAccounts(store, { now: () => clock, ...options });
}

beforeEach(async () => {
  clock = Date.parse("2030-05-15T12:00:00+03:00");
  fill(store, 12);
  await start();
});
afterEach(() => sandbox.close());

const refresh = (refreshToken: unknown, secret = idAndSecret(sandbox)) =>
  call(sandbox, TOKEN, {
    form: { grant_type: "refresh_token", refresh_token: String(refreshToken), ...secret },
  });
const user = async (token: unknown) => {
  const { status, json } = await call(sandbox, USER, { token: String(token) });
  return [status, json["code"] ?? json["id"]];
};

describe("tokens", () => {
  it("are pairs that tell as text how long they live", async () => {
    const { status, json } = await newPair(sandbox);
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.stringMatching(/^[0-9a-f]{48}$/) as string,
      token_type: "bearer",
      scope: "read_ads",
      expires_in: "86400",
      refresh_token: expect.stringMatching(/^[0-9a-f]{48}$/) as string,
    });
    expect(sandbox.tokensIssued("1001")).toBe(1);
    expect(sandbox.tokensIssued("1002")).toBe(0);
  });

  it("show the account that they belong to", async () => {
    for (const [account, currency] of [
      ["1001", "RUB"],
      ["1002", "USD"],
    ] as const) {
      const { json } = await call(sandbox, USER, { token: await accessToken(sandbox, account) });
      expect(json).toMatchObject({ id: Number(account), currency });
    }
  });

  it("expire when their time is over, and live again after a refresh", async () => {
    await start({ expiresIn: 60 });
    const { json: pair } = await newPair(sandbox);
    expect(pair["expires_in"]).toBe("60");
    clock += 59_999;
    expect(await user(pair["access_token"])).toEqual([200, 1001]);
    clock += 1;
    expect(await user(pair["access_token"])).toEqual([401, "expired_token"]);
    const { json: fresh } = await refresh(pair["refresh_token"]);
    expect(fresh["refresh_token"]).toBe(pair["refresh_token"]);
    expect(await user(fresh["access_token"])).toEqual([200, 1001]);
    expect(await user(pair["access_token"])).toEqual([401, "revoked_token"]);
    expect(sandbox.tokensIssued("1001")).toBe(1);
  });

  it("are five per client at most, expired ones included", async () => {
    for (let number = 0; number < 5; number++) expect((await newPair(sandbox)).status).toBe(200);
    clock += 2 * 86_400_000;
    expect(await newPair(sandbox)).toMatchObject({ status: 403, json: { code: "token_limit_exceeded" } });
    expect((await newPair(sandbox, "1002")).status).toBe(200);
    expect(sandbox.tokensIssued("1001")).toBe(5);
  });

  it("are all deleted at once, which makes room for others", async () => {
    const pairs = [];
    for (let number = 0; number < 5; number++) pairs.push((await newPair(sandbox)).json);
    const other = await accessToken(sandbox, "1002");
    expect((await call(sandbox, DELETE, { form: idAndSecret(sandbox) })).status).toBe(204);
    for (const pair of pairs) {
      expect(await user(pair["access_token"])).toEqual([401, "revoked_token"]);
      expect(await refresh(pair["refresh_token"])).toMatchObject({
        status: 401,
        json: { code: "invalid_token" },
      });
    }
    expect(await user(other)).toEqual([200, 1002]);
    expect((await newPair(sandbox)).status).toBe(200);
    expect(sandbox.violations()).toEqual([]);
  });

  it("are refused to those who do not know the secret", async () => {
    const { client_id } = idAndSecret(sandbox);
    const wrong = { client_id, client_secret: "wrong" };
    const refused = { status: 401, json: { code: "invalid_client" } };
    const { json: pair } = await newPair(sandbox);
    const form = { grant_type: "client_credentials", ...wrong };
    expect(await call(sandbox, TOKEN, { form })).toMatchObject(refused);
    expect(await call(sandbox, TOKEN, { form: { ...form, client_id: "" } })).toMatchObject(refused);
    expect(await refresh(pair["refresh_token"], wrong)).toMatchObject(refused);
    expect(await refresh(pair["refresh_token"], idAndSecret(sandbox, "1002"))).toMatchObject(refused);
    expect(await call(sandbox, DELETE, { form: wrong })).toMatchObject(refused);
    expect(await user(pair["access_token"])).toEqual([200, 1001]);
    expect(sandbox.tokensIssued("1001")).toBe(1);
  });

  it("are granted in the known ways only, to forms only", async () => {
    const secret = idAndSecret(sandbox);
    const grants = { grant_type: "password", ...secret };
    const unsupported = { status: 400, json: { error: { code: "unsupported_grant_type" } } };
    expect(await call(sandbox, TOKEN, { form: grants })).toMatchObject(unsupported);
    const body = new URLSearchParams({ grant_type: "client_credentials", ...secret }).toString();
    expect(await call(sandbox, TOKEN, { method: "POST", body })).toMatchObject(unsupported);
  });

  it("are granted and deleted by POST only", async () => {
    const form = { grant_type: "client_credentials", ...idAndSecret(sandbox) };
    for (const path of [TOKEN, DELETE]) {
      expect((await call(sandbox, path, { method: "PUT", form })).status).toBe(405);
    }
    expect(sandbox.tokensIssued("1001")).toBe(0);
    expect(sandbox.violations()).toHaveLength(2);
  });

  it("that nobody issued are invalid", async () => {
    expect(await user("invented")).toEqual([401, "invalid_token"]);
    expect((await call(sandbox, USER)).json).toMatchObject({ code: "invalid_token" });
    const legacy = sandbox.clients[1]?.credential;
    expect(await user(legacy)).toEqual([401, "invalid_token"]);
    expect(await refresh("invented")).toMatchObject({ status: 401, json: { code: "invalid_token" } });
  });

  it("of an agency's client need its name, except for a refresh", async () => {
    await start({ clients: [{ credential: "agency:secret:client 7", account: "1002" }] });
    const secret = { client_id: "agency", client_secret: "secret" };
    const form = { grant_type: "agency_client_credentials", agency_client_name: "client 7", ...secret };
    const { json: pair } = await call(sandbox, TOKEN, { form });
    expect(await user(pair["access_token"])).toEqual([200, 1002]);
    for (const refused of [
      { ...form, agency_client_name: "client 8" },
      { ...form, grant_type: "client_credentials" },
    ]) {
      expect(await call(sandbox, TOKEN, { form: refused })).toMatchObject({
        status: 401,
        json: { code: "invalid_client" },
      });
    }
    const { json: fresh } = await refresh(pair["refresh_token"], secret);
    expect(await user(fresh["access_token"])).toEqual([200, 1002]);
    expect((await call(sandbox, DELETE, { form: secret })).status).toBe(204);
    expect(await user(fresh["access_token"])).toEqual([401, "revoked_token"]);
  });

  it("all expire by a fault, until they are refreshed", async () => {
    const { json: pair } = await newPair(sandbox);
    const other = await accessToken(sandbox, "1002");
    sandbox.faults.set({ kind: "expireTokens", account: "1001", skip: 1, times: 1 });
    expect(await user(pair["access_token"])).toEqual([200, 1001]);
    expect(await user(pair["access_token"])).toEqual([401, "expired_token"]);
    expect(await user(pair["access_token"])).toEqual([401, "expired_token"]);
    expect(await user(other)).toEqual([200, 1002]);
    const { json: fresh } = await refresh(pair["refresh_token"]);
    expect(await user(fresh["access_token"])).toEqual([200, 1001]);
  });
});

describe("what is recorded", () => {
  it("holds no token and no secret", async () => {
    const { json: pair } = await newPair(sandbox);
    const { json: fresh } = await refresh(pair["refresh_token"]);
    await user(fresh["access_token"]);
    const token = sandbox.clients[1]?.credential ?? "";
    await call(sandbox, "/method/ads.getFloodStats", { form: { access_token: token, account_id: "1001" } });
    await call(sandbox, `/method/ads.getFloodStats?access_token=${token}&v=5.199`, { form: {} });
    const recorded = JSON.stringify(
      sandbox.requests.map((request) => ({ ...request, body: request.body.toString() })),
    );
    const { client_id, client_secret } = idAndSecret(sandbox);
    const tokens = [pair, fresh].flatMap((each) => [each["access_token"], each["refresh_token"]]);
    for (const secret of [client_secret, token, ...tokens]) expect(recorded).not.toContain(secret);
    expect(sandbox.requests.map(({ body }) => body.toString())).toEqual([
      `grant_type=client_credentials&client_id=${client_id}&client_secret=[secret]`,
      `grant_type=refresh_token&refresh_token=[secret]&client_id=${client_id}&client_secret=[secret]`,
      "",
      "access_token=[secret]&account_id=1001",
      "",
    ]);
    expect(sandbox.requests.at(-1)).toMatchObject({
      query: "access_token=[secret]&v=5.199",
      violation: "a secret stands in the address",
    });
  });
});

describe("the sandbox's own pages", () => {
  it("are open to the credential of any client", async () => {
    const origin = { url: new URL(sandbox.url).origin };
    for (const { credential } of sandbox.clients) {
      const sent = { token: credential, method: "PUT", body: "[]" } as const;
      expect((await call(origin, "/__faults", sent)).status).toBe(200);
      expect((await call(origin, "/__requests", { token: credential })).status).toBe(200);
    }
    expect((await call(origin, "/__requests", { token: await accessToken(sandbox) })).status).toBe(403);
  });
});
