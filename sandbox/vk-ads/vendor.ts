import type { Client } from "../clients";
import { swapTypes } from "../fault-effects";
import type { ActiveFaults } from "../faults";
import { json, type Answer, type ApiRequest } from "../http";
import { SECRET_PARAMETERS } from "../masking";
import type { Admission, Vendor, VendorApi } from "../vendor";
import { VkData } from "./data";
import { errorAnswer, legacyError, v2Error } from "./errors";
import { admitToLegacy, answerLegacy, isLegacy, legacyViolationOf, type LegacyBehaviour } from "./legacy";
import { Counters, defaultLimits, type LimitName, type Limits } from "./limits";
import { Tokens, type TokenOptions } from "./tokens";
import type { Cabinet } from "./types";
import { admitToV2, answerV2, v2ViolationOf } from "./v2";

/** What can be chosen about the API, whatever it serves. */
export interface VkBehaviour extends TokenOptions, LegacyBehaviour {
  /** Requests that the newer API allows an account per second, hour and day. */
  limits: Limits;
}

export const defaultVkBehaviour: VkBehaviour = {
  expiresIn: 86_400,
  now: Date.now,
  legacyLists: "array",
  limits: defaultLimits,
};

/** The stand-in for both APIs of VK Ads. */
export const vkAds: Vendor = {
  name: "vk-ads",
  basePath: "/vk-ads",
  createApi: ({ seed, events, days }, clients) => {
    const data = new VkData(accountsOf(clients), { seed, events, days, now: Date.now });
    return createVkApi(data, defaultVkBehaviour, clients).api;
  },
};

/**
 * The accounts that clients see, each once.
 * @throws Error when a client has none, or one that is not a number of at most eleven digits
 */
export function accountsOf(clients: readonly Client[]): string[] {
  return [
    ...new Set(
      clients.map(({ account = "" }) => {
        // Ids of generated objects begin with it and must stay exact.
        if (/^[1-9]\d{0,10}$/.test(account)) return account;
        throw new Error("Clients of vk-ads need an account, a number of at most eleven digits");
      }),
    ),
  ];
}

/**
 * Both APIs over any accounts, with their faults. The credential of a client is `<id>:<secret>` for the newer API, with
 * `:<agency client>` behind it for a client of an agency, and the access token for the legacy one.
 */
export function createVkApi(
  cabinet: Cabinet,
  behaviour: VkBehaviour,
  clients: readonly Client[],
): { api: VendorApi; tokens: Tokens } {
  const tokens = new Tokens(clients, behaviour);
  const counters = new Counters(behaviour.limits, behaviour.now);
  const admit = (request: ApiRequest): Admission =>
    isLegacy(request) ? admitToLegacy(clients, request) : admitToV2(tokens, request);
  const answer = (request: ApiRequest, faults: ActiveFaults, client: Client): Answer => {
    const error = apiError(request, faults);
    if (error !== undefined) return error;
    return isLegacy(request)
      ? answerLegacy(cabinet, behaviour, request, faults, client)
      : answerV2({ cabinet, tokens, counters }, request, faults, client);
  };
  const api: VendorApi = {
    admit,
    headers: (admission, request, faults) => ({
      server: "nginx",
      ...(isLegacy(request) ? {} : limitHeaders(counters, admission, faults)),
    }),
    answer: (request, faults, client) => alterRows(answer(request, faults, client), faults),
    violationOf,
    errorAnswer: (request, status, body) => errorAnswer(isLegacy(request), status, body),
    summary: () => {
      const ads = cabinet.accounts().map(({ id }) => cabinet.banners(id).length);
      return `${ads.length} accounts, ${ads.reduce((sum, count) => sum + count, 0)} ads`;
    },
  };
  return { api, tokens };
}

function violationOf(request: ApiRequest): string | undefined {
  if ([...request.query.keys()].some((name) => SECRET_PARAMETERS.has(name))) {
    return "a secret stands in the address";
  }
  return isLegacy(request) ? legacyViolationOf(request) : v2ViolationOf(request);
}

/** The error that the fault `apiError` or `statusError` asks for, in the way of the API that was asked. */
function apiError(request: ApiRequest, faults: ActiveFaults): Answer | undefined {
  const fault = faults.find("apiError");
  if (fault !== undefined) {
    return isLegacy(request)
      ? legacyError(fault.code, `Error ${fault.code}`, fault.status)
      : v2Error(fault.status ?? 400, String(fault.code));
  }
  if (faults.find("statusError") === undefined) return undefined;
  return { ...errorAnswer(isLegacy(request), 500, "json"), status: 200 };
}

function limitHeaders(
  counters: Counters,
  admission: Admission,
  faults: ActiveFaults,
): Record<string, string> {
  const account = "client" in admission ? admission.client.account : undefined;
  const remaining = { ...counters.remaining(account ?? "") };
  const exhausted = faults.find("rateLimit")?.limit;
  if (exhausted !== undefined) remaining[exhausted] = 0;
  return Object.fromEntries(
    (Object.keys(remaining) as LimitName[]).flatMap((name) => [
      [`X-RateLimit-${name}-Limit`, String(counters.limits[name])],
      [`X-RateLimit-${name}-Remaining`, String(remaining[name])],
    ]),
  );
}

/** The fault `wrongTypes`: it strikes what an answer lists, not the frame around it. */
function alterRows(answer: Answer, faults: ActiveFaults): Answer {
  if (faults.find("wrongTypes") === undefined || answer.status !== 200) return answer;
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  for (const name of ["items", "response"]) if (name in body) body[name] = swapTypes(body[name]);
  return json(200, body);
}
