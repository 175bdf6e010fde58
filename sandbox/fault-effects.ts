import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { ActiveFaults } from "./faults";
import { html, json, type Answer, type ApiRequest } from "./http";

type Body = Record<string, unknown>;

function parseObject(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

/** The request as a faulty server would take it: without the parts that it ignores. */
export function alterRequest(request: ApiRequest, faults: ActiveFaults): ApiRequest {
  const body = parseObject(request.body.toString());
  if (body === undefined) return request;
  if (faults.find("filtersIgnored")) delete body["where"];
  if (faults.find("pageSizeIgnored")) delete body["perPage"];
  if (faults.find("repeatedPage")) delete body["page"];
  return { ...request, body: Buffer.from(JSON.stringify(body)) };
}

/** The answer as a faulty server would give it. `asked` is the request as the client sent it. */
export function alterAnswer(answer: Answer, asked: ApiRequest, faults: ActiveFaults): Answer {
  if (faults.find("html")) return html(200, "<!DOCTYPE html><title>Maintenance</title>");
  if (faults.find("empty")) return { ...answer, status: 200, body: "" };
  if (faults.find("statusError")) {
    return json(200, { status: "error", code: "WRONG_AUTHORIZATION", message: "Wrong authorization" });
  }
  if (faults.find("brokenJson")) return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
  if (faults.find("wrongTypes"))
    return { ...answer, body: JSON.stringify(swapRows(JSON.parse(answer.body))) };
  return alterList(answer, asked, faults);
}

/** Swaps the types of everything inside the rows; the envelope stays. */
function swapRows(body: unknown): unknown {
  return typeof body === "object" && body !== null && "data" in body
    ? { ...body, data: swapTypes(body.data) }
    : swapTypes(body);
}

function swapTypes(value: unknown): unknown {
  if (typeof value === "number") return `number ${value}`;
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.map(swapTypes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, swapTypes(inner)]));
}

function alterList(answer: Answer, asked: ApiRequest, faults: ActiveFaults): Answer {
  const list = parseListIfNeeded(answer, faults);
  if (list === undefined) return answer;
  const { paging } = list;
  if (faults.find("repeatedPage")) {
    paging.currentPage = Number(parseObject(asked.body.toString())?.["page"] ?? 1);
  }
  paging.currentPage += faults.find("wrongCurrentPage")?.by ?? 0;
  paging.total += faults.find("lyingTotal")?.by ?? 0;
  if (faults.find("bareArray")) return { ...answer, body: JSON.stringify(list.data) };
  const body = faults.find("missingPaging") ? { data: list.data } : list;
  return { ...answer, body: JSON.stringify(body) };
}

interface List {
  data: unknown;
  paging: { perPage: number; currentPage: number; total: number };
}

function parseListIfNeeded(answer: Answer, faults: ActiveFaults): List | undefined {
  const needed = (
    ["repeatedPage", "wrongCurrentPage", "lyingTotal", "bareArray", "missingPaging"] as const
  ).some((kind) => faults.find(kind) !== undefined);
  const body = needed ? parseObject(answer.body) : undefined;
  return body !== undefined && "paging" in body ? (body as unknown as List) : undefined;
}

/** Writes an answer to the socket, in the manner of the faults that strike it. */
export async function send(response: ServerResponse, answer: Answer, faults: ActiveFaults): Promise<void> {
  const headers = { ...answer.headers };
  let bytes: Buffer = Buffer.from(answer.body);
  if (faults.find("bom")) bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
  if (faults.find("invalidUtf8")) bytes = spoil(bytes);
  if (faults.find("gzip")) {
    bytes = gzipSync(bytes);
    headers["content-encoding"] = "gzip";
  }
  if (!faults.find("chunked")) headers["content-length"] = String(bytes.length);
  response.writeHead(answer.status, headers);
  if (faults.find("truncated")) {
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return;
  }
  const drip = faults.find("drip");
  if (drip !== undefined) {
    for (let at = 0; at < bytes.length && !response.destroyed; at += drip.chunkBytes) {
      response.write(bytes.subarray(at, at + drip.chunkBytes));
      await wait(drip.everyMs, undefined, { ref: false });
    }
  } else response.write(bytes);
  response.end();
}

/** Puts a byte that UTF-8 does not know into the first text of the body. */
function spoil(bytes: Buffer): Buffer {
  const quote = bytes.indexOf('"') + 1;
  return Buffer.concat([bytes.subarray(0, quote), Buffer.from([0xff]), bytes.subarray(quote)]);
}
