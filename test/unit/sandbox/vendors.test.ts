import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findClient, sha256, type Client } from "../../../sandbox/clients";
import type { FaultRule } from "../../../sandbox/faults";
import { bearerToken, json } from "../../../sandbox/http";
import { qtickets } from "../../../sandbox/qtickets/vendor";
import { startServer, type SandboxServer } from "../../../sandbox/server";
import { vendorsWithClients, type Vendor } from "../../../sandbox/vendor";
import { vendors } from "../../../sandbox/vendors";

/** As small as a vendor can be: every path answers with its own name, and reports may be asked for by POST. */
const tiny: Vendor = {
  name: "tiny",
  basePath: "/tiny/v2",
  createApi: ({ events }, clients) => ({
    admit: (request) => {
      const client = findClient(clients, bearerToken(request));
      return client === undefined ? { refusal: json(401, { tiny: "who are you?" }) } : { client };
    },
    headers: () => ({ server: "tiny", "content-language": "en" }),
    answer: ({ method, path, body }, faults) =>
      json(200, {
        method,
        path,
        body: body.toString(),
        events: faults.find("lyingTotal") ? 1_000_000 : events,
      }),
    violationOf: ({ method, path }) => (path === "/secrets" ? `${method} reads secrets` : undefined),
    errorAnswer: (_, status, body) => json(status, { tiny: `${status} as ${body}` }),
    summary: () => "nothing",
  }),
};

const clients = {
  qtickets: [{ sha256: sha256("token-of-qtickets") }],
  tiny: [
    { sha256: sha256("token-of-tiny"), account: "1" },
    { sha256: sha256("other-token-of-tiny"), account: "2" },
  ],
};
const data = { seed: 1, ordersPerDay: 5, days: 2, events: 4 };
let server: SandboxServer;

async function start(accepted: Record<string, Client[]>): Promise<void> {
  server = await startServer(vendorsWithClients([qtickets, tiny], accepted, data));
}

beforeEach(() => start(clients));
afterEach(() => server.close());

interface Call {
  token?: string;
  method?: "GET" | "POST" | "PUT";
  body?: string;
}

async function call(path: string, { token = "token-of-tiny", method = "GET", body }: Call = {}) {
  const response = await request(server.origin + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body ?? null,
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: await response.body.text(),
  };
}

const ofTiny = (path: string, more: Call = {}) => call(`/tiny/v2${path}`, more);
const ofQtickets = (path: string, more: Call = {}) =>
  call(`/api/rest/v1${path}`, { token: "token-of-qtickets", ...more });

describe("two vendors side by side", () => {
  it("answer below their base paths, with headers of their own", async () => {
    const tinyAnswer = await ofTiny("/reports?day=1", { method: "POST", body: "{}" });
    expect(tinyAnswer).toMatchObject({ status: 200, headers: { server: "tiny", "content-language": "en" } });
    expect(JSON.parse(tinyAnswer.body)).toEqual({ method: "POST", path: "/reports", body: "{}", events: 4 });
    const events = await ofQtickets("/events");
    expect(events).toMatchObject({ status: 200, headers: { server: "nginx", "x-cache-status": "MISS" } });
    expect(events.headers).not.toHaveProperty("content-language");
    expect(JSON.parse(events.body)).toMatchObject({ paging: { total: 4 } });
  });

  it("refuse each other's token, each in its own way", async () => {
    expect(await ofTiny("/reports", { token: "token-of-qtickets" })).toMatchObject({
      status: 401,
      headers: { server: "tiny" },
      body: '{"tiny":"who are you?"}',
    });
    expect(await ofQtickets("/orders", { token: "token-of-tiny" })).toMatchObject({
      status: 403,
      headers: { server: "nginx" },
      body: '{"error":"Forbidden","status":403}',
    });
  });

  it("are recorded together, each with violations of its own", async () => {
    await ofTiny("/reports", { method: "POST" });
    await ofTiny("/secrets");
    await ofQtickets("/orders", { method: "POST" });
    await ofQtickets("/clients");
    expect(server.requests).toHaveLength(4);
    expect(server.violations().map(({ path, violation }) => [path, violation])).toEqual([
      ["/tiny/v2/secrets", "GET reads secrets"],
      ["/api/rest/v1/orders", "POST would change data"],
      ["/api/rest/v1/clients", "personal data must not be read"],
    ]);
    expect(JSON.stringify(server.requests)).not.toContain("token-of");
  });

  it("are both in reach of the sandbox's own pages", async () => {
    for (const token of ["token-of-qtickets", "token-of-tiny", "other-token-of-tiny"]) {
      const put = await call("/__faults", { token, method: "PUT", body: '[{"kind":"drop","times":1}]' });
      expect(put.status).toBe(200);
      expect((await call("/__requests", { token })).status).toBe(200);
      expect((await call("/healthz", { token })).status).toBe(200);
    }
    expect((await call("/__requests", { token: "neither" })).status).toBe(403);
  });
});

