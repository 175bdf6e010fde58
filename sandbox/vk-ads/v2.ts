import type { Client } from "../clients";
import type { ActiveFaults } from "../faults";
import { bearerToken, json, type Answer, type ApiRequest } from "../http";
import type { Admission } from "../vendor";
import { BadRequest, errorAnswer, v2Error } from "./errors";
import { formOf } from "./form";
import type { Counters } from "./limits";
import { adGroupListing, adPlanListing, answerList, bannerListing } from "./lists";
import { adStats, daysOf, renderStatistics } from "./statistics";
import type { Tokens } from "./tokens";
import type { Account, Cabinet } from "./types";

const TOKEN = "/api/v2/oauth2/token.json";
const TOKEN_DELETE = "/api/v2/oauth2/token/delete.json";
const MAX_IDS = 200;
const MAX_DAYS = 92;
const MAX_URL = 8 * 1024;

/** The newer API works with these. */
export interface V2Context {
  cabinet: Cabinet;
  tokens: Tokens;
  counters: Counters;
}

interface Question {
  context: V2Context;
  account: Account;
  query: URLSearchParams;
  faults: ActiveFaults;
}

const reads: Readonly<Record<string, (question: Question) => Answer>> = {
  "/api/v2/ad_plans.json": ({ context: { cabinet }, account, query, faults }) =>
    answerList(adPlanListing(cabinet.adPlans(account.id)), query, faults),
  "/api/v2/ad_groups.json": ({ context: { cabinet }, account, query, faults }) =>
    answerList(adGroupListing(cabinet.adGroups(account.id)), query, faults),
  "/api/v2/banners.json": ({ context: { cabinet }, account, query, faults }) =>
    answerList(bannerListing(cabinet.banners(account.id)), query, faults),
  "/api/v2/statistics/banners/day.json": answerStatistics,
  "/api/v2/throttling.json": ({ context: { counters }, account }) =>
    json(200, { limits: counters.limits, remaining: counters.remaining(account.id) }),
  "/api/v3/user.json": ({ account: { id, currency } }) =>
    json(200, { id: Number(id), username: `account-${id}`, status: "active", currency }),
};

/** Why the newer API must not be asked for this by a client that reads; undefined when it may. */
export function v2ViolationOf({ method, path }: Pick<ApiRequest, "method" | "path">): string | undefined {
  const wanted = path === TOKEN || path === TOKEN_DELETE ? "POST" : "GET";
  if (method !== wanted) return `${method} is not for reading`;
  return wanted === "POST" || path in reads ? undefined : "an unknown route";
}

/** Who sent a request to the newer API. */
export function admitToV2(tokens: Tokens, request: ApiRequest): Admission {
  if (request.path === TOKEN) return tokens.applicant(formOf(request));
  if (request.path === TOKEN_DELETE) return tokens.deleter(formOf(request));
  return tokens.owner(bearerToken(request));
}

/** The newer API's answer to a known client. */
export function answerV2(
  context: V2Context,
  request: ApiRequest,
  faults: ActiveFaults,
  client: Client,
): Answer {
  const { tokens, counters } = context;
  const { method, path, query } = request;
  if (faults.find("expireTokens")) tokens.expireAll(client.account);
  if (request.urlLength > MAX_URL) return errorAnswer(false, 414, "html");
  if (path === TOKEN || path === TOKEN_DELETE) {
    if (method !== "POST") return errorAnswer(false, 405, "json");
    return path === TOKEN ? tokens.grant(formOf(request), client) : tokens.deleteAll(formOf(request));
  }
  const refusal = tokens.refusalOf(bearerToken(request));
  if (refusal !== undefined) return refusal;
  const read = reads[path];
  if (read === undefined) return errorAnswer(false, 404, "json");
  if (method !== "GET") return errorAnswer(false, 405, "json");
  const account = context.cabinet.accounts().find(({ id }) => id === client.account);
  if (account === undefined) return errorAnswer(false, 403, "json");
  if (Object.values(counters.remaining(account.id)).includes(0)) return errorAnswer(false, 429, "json");
  counters.count(account.id);
  try {
    return read({ context, account, query, faults });
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return v2Error(400, "validation_failed", error.message);
  }
}

/** @throws BadRequest when a limit is passed, or when one of the ads is not the account's */
function answerStatistics({ context: { cabinet }, account, query, faults }: Question): Answer {
  for (const name of query.keys()) {
    if (!["id", "date_from", "date_to", "metrics"].includes(name)) {
      throw new BadRequest(`unknown parameter ${name}`);
    }
  }
  if ((query.get("metrics") ?? "base") !== "base") throw new BadRequest("metrics must be base");
  const period = { from: query.get("date_from") ?? "", to: query.get("date_to") ?? "" };
  const days = daysOf(period);
  if (days === undefined) throw new BadRequest("date_from and date_to must be days in this order");
  if (days > MAX_DAYS) throw new BadRequest(`more than ${MAX_DAYS} days`);
  const ids = (query.get("id") ?? "").split(",");
  if (ids.length > MAX_IDS) throw new BadRequest(`more than ${MAX_IDS} ids`);
  const known = new Map(cabinet.banners(account.id).map((banner) => [String(banner.id), banner]));
  const banners = [...new Set(ids)].map((id) => {
    const banner = known.get(id);
    if (banner === undefined) throw new BadRequest("no such banner");
    return banner;
  });
  return json(200, renderStatistics(adStats(cabinet, banners, period, faults), faults));
}
