import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { alterAnswer, alterRequest, send } from "./fault-effects";
import { ActiveFaults, FaultControl, faultRules, type FaultRule } from "./faults";
import { json, type Answer, type ApiRequest } from "./http";
import { qticketsApi, violationOf } from "./qtickets/api";
import { DataSet, type DataSetOptions } from "./qtickets/data-set";
import { errorAnswer, forbidden, unknownRoute } from "./qtickets/errors";
import type { Behaviour } from "./qtickets/lists";
import type { Organiser } from "./qtickets/store";

export type { Fault, FaultControl, FaultRule } from "./faults";
export type { DataSet } from "./qtickets/data-set";
export type { Behaviour } from "./qtickets/lists";

const BASE_PATH = "/api/rest/v1";
const VENDOR_HEADERS = {
  server: "nginx",
  "cache-control": "no-cache, private",
  "x-cache-status": "MISS",
  "strict-transport-security": "max-age=31536000",
};
/** In a container that runs for weeks the record must stay small. */
const RECORDED_REQUESTS = 10_000;

/** Everything that can be chosen about a sandbox. */
export interface SandboxOptions extends DataSetOptions, Behaviour {
  /** Address to listen on (default 127.0.0.1). */
  host: string;
  /** Port (default 0: any free one). */
  port: number;
  /** The only accepted token (default: a new random one). */
  token: string;
  /** SHA-256 of the accepted token in hex, where the token itself must stay outside. Wins over `token`. */
  tokenSha256: string;
  /** Faults that are on from the start (default none). */
  faults: FaultRule[];
  /** Called before each API request is answered, e.g. to change data between two pages. */
  onRequest: (request: RecordedRequest) => void;
}

const defaults: Omit<SandboxOptions, "token" | "tokenSha256"> = {
  seed: 1,
  ordersPerDay: 40,
  days: 45,
  events: 12,
  dates: "moscow",
  flags: "usual",
  now: Date.now,
  perPage: "honoured",
  maxPerPage: 1000,
  updatedAtFilter: "honoured",
  select: "honoured",
  malformed: 503,
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

/** A running sandbox. */
export interface Sandbox<Data extends Organiser = DataSet> {
  /** Base URL of the API. */
  url: string;
  /** The accepted token; empty when only its hash is known. */
  token: string;
  /** Requests in the order of arrival, `/healthz` and the sandbox's own pages left out. */
  requests: RecordedRequest[];
  /** Requests that a read-only client must never send. */
  violations(): RecordedRequest[];
  faults: FaultControl;
  data: Data;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

/** Starts the stand-in API on a real socket, over a generated data set. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return serveData(new DataSet({ ...defaults, ...options }), options);
}

/** Starts the stand-in API on a real socket, over data of the caller's making; the options about generated data count for nothing. */
export async function serveData<Data extends Organiser>(
  data: Data,
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox<Data>> {
  const token = options.token ?? (options.tokenSha256 === undefined ? randomBytes(16).toString("hex") : "");
  const settings = { ...defaults, ...options };
  const state: State = {
    tokenHash: Buffer.from(options.tokenSha256 ?? sha256(token), "hex"),
    requests: [],
    faults: new FaultControl(),
    api: qticketsApi(data, settings),
    onRequest: settings.onRequest,
  };
  state.faults.set(...settings.faults);
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await listen(server, settings.port, settings.host);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${settings.host}:${port}${BASE_PATH}`,
    token,
    requests: state.requests,
    violations: () => state.requests.filter((request) => request.violation !== undefined),
    faults: state.faults,
    data,
    close: () => close(server),
  };
}

interface State {
  tokenHash: Buffer;
  requests: RecordedRequest[];
  faults: FaultControl;
  api: (request: ApiRequest) => Answer;
  onRequest: (request: RecordedRequest) => void;
}

async function handle(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(incoming.url ?? "/", "http://sandbox");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const known = hasToken(state, incoming);
  const none = new ActiveFaults([]);
  if (pathname === "/healthz") return send(response, json(200, { status: "ok" }), none);
  if (pathname.startsWith("/__")) {
    return send(response, known ? control(state, incoming.method, pathname, body) : forbidden(), none);
  }
  const record: RecordedRequest = {
    method: incoming.method ?? "",
    path: pathname,
    query: search.replace(/^\?/, ""),
    headers: recordHeaders(incoming),
    body,
  };
  const path = pathname.startsWith(`${BASE_PATH}/`) ? pathname.slice(BASE_PATH.length) : "";
  const violation = violationOf({ method: record.method, path });
  if (violation !== undefined) record.violation = violation;
  state.requests.push(record);
  if (state.requests.length > RECORDED_REQUESTS) state.requests.shift();
  state.onRequest(record);
  const asked = { method: record.method, path, contentType: incoming.headers["content-type"] ?? "", body };
  const faults = known ? state.faults.strike(path) : none;
  const delay = faults.find("delay");
  if (delay !== undefined) await wait(delay.ms, undefined, { ref: false });
  if (faults.find("drop")) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const answer = known ? answerWithFaults(state, asked, faults) : forbidden();
  record.status = answer.status;
  return send(response, { ...answer, headers: { ...VENDOR_HEADERS, ...answer.headers } }, faults);
}

/** Looks at the faults that replace an answer first, then asks the API. */
function answerWithFaults(state: State, asked: ApiRequest, faults: ActiveFaults): Answer {
  const failure = faults.find("status");
  if (failure !== undefined) {
    const answer = errorAnswer(failure.status, failure.body);
    if (failure.retryAfterSeconds === undefined) return answer;
    const retryAt = new Date(Date.now() + failure.retryAfterSeconds * 1000);
    const retryAfter =
      failure.retryAfterForm === "date" ? retryAt.toUTCString() : String(failure.retryAfterSeconds);
    return { ...answer, headers: { ...answer.headers, "retry-after": retryAfter } };
  }
  const redirect = faults.find("redirect");
  if (redirect !== undefined)
    return { status: redirect.status, headers: { location: redirect.to }, body: "" };
  return alterAnswer(state.api(alterRequest(asked, faults)), asked, faults);
}

/** The sandbox's own pages: which faults are on, and what has been asked for so far. */
function control(state: State, method: string | undefined, path: string, body: Buffer): Answer {
  if (path === "/__faults" && method === "PUT") {
    const rules = parseRules(body);
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
  return unknownRoute();
}

/** Fault rules from JSON text, or one sentence that says what is wrong with it. */
export function parseRules(text: Buffer | string): FaultRule[] | string {
  let rules: unknown;
  try {
    rules = JSON.parse(text.toString());
  } catch {
    return "The fault rules are not JSON";
  }
  const result = faultRules.safeParse(rules);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return `Fault rule ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hasToken(state: State, request: IncomingMessage): boolean {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const hash = Buffer.from(sha256(token), "hex");
  return hash.length === state.tokenHash.length && timingSafeEqual(hash, state.tokenHash);
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
