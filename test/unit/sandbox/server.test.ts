import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  startSandbox,
  type FaultRule,
  type Sandbox,
  type SandboxOptions,
} from "../../../sandbox/qtickets/sandbox";
import { NOON } from "./support";

let sandbox: Sandbox;

async function start(options: Partial<SandboxOptions> = {}): Promise<void> {
  await sandbox?.close().catch(() => undefined);
  sandbox = await startSandbox({ now: () => NOON, days: 5, ...options });
}

beforeEach(() => start());
afterEach(() => sandbox.close().catch(() => undefined));

interface Sent {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  token?: string;
  type?: string;
  text?: string;
  base?: string;
}

/** Sends a request as the loader does: a JSON body on GET. */
async function call(path: string, body?: object, sent: Sent = {}) {
  const response = await request((sent.base ?? sandbox.url) + path, {
    method: sent.method ?? "GET",
    headers: {
      authorization: `Bearer ${sent.token ?? sandbox.token}`,
      "content-type": sent.type ?? "application/json",
    },
    body: sent.text ?? (body === undefined ? null : JSON.stringify(body)),
  });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  return { status: response.statusCode, headers: response.headers, bytes };
}

async function get(path: string, body?: object, sent?: Sent) {
  const { status, bytes } = await call(path, body, sent);
  return { status, json: JSON.parse(bytes.toString()) as { data: { id: number }[]; paging: unknown } };
}

const root = () => new URL(sandbox.url).origin;
const showOf = (event: number) => sandbox.data.event(event)?.shows.at(-1)?.id ?? 0;
const UNKNOWN = { error: "Unknown error", status: 503, code: "UNKNOWN_ERROR", info: [] };

