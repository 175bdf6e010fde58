import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { StoppedError } from "../../../loaders/core/errors";
import { ApiError } from "../../../loaders/core/api-error";
import { createHttpClient, type HttpClient, type HttpOptions } from "../../../loaders/core/http";
import { createLog } from "../../../loaders/core/log";
import { listClient, READ_ONLY_PATHS, readFault } from "../../../loaders/qtickets/api";
import { fakeClock } from "./fake-clock";

const TOKEN = "very-secret-token";
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Received {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A server that gives the answers in turn (the last one for ever), and a client for it. Its waits take no time. */
async function setUp(answers: Answer[], options: Partial<HttpOptions> = {}) {
  const received: Received[] = [];
  const lines: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      (answers[Math.min(received.length, answers.length) - 1] as Answer)(response, request);
    });
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const clock = fakeClock(Date.now());
  const http: HttpClient = createHttpClient({
    apiName: "QTickets",
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    headers: { authorization: `Bearer ${TOKEN}` },
    readFault,
    refusedHint: "check the token and its rights in the seller cabinet.",
    allow: READ_ONLY_PATHS,
    requestTimeoutMs: 5000,
    deadline: clock.now() + 600_000,
    signal: new AbortController().signal,
    ratePerSecond: 0,
    clock,
    log: createLog({ name: "t", level: "DEBUG", format: "text", write: (line) => lines.push(line) }),
    ...options,
  });
  closers.push(async () => {
    await http.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const client = { ...listClient(http), requests: () => http.requests };
  return { client, received, lines, clock, connections: () => connections };
}

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
const raw =
  (body: Buffer | string, type = "application/json", headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(200, { "content-type": type, ...headers }).end(body);
const caught = (promise: Promise<unknown>) =>
  promise.then(() => undefined).catch((error: unknown) => error as Error);

test("a request is a GET with the filters in its JSON body and the token in its header", async () => {
  const { client, received } = await setUp([json({ data: [] })]);
  expect(await client.get("/orders", { where: [{ column: "payed", value: 1 }] })).toEqual({ data: [] });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    method: "GET",
    url: "/v1/orders",
    body: '{"where":[{"column":"payed","value":1}]}',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      accept: "application/json",
      "cache-control": "no-cache",
      "content-length": "40",
    },
  });
  expect(client.requests()).toBe(1);
});

describe("the list of paths that may be asked for", () => {
  test.each([
    "/orders",
    "/orders/12",
    "/events",
    "/events/5",
    "/shows/60/seats",
    "/shows/60/barcodes",
    "/discounts",
    "/promo-codes",
    "/color-themes",
  ])("%s is on it", (path) => {
    expect(READ_ONLY_PATHS.some((pattern) => pattern.test(path))).toBe(true);
  });

  test.each([
    "/clients",
    "/clients/1",
    "/baskets",
    "/orders/1/restore",
    "/orders/1/baskets",
    "/orders/abc",
    "/orders?x=1",
    "/orders/../clients",
    "/shows/1/barcode/870000000001",
    "/shows/1/barcodes/870000000001",
    "/discounts/1",
    "/color-themes/",
    "/shows/x/seats",
    "//evil.test/orders",
    "/orders\n/clients",
  ])("%j is not, and opens no connection", async (path) => {
    const { client, connections } = await setUp([json({})]);
    await expect(client.get(path, {})).rejects.toThrow("not on the list of paths that may be asked for");
    expect(connections()).toBe(0);
    expect(client.requests()).toBe(0);
  });
});

describe("tried again", () => {
  test.each([408, 425, 429, 500, 502, 503, 504])("HTTP %i, then fine", async (status) => {
    const { client, received, lines, clock } = await setUp([
      json({ error: "x", status }, status),
      json({ ok: 1 }),
    ]);
    expect(await client.get("/orders", {})).toEqual({ ok: 1 });
    expect(received.map(({ method }) => method)).toEqual(["GET", "GET"]);
    expect(clock.slept).toEqual([1000]);
    expect(lines.join("")).toContain("Transient QTickets API error, backing off");
  });

  test("Retry-After is obeyed in both forms", async () => {
    const { client, clock } = await setUp([
      json({}, 429, { "retry-after": "7" }),
      (response) =>
        json({}, 503, { "retry-after": new Date(clock.now() + 42_000).toUTCString() })(
          response,
          {} as IncomingMessage,
        ),
      json({ ok: 1 }),
    ]);
    await client.get("/orders", {});
    expect(clock.slept[0]).toBe(7000);
    expect(clock.slept[1]).toBeGreaterThan(40_000);
    expect(clock.slept[1]).toBeLessThanOrEqual(42_000);
  });

  test("an absurd Retry-After ends the run instead", async () => {
    const { client, clock, received } = await setUp([json({}, 429, { "retry-after": "86400" })]);
    expect(await caught(client.get("/orders", {}))).toMatchObject({ name: "ExpectedError" });
    expect(clock.slept).toEqual([]);
    expect(received).toHaveLength(1);
  });

  test("a dropped connection, a cut-off body and cut-off JSON", async () => {
    const { client, received } = await setUp([
      (response) => response.destroy(),
      (response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
        response.write('{"data":');
        setTimeout(() => response.destroy(), 5);
      },
      raw('{"data":[{"id"'),
      raw(gzipSync('{"ok":1}').subarray(0, 12), "application/json", { "content-encoding": "gzip" }),
      json({ ok: 1 }),
    ]);
    expect(await client.get("/orders", {})).toEqual({ ok: 1 });
    expect(received).toHaveLength(5);
  });

  test("a permanent 503 ends after five tries with status and code", async () => {
    const body = { error: "Unknown error", status: 503, code: "UNKNOWN_ERROR", info: [] };
    const { client, received } = await setUp([json(body, 503)]);
    const error = (await caught(client.get("/orders", {}))) as ApiError;
    expect(error.details).toEqual({ status: 503, code: "UNKNOWN_ERROR", request_id: null });
    expect(received).toHaveLength(5);
    expect(new Set(received.map(({ method }) => method))).toEqual(new Set(["GET"]));
  });
});

