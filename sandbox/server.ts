import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { alterAnswer, send } from "./fault-effects";
import { ActiveFaults, FaultControl, parseRules, type FaultRule } from "./faults";
import { json, type Answer, type ApiRequest } from "./http";
import type { ServedVendor, VendorApi } from "./vendor";

/** In a container that runs for weeks the record must stay small. */
const RECORDED_REQUESTS = 10_000;

const NO_FAULTS = new ActiveFaults([]);

/** What can be chosen about the server, whatever it serves. */
export interface ServerOptions {
  /** Address to listen on (default 127.0.0.1). */
  host: string;
  /** Port (default 0: any free one). */
  port: number;
  /** Faults that are on from the start (default none). */
  faults: FaultRule[];
  /** Called before each API request is answered, e.g. to change data between two pages. */
  onRequest: (request: RecordedRequest) => void;
}

const defaults: ServerOptions = {
  host: "127.0.0.1",
  port: 0,
  faults: [],
  onRequest: () => undefined,
};

/** A request as it arrived. The token is replaced by a fixed mark. */
export interface RecordedRequest {
  method: string;
  /** Whole path without the query string. */
  path: string;
  query: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Status of the answer; undefined while there is none, and when the connection was dropped. */
  status?: number;
  /** What the client must never have asked for. */
  violation?: string;
}

/** A running server. */
export interface SandboxServer {
  /** Scheme, host and port, without a slash at the end. */
  origin: string;
  /** Requests in the order of arrival, `/healthz` and the sandbox's own pages left out. */
  requests: RecordedRequest[];
  /** Requests that a read-only client must never send. */
  violations(): RecordedRequest[];
  faults: FaultControl;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

/**
 * Starts one server for the APIs of all these vendors, each below its base path.
 * @throws Error when it cannot listen, e.g. EADDRINUSE; ZodError when a fault rule is malformed
 */
export async function startServer(
  vendors: readonly ServedVendor[],
  options: Partial<ServerOptions> = {},
): Promise<SandboxServer> {
  const { host, port, faults, onRequest } = { ...defaults, ...options };
  const state: State = { vendors, requests: [], faults: new FaultControl(), onRequest };
  state.faults.set(...faults);
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await listen(server, port, host);
  return {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests: state.requests,
    violations: () => state.requests.filter((request) => request.violation !== undefined),
    faults: state.faults,
    close: () => close(server),
  };
}

interface State {
  vendors: readonly ServedVendor[];
  requests: RecordedRequest[];
  faults: FaultControl;
  onRequest: (request: RecordedRequest) => void;
}

async function handle(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(incoming.url ?? "/", "http://sandbox");
  const body = await readBody(incoming);
  const method = incoming.method ?? "";
  const client = state.vendors.find((vendor) => hasToken(incoming, vendor));
  if (pathname === "/healthz") return send(response, json(200, { status: "ok" }), NO_FAULTS);
  if (pathname.startsWith("/__")) {
    const answer = client === undefined ? forbidden() : control(state, method, pathname, body);
    return send(response, answer, NO_FAULTS);
  }
  const record: RecordedRequest = {
    method,
    path: pathname,
    query: search.replace(/^\?/, ""),
    headers: recordHeaders(incoming),
    body,
  };
  // An address outside of every API is answered by the vendor that the client has a token for.
  const vendor = state.vendors.find(({ basePath }) => pathname.startsWith(`${basePath}/`)) ?? client;
  const path = vendor === undefined ? "" : pathBelow(vendor.basePath, pathname);
  const violation =
    vendor === undefined ? violationOutside(method) : vendor.api.violationOf({ method, path });
  if (violation !== undefined) record.violation = violation;
  state.requests.push(record);
  if (state.requests.length > RECORDED_REQUESTS) state.requests.shift();
  state.onRequest(record);
  if (vendor === undefined) {
    const answer = notFound();
    record.status = answer.status;
    return send(response, answer, NO_FAULTS);
  }
  const isAllowed = hasToken(incoming, vendor);
  const faults = isAllowed ? state.faults.strike(path, vendor.name) : NO_FAULTS;
  const delay = faults.find("delay");
  if (delay !== undefined) await wait(delay.ms, undefined, { ref: false });
  if (faults.find("drop")) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const request = { method, path, contentType: incoming.headers["content-type"] ?? "", body };
  const answer = isAllowed ? answerWithFaults(vendor.api, request, faults) : vendor.api.forbidden();
  record.status = answer.status;
  return send(response, { ...answer, headers: { ...vendor.api.headers, ...answer.headers } }, faults);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The rest of a path below a base path; empty when it lies elsewhere. */
function pathBelow(basePath: string, path: string): string {
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : "";
}

/** Which requests are violations where no vendor says so. */
function violationOutside(method: string): string | undefined {
  return method === "GET" ? undefined : `${method} would change data`;
}

function forbidden(): Answer {
  return json(403, { error: "Forbidden", status: 403 });
}

function notFound(): Answer {
  return json(404, { error: "Not found", status: 404 });
}

/** Looks at the faults that replace an answer first, then asks the API. */
function answerWithFaults(api: VendorApi, request: ApiRequest, faults: ActiveFaults): Answer {
  const failure = faults.find("status");
  if (failure !== undefined) {
    const answer = api.errorAnswer(failure.status, failure.body);
    if (failure.retryAfterSeconds === undefined) return answer;
    const retryAt = new Date(Date.now() + failure.retryAfterSeconds * 1000);
    const retryAfter =
      failure.retryAfterForm === "date" ? retryAt.toUTCString() : String(failure.retryAfterSeconds);
    return { ...answer, headers: { ...answer.headers, "retry-after": retryAfter } };
  }
  const redirect = faults.find("redirect");
  if (redirect !== undefined)
    return { status: redirect.status, headers: { location: redirect.to }, body: "" };
  return alterAnswer(api.answer(request, faults), faults);
}

/** The sandbox's own pages: which faults are on, and what has been asked for so far. */
function control(state: State, method: string, path: string, body: Buffer): Answer {
  if (path === "/__faults" && method === "PUT") {
    const rules = parseRules(body.toString());
    if (typeof rules === "string") return json(400, { error: rules });
    state.faults.set(...rules);
    return json(200, state.faults.list());
  }
  if (path === "/__faults" && method === "GET") return json(200, state.faults.list());
  if (path === "/__requests" && method === "GET") {
    return json(
      200,
      state.requests.map((request) => ({ ...request, body: request.body.toString() })),
    );
  }
  return notFound();
}

function hasToken(request: IncomingMessage, { tokenSha256 }: ServedVendor): boolean {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const actual = createHash("sha256").update(token).digest();
  const accepted = Buffer.from(tokenSha256, "hex");
  return actual.length === accepted.length && timingSafeEqual(actual, accepted);
}

function recordHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = name === "authorization" ? "Bearer [token]" : String(value);
  }
  return headers;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