describe("requests", () => {
  it("arrive with their body and are recorded without the token", async () => {
    const body = { where: [{ column: "payed", value: 1 }], page: 2, perPage: 3 };
    await get("/orders?per_page=7&payed=1", body);
    expect(sandbox.requests).toEqual([
      {
        method: "GET",
        path: "/api/rest/v1/orders",
        query: "per_page=7&payed=1",
        headers: expect.objectContaining({
          authorization: "Bearer [token]",
          "content-type": "application/json",
        }) as object,
        body: Buffer.from(JSON.stringify(body)),
        status: 200,
      },
    ]);
    expect(JSON.stringify(sandbox.requests)).not.toContain(sandbox.token);
  });

  it("need the token", async () => {
    for (const token of ["wrong", "", sandbox.token.slice(1)]) {
      expect(await get("/orders", {}, { token })).toEqual({
        status: 403,
        json: { error: "Forbidden", status: 403 },
      });
    }
    expect(sandbox.requests.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it("ignore the query string and a body that is not declared as JSON", async () => {
    const body = { page: 2, perPage: 3 };
    const usual = { perPage: 50, currentPage: 1, total: 203 };
    expect((await get("/orders?page=2&perPage=3", undefined)).json.paging).toEqual(usual);
    expect((await get("/orders", body, { type: "text/plain" })).json.paging).toEqual(usual);
    expect((await get("/orders", body, { type: "application/json; charset=utf-8" })).json.paging).toEqual({
      perPage: 3,
      currentPage: 2,
      total: 203,
    });
  });

  it("are answered with the vendor's headers", async () => {
    const { headers, bytes } = await call("/orders");
    expect(headers).toMatchObject({
      server: "nginx",
      "cache-control": "no-cache, private",
      "content-type": "application/json",
      "content-length": String(bytes.length),
    });
  });

  it("may change the data between two pages", async () => {
    await start({
      onRequest: ({ body }) => {
        if (body.toString().includes('"page":2')) sandbox.data.addOrder();
      },
    });
    const first = await get("/orders", { page: 1, perPage: 200 });
    const second = await get("/orders", { page: 2, perPage: 200 });
    expect(first.json.paging).toMatchObject({ total: 203 });
    expect(second.json.paging).toMatchObject({ total: 204 });
    expect(second.json.data).toHaveLength(4);
  });
});

describe("lists", () => {
  it.each([
    ["/orders", 50, 203],
    ["/events", 10, 12],
    ["/discounts", 100, 3],
    ["/promo-codes", 500, 3],
  ])("%s has pages of %i", async (path, perPage, total) => {
    const { status, json } = await get(path);
    expect(status).toBe(200);
    expect(json.paging).toEqual({ perPage, currentPage: 1, total });
    expect(json.data).toHaveLength(Math.min(perPage, total));
  });

  it("give every order once, oldest first, and nothing behind the last page", async () => {
    const ids: number[] = [];
    for (let page = 1; page <= 5; page++) {
      const { json } = await get("/orders", { page, orderBy: { id: "asc" } });
      ids.push(...json.data.map(({ id }) => id));
    }
    expect(ids).toHaveLength(203);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    expect((await get("/orders", { page: 6 })).json).toEqual({
      data: [],
      paging: { perPage: 50, currentPage: 6, total: 203 },
    });
  });

  it("filter, sort and select", async () => {
    const { json } = await get("/orders", {
      select: ["id", "payed_at", "baskets.price"],
      where: [
        { column: "payed", value: 1 },
        { column: "payed_at", operator: ">=", value: "2030-05-15T00:00:00+03:00" },
      ],
      orderBy: { id: "desc" },
    });
    expect(json.data.map((order) => Object.keys(order))).toEqual(
      Array(3).fill(["id", "payed_at", "baskets"]),
    );
    expect(json.data.map((order) => "payed_at" in order && order.payed_at)).toEqual([
      "2030-05-15T00:00:24+03:00",
      "2030-05-15T00:00:19+03:00",
      "2030-05-15T00:00:00+03:00",
    ]);
    expect(json.paging).toEqual({ perPage: 50, currentPage: 1, total: 3 });
  });

  it("filter by what only whole orders hold as well", async () => {
    const { id, baskets } = sandbox.data.orders().at(0);
    const where = [{ column: "baskets.barcode", value: baskets[0]?.barcode }];
    const { json } = await get("/orders", { where, orderBy: { payed_at: "desc" } });
    expect(json.data.map((order) => order.id)).toEqual([id]);
    expect(json.paging).toEqual({ perPage: 50, currentPage: 1, total: 1 });
  });

  it("sort by any column, also descending ids", async () => {
    const top = async (orderBy: object) => (await get("/orders", { orderBy, perPage: 1 })).json.data[0];
    const orders = Array.from({ length: 203 }, (_, index) => sandbox.data.orders().at(index));
    const dearest = Math.max(...orders.map(({ price }) => price));
    expect(await top({ price: "desc" })).toMatchObject({ price: dearest });
    expect(await top({ id: "desc" })).toMatchObject({ id: orders.at(-1)?.id });
  });

  it("keep an event's columns when its shows and city are gone", async () => {
    sandbox.data.updateEvent(5001, { shows: [], city: null });
    const { status, json } = await get("/events", { select: ["id", "city.name", "shows.id"], perPage: 1 });
    expect(status).toBe(200);
    expect(json.data).toEqual([{ id: 5001, city: null, shows: [] }]);
  });

  it("show a change by its new updated_at at once", async () => {
    const where = [{ column: "updated_at", operator: ">=", value: "2030-05-15T11:00:00+03:00" }];
    expect((await get("/orders", { where })).json.data).toEqual([]);
    const { id } = sandbox.data.orders().at(7);
    sandbox.data.updateOrder(id, { deleted_at: null });
    expect((await get("/orders", { where })).json.data.map((order) => order.id)).toEqual([id]);
  });

  it.each([
    ["unknown column", { where: [{ column: "paid", value: 1 }] }],
    ["unknown operator", { where: [{ column: "id", operator: "like", value: 1 }] }],
    ["unknown field", { select: ["currency"] }],
    ["unknown order", { orderBy: { amount: "asc" } }],
    ["text for a list", { where: "[]" }],
    ["page zero", { page: 0 }],
  ])("answer 503 to an %s, or 422 where that is set", async (_, body) => {
    expect(await get("/orders", body)).toEqual({ status: 503, json: UNKNOWN });
    await start({ malformed: 422 });
    const { status, json } = await get("/orders", body);
    expect(status).toBe(422);
    expect(json).toEqual({
      error: expect.any(String) as string,
      status: 422,
      code: "VALIDATION_ERROR",
      info: [],
    });
  });

  it("answer 503 to a body that is not JSON", async () => {
    expect(await get("/orders", undefined, { text: "{" })).toEqual({ status: 503, json: UNKNOWN });
  });

  it("have other habits when told so", async () => {
    const body = {
      perPage: 5,
      select: ["id"],
      where: [{ column: "updated_at", operator: ">", value: "2031-01-01" }],
    };
    expect((await get("/orders", body)).json.paging).toEqual({ perPage: 5, currentPage: 1, total: 0 });
    await start({ perPage: "ignored", updatedAtFilter: "ignored", select: "ignored" });
    const { json } = await get("/orders", body);
    expect(json.paging).toEqual({ perPage: 50, currentPage: 1, total: 203 });
    expect(Object.keys(json.data[0] ?? {})).toContain("client");
    await start({ updatedAtFilter: "refused", maxPerPage: 10 });
    expect((await get("/orders", body)).status).toBe(503);
    expect((await get("/orders", { perPage: 200 })).json.paging).toEqual({
      perPage: 10,
      currentPage: 1,
      total: 203,
    });
  });
});

describe("single objects and shows", () => {
  it("give an object or the API's 404", async () => {
    const order = sandbox.data.orders().at(0);
    expect((await get(`/orders/${order.id}`)).json.data).toEqual(order);
    expect((await get("/events/5001")).json.data).toEqual(sandbox.data.event(5001));
    const missing = (resource: string, id: number) => ({
      status: 404,
      json: {
        error: `Resource "${resource}" not found`,
        status: 404,
        code: "RESOURCE_NOT_FOUND",
        info: { id, resource },
      },
    });
    expect(await get("/orders/1")).toEqual(missing("Order", 1));
    expect(await get("/orders/abc")).toEqual(missing("Order", 0));
    expect(await get("/events/1")).toEqual(missing("Event", 1));
    expect(await get("/shows/5001/seats")).toEqual(missing("Show", 5001));
  });

  it("give seats as a map of the selected fields", async () => {
    const select = ["root_id", "max_quantity", "free_quantity", "spread.agents"];
    const where = [{ column: "root_zone_id", operator: "in", value: ["BALCONY"] }];
    const { json } = await get(`/shows/${showOf(5001)}/seats`, { select, where, flat: true });
    const seats = Object.entries(json.data);
    expect(seats).toHaveLength(60);
    expect(seats[0]).toEqual([
      "full_BALCONY-1;1",
      {
        root_id: "BALCONY-1;1",
        max_quantity: 1,
        free_quantity: expect.any(Number) as number,
        spread: { agents: false },
      },
    ]);
  });

  it("give zones without counters when nothing is selected", async () => {
    const { json } = await get(`/shows/${showOf(5003)}/seats`);
    expect(json.data).toMatchObject({
      full_DANCE_FLOOR: {
        zone_id: "full_DANCE_FLOOR",
        seats: { "1;1": { seat_id: "full_DANCE_FLOOR-1;1", admission: true } },
      },
    });
  });

  it("give no counters, or an empty list, for shows that do not count", async () => {
    const select = ["id", "max_quantity"];
    const answers = [];
    for (const { id } of sandbox.data.event(5006)?.shows ?? []) {
      const { json } = await get(`/shows/${id}/seats`, { select, flat: true });
      answers.push(Array.isArray(json.data) ? json.data : Object.values(json.data)[0]);
    }
    expect(answers).toContainEqual([]);
    expect(answers).toContainEqual({ id: "full_PARTERRE-1;1" });
  });

  it("give one barcode per valid ticket, as a bare list", async () => {
    const show = sandbox.data.orders().at(0).baskets[0]?.show_id ?? 0;
    const { json } = await get(`/shows/${show}/barcodes`, { select: ["price", "seat_name"] });
    let valid = 0;
    for (let index = 0; index < sandbox.data.orders().length; index++) {
      const order = sandbox.data.orders().at(index);
      if (order.payed_at === null || order.deleted_at !== null) continue;
      valid += order.baskets.filter(
        (basket) => basket.show_id === show && basket.barcode !== null && basket.refunded_at === null,
      ).length;
    }
    expect(valid).toBeGreaterThan(0);
    expect(json).toHaveLength(valid);
    expect(Object.keys((json as unknown as object[])[0] ?? {})).toEqual(["price", "seat_name"]);
  });

  it("lists the price shades in the vendor's order", async () => {
    const { json } = await get("/color-themes");
    expect(json.data.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 15, 9, 10, 11, 12, 13, 14]);
  });

  it.each(["/orders/filter/x", "/events/5001/seats", "/barcodes", "/inventory", "/../../nothing"])(
    "has no route %s: a page of HTML",
    async (path) => {
      const { status, headers, bytes } = await call(path);
      expect([status, headers["content-type"]]).toEqual([404, "text/html; charset=UTF-8"]);
      expect(bytes.length).toBeGreaterThan(12_000);
      expect(bytes.length).toBeLessThan(14_000);
    },
  );
});

describe("violations", () => {
  it.each([
    ["POST", "/orders"],
    ["PUT", "/events/5001"],
    ["DELETE", "/orders/1/baskets"],
    ["POST", "/shows/1/barcodes"],
  ] as const)("records %s %s, refuses it and changes nothing", async (method, path) => {
    const { revision } = sandbox.data;
    expect(await get(path, {}, { method })).toEqual({ status: 503, json: UNKNOWN });
    expect(sandbox.violations()).toMatchObject([{ method, violation: `${method} would change data` }]);
    expect(sandbox.data.revision).toBe(revision);
  });

  it("records reading of personal data", async () => {
    for (const path of ["/clients", "/clients/1", "/baskets", "/shows/1/barcode/87"]) await call(path);
    expect(sandbox.violations().map(({ path, status }) => [path, status])).toEqual([
      ["/api/rest/v1/clients", 200],
      ["/api/rest/v1/clients/1", 404],
      ["/api/rest/v1/baskets", 200],
      ["/api/rest/v1/shows/1/barcode/87", 404],
    ]);
  });

  it("records them under a fault and with a wrong token too, and nothing else", async () => {
    sandbox.faults.set({ kind: "status", status: 503 });
    await call("/orders", {}, { method: "POST" });
    await call("/clients", {}, { token: "wrong" });
    await call("/orders");
    expect(sandbox.violations()).toHaveLength(2);
  });
});

describe("faults", () => {
  const orders = (page = 1) => call("/orders", { page, perPage: 10, where: [{ column: "payed", value: 1 }] });
  const body = async (page?: number) => JSON.parse((await orders(page)).bytes.toString()) as unknown;
  const fault = (...rules: FaultRule[]) => sandbox.faults.set(...rules);

  it.each([400, 403, 404, 422, 429, 500, 502, 503, 504])("answer %i as JSON or HTML", async (status) => {
    fault({ kind: "status", status, times: 1 });
    const first = await orders();
    expect(first.status).toBe(status);
    expect(JSON.parse(first.bytes.toString())).toMatchObject({ status });
    fault({ kind: "status", status, body: "html" });
    const second = await orders();
    expect([second.status, second.headers["content-type"]]).toEqual([status, "text/html; charset=UTF-8"]);
  });

  it("send Retry-After in both forms", async () => {
    fault({ kind: "status", status: 429, retryAfterSeconds: 7, times: 1 });
    expect((await orders()).headers["retry-after"]).toBe("7");
    fault({ kind: "status", status: 429, retryAfterSeconds: 60, retryAfterForm: "date" });
    const retryAt = Date.parse(String((await orders()).headers["retry-after"]));
    expect(Math.abs(retryAt - Date.now() - 60_000)).toBeLessThan(5000);
  });

  it("wait", async () => {
    fault({ kind: "delay", ms: 60 });
    const begin = performance.now();
    expect((await orders()).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThan(55);
  });

  it("drop the connection", async () => {
    fault({ kind: "drop", times: 1 });
    await expect(orders()).rejects.toThrow(/ECONNRESET|other side closed/);
    expect((await orders()).status).toBe(200);
    expect(sandbox.requests.map(({ status }) => status)).toEqual([undefined, 200]);
  });

  it("cut the body short of its announced length", async () => {
    fault({ kind: "truncated" });
    await expect(orders()).rejects.toThrow(/terminated|closed|aborted/i);
  });

  it("send the body slowly, and stop when the client leaves", async () => {
    const whole = (await call("/orders/1")).bytes;
    fault({ kind: "drip", chunkBytes: 30, everyMs: 10 });
    const begin = performance.now();
    expect((await call("/orders/1")).bytes).toEqual(whole);
    expect(performance.now() - begin).toBeGreaterThan(30);
    fault({ kind: "drip", chunkBytes: 1, everyMs: 1000 });
    const response = await request(`${sandbox.url}/orders`, {
      headers: { authorization: `Bearer ${sandbox.token}` },
    });
    response.body.on("error", () => undefined).destroy();
  });

  it("send JSON that ends in the middle, with a true length", async () => {
    const whole = (await orders()).bytes;
    fault({ kind: "brokenJson" });
    const { status, headers, bytes } = await orders();
    expect([status, headers["content-length"]]).toEqual([200, String(bytes.length)]);
    expect(bytes.length).toBeLessThan(whole.length);
    expect(() => JSON.parse(bytes.toString()) as unknown).toThrow();
  });

  it("answer 200 with HTML, with nothing, with an error object", async () => {
    fault({ kind: "html" });
    expect(await orders()).toMatchObject({
      status: 200,
      headers: { "content-type": "text/html; charset=UTF-8" },
    });
    fault({ kind: "empty" });
    expect(await orders()).toMatchObject({ status: 200, bytes: Buffer.alloc(0) });
    fault({ kind: "statusError" });
    expect(await body()).toEqual({
      status: "error",
      code: "WRONG_AUTHORIZATION",
      message: "Wrong authorization",
    });
  });

  it("repeat the first page for ever, with a huge total", async () => {
    const first = (await body(1)) as { data: unknown; paging: { total: number } };
    fault({ kind: "repeatedPage" }, { kind: "lyingTotal", by: 100_000 });
    expect(await body(3)).toEqual({
      data: first.data,
      paging: { perPage: 10, currentPage: 3, total: first.paging.total + 100_000 },
    });
  });

  it("number the page wrongly, leave out paging, send the bare rows", async () => {
    const second = (await body(2)) as { data: unknown; paging: { total: number } };
    fault({ kind: "wrongCurrentPage" });
    expect(await body(2)).toEqual({ ...second, paging: { ...second.paging, currentPage: 3 } });
    fault({ kind: "missingPaging" });
    expect(await body(2)).toEqual({ data: second.data });
    fault({ kind: "bareArray" });
    expect(await body(2)).toEqual(second.data);
  });

  it("ignore filters and page size", async () => {
    fault({ kind: "filtersIgnored" });
    expect(await body()).toMatchObject({ paging: { perPage: 10, total: 203 } });
    fault({ kind: "pageSizeIgnored" });
    expect(await body()).toMatchObject({ paging: { perPage: 50 } });
  });

  it("send the client elsewhere", async () => {
    fault({ kind: "redirect", to: "http://elsewhere.example.test/orders" });
    expect(await orders()).toMatchObject({
      status: 302,
      headers: { location: "http://elsewhere.example.test/orders" },
    });
  });

  it("compress, send in chunks, mark the byte order, break the encoding", async () => {
    const whole = (await orders()).bytes;
    fault({ kind: "gzip" });
    const zipped = await orders();
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(zipped.bytes)).toEqual(whole);
    fault({ kind: "chunked" });
    const chunked = await orders();
    expect(chunked.headers).toMatchObject({ "transfer-encoding": "chunked" });
    expect(chunked.bytes).toEqual(whole);
    fault({ kind: "bom" });
    expect((await orders()).bytes).toEqual(Buffer.concat([Buffer.from("\ufeff"), whole]));
    fault({ kind: "invalidUtf8" });
    const { bytes } = await orders();
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).toThrow();
  });
});

describe("the sandbox's own pages", () => {
  it("answer /healthz without a token and record nothing", async () => {
    const { status, bytes } = await call("/healthz", undefined, { base: root(), token: "wrong" });
    expect([status, bytes.toString()]).toEqual([200, '{"status":"ok"}']);
    expect(sandbox.requests).toEqual([]);
  });

  it("switch faults, with the token only", async () => {
    const put = (text: string, token = sandbox.token) =>
      call("/__faults", undefined, { base: root(), method: "PUT", text, token });
    expect((await put('[{"kind":"drop"}]', "wrong")).status).toBe(403);
    expect(sandbox.faults.list()).toEqual([]);
    const { status, bytes } = await put('[{"kind":"delay","ms":1,"route":"/orders","times":2}]');
    expect([status, JSON.parse(bytes.toString())]).toEqual([200, sandbox.faults.list()]);
    expect(sandbox.faults.list()).toEqual([{ kind: "delay", ms: 1, route: "/orders", times: 2, skip: 0 }]);
    const refused = await put('[{"kind":"drop","times":0}]');
    expect([refused.status, refused.bytes.toString()]).toEqual([
      400,
      '{"error":"Fault rule 0.times: Too small: expected number to be >=1"}',
    ]);
    expect(sandbox.faults.list()).toHaveLength(1);
    expect((await put("[]")).bytes.toString()).toBe("[]");
    expect((await call("/__other", undefined, { base: root() })).status).toBe(404);
  });

  it("tell what was asked for", async () => {
    await call("/orders", { page: 1 });
    await call("/clients");
    const { bytes } = await call("/__requests", undefined, { base: root() });
    expect(JSON.parse(bytes.toString())).toMatchObject([
      { method: "GET", path: "/api/rest/v1/orders", body: '{"page":1}', status: 200 },
      { path: "/api/rest/v1/clients", violation: "personal data must not be read" },
    ]);
  });
});

describe("starting and closing", () => {
  it("accepts a token of which it knows the hash only", async () => {
    // SHA-256 of "secret".
    await start({ tokenSha256: "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" });
    expect(sandbox.token).toBe("");
    expect((await get("/orders", {}, { token: "secret" })).status).toBe(200);
    expect((await get("/orders", {}, { token: "other" })).status).toBe(403);
  });

  it("gives up its port at once, also with a connection open", async () => {
    const { port } = new URL(sandbox.url);
    const socket = connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await sandbox.close();
    await closed;
    await expect(call("/orders")).rejects.toThrow("ECONNREFUSED");
  });

  it("says that a port is taken", async () => {
    const port = Number(new URL(sandbox.url).port);
    await expect(startSandbox({ port })).rejects.toThrow("EADDRINUSE");
  });
});
