import { swapTypes } from "../fault-effects";
import type { ActiveFaults } from "../faults";
import { json, type Answer, type ApiRequest } from "../http";

type Body = Record<string, unknown>;

function parseObject(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

/** The request as a faulty API would take it: without the parts that it ignores. */
export function alterRequest(request: ApiRequest, faults: ActiveFaults): ApiRequest {
  const body = parseObject(request.body.toString());
  if (body === undefined) return request;
  if (faults.find("filtersIgnored")) delete body["where"];
  if (faults.find("idFiltersIgnored") && Array.isArray(body["where"])) {
    body["where"] = body["where"].filter((condition: { column?: unknown }) => condition.column !== "id");
  }
  if (faults.find("orderIgnored")) delete body["orderBy"];
  if (faults.find("pageSizeIgnored")) delete body["perPage"];
  if (faults.find("repeatedPage")) delete body["page"];
  return { ...request, body: Buffer.from(JSON.stringify(body)) };
}

/** The answer with its content as a faulty API would give it. `request` is what the client sent. */
export function alterContent(answer: Answer, request: ApiRequest, faults: ActiveFaults): Answer {
  if (faults.find("statusError")) {
    return json(200, { status: "error", code: "WRONG_AUTHORIZATION", message: "Wrong authorization" });
  }
  if (faults.find("wrongTypes"))
    return { ...answer, body: JSON.stringify(swapRows(JSON.parse(answer.body))) };
  return alterList(answer, request, faults);
}

/** Swaps the types of everything inside the rows; the envelope stays. */
function swapRows(body: unknown): unknown {
  return typeof body === "object" && body !== null && "data" in body
    ? { ...body, data: swapTypes(body.data) }
    : swapTypes(body);
}

function alterList(answer: Answer, request: ApiRequest, faults: ActiveFaults): Answer {
  const list = parseListIfNeeded(answer, faults);
  if (list === undefined) return answer;
  const { paging } = list;
  if (faults.find("repeatedPage")) {
    paging.currentPage = Number(parseObject(request.body.toString())?.["page"] ?? 1);
  }
  paging.currentPage += faults.find("wrongCurrentPage")?.by ?? 0;
  paging.total = Math.max(0, paging.total + (faults.find("lyingTotal")?.by ?? 0));
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