describe("addresses below no vendor's base path", () => {
  it("are answered by the vendor of the token", async () => {
    expect(await call("/elsewhere", { token: "token-of-qtickets" })).toMatchObject({
      status: 404,
      headers: { server: "nginx", "content-type": "text/html; charset=UTF-8" },
    });
    expect(JSON.parse((await call("/tiny/v21/reports")).body)).toMatchObject({ path: "" });
  });

  it("do not exist without a known token, and anything but GET is a violation there", async () => {
    for (const method of ["GET", "POST"] as const) {
      expect(await call("/elsewhere", { token: "neither", method })).toMatchObject({
        status: 404,
        body: '{"error":"Not found","status":404}',
      });
    }
    expect(server.requests.map(({ method, status }) => [method, status])).toEqual([
      ["GET", 404],
      ["POST", 404],
    ]);
    expect(server.violations()).toMatchObject([{ violation: "POST would change data" }]);
  });
});

describe("a vendor without a client", () => {
  it("is not served", async () => {
    await server.close();
    await start({ qtickets: clients.qtickets });
    expect((await ofTiny("/reports")).status).toBe(404);
    expect((await ofTiny("/reports", { token: "token-of-qtickets" })).status).toBe(404);
    expect((await ofQtickets("/orders")).status).toBe(200);
    expect((await call("/__requests", { token: "token-of-tiny" })).status).toBe(403);
  });
});

describe("faults", () => {
  const statuses = async (rule: FaultRule, path = "/orders") => {
    server.faults.set(rule);
    return [(await ofQtickets(path)).status, (await ofTiny(path)).status];
  };

  it("strike every vendor, or the one they name", async () => {
    expect(await statuses({ kind: "status", status: 502 })).toEqual([502, 502]);
    expect(await statuses({ kind: "status", status: 502, vendor: "tiny" })).toEqual([200, 502]);
    expect(await statuses({ kind: "status", status: 502, vendor: "qtickets" })).toEqual([502, 200]);
    expect(await statuses({ kind: "status", status: 502, vendor: "other" })).toEqual([200, 200]);
  });

  it("match the route below the base path of either", async () => {
    expect(await statuses({ kind: "status", status: 502, route: "/orders" })).toEqual([502, 502]);
    expect(await statuses({ kind: "status", status: 502, route: "/orders", vendor: "tiny" })).toEqual([
      200, 502,
    ]);
    expect(await statuses({ kind: "status", status: 502, route: "/tiny/v2/orders" })).toEqual([200, 200]);
  });

  it("count requests of the vendor they name only", async () => {
    server.faults.set({ kind: "status", status: 502, vendor: "tiny", skip: 1, times: 1 });
    const answers = [];
    for (const of of [ofQtickets, ofTiny, ofQtickets, ofTiny, ofTiny]) {
      answers.push((await of("/orders")).status);
    }
    expect(answers).toEqual([200, 200, 200, 502, 200]);
  });

  it("strike one account, where they name one", async () => {
    server.faults.set({ kind: "status", status: 502, account: "2", skip: 1 });
    const answers = [];
    for (const token of ["token-of-tiny", "other-token-of-tiny"]) {
      for (let turn = 0; turn < 2; turn++) answers.push((await ofTiny("/orders", { token })).status);
    }
    expect(answers).toEqual([200, 200, 200, 502]);
    expect((await ofQtickets("/orders")).status).toBe(200);
  });

  it("are answered in the shape of the vendor", async () => {
    server.faults.set({ kind: "status", status: 429, retryAfterSeconds: 7 });
    expect(await ofTiny("/orders")).toMatchObject({
      status: 429,
      headers: { "retry-after": "7", server: "tiny" },
      body: '{"tiny":"429 as json"}',
    });
    expect((await ofQtickets("/orders")).body).toBe('{"error":"Too many requests","status":429}');
    server.faults.set({ kind: "lyingTotal", by: 5 });
    expect(JSON.parse((await ofTiny("/orders")).body)).toMatchObject({ events: 1_000_000 });
    expect(JSON.parse((await ofQtickets("/events")).body)).toMatchObject({ paging: { total: 9 } });
    server.faults.set({ kind: "empty" });
    expect((await ofTiny("/orders")).body).toBe("");
  });

  it("narrowed by a vendor go through the sandbox's own page and back", async () => {
    const body = '[{"kind":"drop","vendor":"tiny","route":"*","skip":0}]';
    expect((await call("/__faults", { method: "PUT", body })).status).toBe(200);
    expect(JSON.parse((await call("/__faults")).body)).toEqual(JSON.parse(body));
  });
});

describe("the list of vendors", () => {
  it("has names and base paths that cannot be mistaken for each other", () => {
    expect(new Set(vendors.map(({ name }) => name)).size).toBe(vendors.length);
    for (const { basePath } of vendors) {
      expect(basePath).toMatch(/^(?:\/[\w-]+)+$/);
      expect(basePath).not.toMatch(/^\/(?:__|healthz)/);
      const nested = vendors.filter((other) => `${other.basePath}/`.startsWith(`${basePath}/`));
      expect(nested.map((other) => other.basePath)).toEqual([basePath]);
    }
  });
});
