import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { findClient, type Client } from "./clients";
import { alterAnswer, send } from "./fault-effects";
import { ActiveFaults, FaultControl, parseRules, type FaultRule } from "./faults";
import { bearerToken, json, type Answer, type ApiRequest } from "./http";
import { maskHeaders, maskParameters } from "./masking";
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

/** A request as it arrived. Tokens and secrets are replaced by fixed marks. */
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
  const { pathname, search, searchParams } = new URL(incoming.url ?? "/", "http://sandbox");
  const body = await readBody(incoming);
  const method = incoming.method ?? "";
  const authorization = incoming.headers.authorization ?? "";
  const known = state.vendors.find(({ clients }) => findClient(clients, bearerToken({ authorization })));
  if (pathname === "/healthz") return send(response, json(200, { status: "ok" }), NO_FAULTS);
  if (pathname.startsWith("/__")) {
    const answer = known === undefined ? forbidden() : control(state, method, pathname, body);
    return send(response, answer, NO_FAULTS);
  }
  // An address outside of every API is answered by the vendor that knows the client by its token.
  const vendor = state.vendors.find(({ basePath }) => pathname.startsWith(`${basePath}/`)) ?? known;
  const request: ApiRequest = {
    method,
    path: vendor === undefined ? "" : pathBelow(vendor.basePath, pathname),
    query: searchParams,
    urlLength: (incoming.url ?? "").length,
    authorization,
    contentType: incoming.headers["content-type"] ?? "",
    body,
  };
  const violation = vendor === undefined ? violationOutside(method) : vendor.api.violationOf(request);
  const record: RecordedRequest = {
    method,
    path: pathname,
    query: maskParameters(search.replace(/^\?/, "")),
    headers: maskHeaders(incoming.headers),
    body: Buffer.from(maskParameters(body.toString("latin1")), "latin1"),
    ...(violation === undefined ? {} : { violation }),
  };
  state.requests.push(record);
  if (state.requests.length > RECORDED_REQUESTS) state.requests.shift();
  state.onRequest(record);
  if (vendor === undefined) {
    const answer = notFound();
    record.status = answer.status;
    return send(response, answer, NO_FAULTS);
  }
  return answerAs(vendor, request, { state, record, incoming, response });
}

interface Exchange {
  state: State;
  record: RecordedRequest;
  incoming: IncomingMessage;
  response: ServerResponse;
}

/** Answers as a vendor does. Faults strike the requests of known clients only. */
async function answerAs(
  { name, api }: ServedVendor,
  request: ApiRequest,
  { state, record, incoming, response }: Exchange,
): Promise<void> {
  const admission = api.admit(request);
  const faults =
    "client" in admission ? state.faults.strike(request.path, name, admission.client.account) : NO_FAULTS;
  const delay = faults.find("delay");
  if (delay !== undefined) await wait(delay.ms, undefined, { ref: false });
  if (faults.find("drop")) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const answer =
    "client" in admission ? answerWithFaults(api, request, faults, admission.client) : admission.refusal;
  record.status = answer.status;
  const headers = { ...api.headers(admission, request, faults), ...answer.headers };
  return send(response, { ...answer, headers }, faults);
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
function answerWithFaults(api: VendorApi, request: ApiRequest, faults: ActiveFaults, client: Client): Answer {
  const failure = faults.find("status");
  if (failure !== undefined) {
    const answer = api.errorAnswer(request, failure.status, failure.body);
    if (failure.retryAfterSeconds === undefined) return answer;
    const retryAt = new Date(Date.now() + failure.retryAfterSeconds * 1000);
    const retryAfter =
      failure.retryAfterForm === "date" ? retryAt.toUTCString() : String(failure.retryAfterSeconds);
    return { ...answer, headers: { ...answer.headers, "retry-after": retryAfter } };
  }
  const redirect = faults.find("redirect");
  if (redirect !== undefined)
    return { status: redirect.status, headers: { location: redirect.to }, body: "" };
  return alterAnswer(api.answer(request, faults, client), faults);
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