describe("final at once", () => {
  test.each([400, 401, 403, 404, 405, 409, 422])("HTTP %i", async (status) => {
    const { client, received } = await setUp([json({ error: "private text", status }, status)]);
    const error = (await caught(client.get("/orders", {}))) as ApiError;
    expect(error.status).toBe(status);
    expect(error.message).not.toContain("private text");
    expect(received).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 410])("HTTP %i, also when it says Retry-After", async (status) => {
    const { client, received, clock } = await setUp([json({}, status, { "retry-after": "1" })]);
    expect(await caught(client.get("/orders", {}))).toBeInstanceOf(ApiError);
    expect(received).toHaveLength(1);
    expect(clock.slept).toEqual([]);
  });

  test("403 speaks of the token without showing it", async () => {
    const { client, lines } = await setUp([json({ error: TOKEN, status: 403 }, 403)]);
    const error = await caught(client.get("/orders", {}));
    expect(error?.message).toBe(
      `QTickets /orders refused the token or the permission (HTTP 403, application/json, ${JSON.stringify({ error: TOKEN, status: 403 }).length} bytes): check the token and its rights in the seller cabinet.`,
    );
    expect(lines.join("") + String(error?.stack)).not.toContain(TOKEN);
  });

  test("a redirect is not followed", async () => {
    const { client, received } = await setUp([
      (response) => response.writeHead(302, { location: "/v1/events" }).end(),
    ]);
    expect((await caught(client.get("/orders", {})))?.message).toContain("redirects");
    expect(received).toHaveLength(1);
  });

  test.each([
    [
      "an HTML page",
      raw("<html>secret page</html>", "text/html"),
      "is not JSON (HTTP 200, text/html, 24 bytes)",
    ],
    ["an empty body", raw(""), "empty body"],
  ])("200 with %s", async (_name, answer, message) => {
    const { client, received } = await setUp([answer]);
    const error = await caught(client.get("/orders", {}));
    expect(error?.message).toContain(message);
    expect(error?.message).not.toContain("secret page");
    expect(received).toHaveLength(1);
  });
});

describe("bodies", () => {
  test.each([
    ["compressed", raw(gzipSync('{"ok":"да"}'), "application/json", { "content-encoding": "gzip" })],
    ["with a byte order mark", raw('\uFEFF{"ok":"да"}')],
    [
      "chunked",
      (response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"ok":');
        response.end('"да"}');
      },
    ],
  ])("%s", async (_name, answer) => {
    const { client } = await setUp([answer]);
    expect(await client.get("/orders", {})).toEqual({ ok: "да" });
  });

  test("that are not UTF-8 are an error", async () => {
    const { client } = await setUp([raw(Buffer.from([0x22, 0xc3, 0x28, 0x22]))]);
    expect((await caught(client.get("/orders", {})))?.message).toContain("not JSON");
  });
});

describe("time", () => {
  test("a body that drips hits the deadline of its request", async () => {
    const drip: Answer = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(timer));
    };
    const { client } = await setUp([drip], { requestTimeoutMs: 200 });
    const error = (await caught(client.get("/orders", {}))) as ApiError;
    expect(error.message).toBe("QTickets /orders did not answer within 200 ms.");
    expect(client.requests()).toBe(5);
  });

  test("a stopped run ends the request under way with its reason", async () => {
    const stop = new AbortController();
    const { client } = await setUp([() => stop.abort(new StoppedError("told to stop"))], {
      signal: stop.signal,
    });
    await expect(client.get("/orders", {})).rejects.toThrow("told to stop");
  });

  test("requests keep their distance", async () => {
    const { client, clock } = await setUp([json({})], { ratePerSecond: 2 });
    for (let index = 0; index < 3; index += 1) await client.get("/orders", {});
    expect(clock.slept).toEqual([500, 500]);
  });

  test("nobody listening is told with its code", async () => {
    const { client } = await setUp([json({})], { baseUrl: "http://127.0.0.1:1/v1" });
    const error = (await caught(client.get("/orders", {}))) as ApiError;
    expect(error.details.code).toBe("ECONNREFUSED");
    expect(client.requests()).toBe(5);
  });
});
