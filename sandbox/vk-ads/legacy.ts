import { findClient, type Client } from "../clients";
import type { ActiveFaults } from "../faults";
import { json, type Answer, type ApiRequest } from "../http";
import type { Admission } from "../vendor";
import { errorAnswer, legacyError, LegacyRefusal } from "./errors";
import { formOf } from "./form";
import { adStats, daysOf } from "./statistics";
import type { Account, Banner, Cabinet, Status } from "./types";

const PREFIX = "/method/";
const MAX_OBJECTS = 2000;
const FIRST_DAY = "2000-01-01";
const LAST_DAY = "2099-12-31";
const statusNumbers: Record<Status, number> = { blocked: 0, active: 1, deleted: 2 };

/** What nobody has confirmed about the legacy API. */
export interface LegacyBehaviour {
  /** Lists as they are with `name`, or as `{items}` with `title` (default "array"). */
  legacyLists: "array" | "items";
}

interface Question {
  cabinet: Cabinet;
  account: Account;
  form: URLSearchParams;
  faults: ActiveFaults;
}

const methods: Readonly<Record<string, (question: Question) => object>> = {
  "ads.getCampaigns": campaigns,
  "ads.getAds": (question) =>
    ads(question).map(({ banner: { id, name, status }, campaign }) => ({
      id: String(id),
      campaign_id: campaign,
      name,
      status: statusNumbers[status],
      approved: "2",
      ad_format: 9,
    })),
  "ads.getAdsLayout": (question) => ads(question).map(layout),
  "ads.getStatistics": statistics,
  "ads.getFloodStats": () => ({ left: 1000, refresh: 3600 }),
};

/** Whether a path is one of the legacy API. */
export function isLegacy({ path }: Pick<ApiRequest, "path">): boolean {
  return path.startsWith(PREFIX);
}

/** Why the legacy API must not be asked for this by a client that reads; undefined when it may. */
export function legacyViolationOf({ method, path }: Pick<ApiRequest, "method" | "path">): string | undefined {
  if (method !== "POST") return `${method} is not how methods are called`;
  return path.slice(PREFIX.length) in methods ? undefined : "an unknown method";
}

/** Who called a method: the token stands in the form. */
export function admitToLegacy(clients: readonly Client[], request: ApiRequest): Admission {
  const client = findClient(clients, formOf(request).get("access_token") ?? "");
  return client === undefined
    ? { refusal: legacyError(5, "User authorization failed: invalid access_token") }
    : { client };
}

/** The legacy API's answer to a known client. */
export function answerLegacy(
  cabinet: Cabinet,
  { legacyLists }: LegacyBehaviour,
  request: ApiRequest,
  faults: ActiveFaults,
  client: Client,
): Answer {
  if (request.method !== "POST") return errorAnswer(true, 405, "html");
  const method = methods[request.path.slice(PREFIX.length)];
  if (method === undefined) return legacyError(3, "Unknown method passed");
  try {
    const form = formOf(request);
    const response = method({ cabinet, account: accountOf(cabinet, form, client), form, faults });
    return json(200, { response: legacyLists === "items" ? asItems(response) : response });
  } catch (error) {
    if (!(error instanceof LegacyRefusal)) throw error;
    return legacyError(error.code, error.message);
  }
}

/**
 * The account that the form names: by its number, or by the agency's and its own.
 * @throws LegacyRefusal when the client may not see it
 */
function accountOf(cabinet: Cabinet, form: URLSearchParams, client: Client): Account {
  if (!/^\d+\.\d+$/.test(form.get("v") ?? "")) throw new LegacyRefusal(8, "Invalid request: v is required");
  const named = form.get("account_id");
  if (named === null || !/^\d+$/.test(named)) throw badParameter("account_id");
  const account = cabinet.accounts().find(({ id }) => id === client.account);
  if (account === undefined || named !== (account.agency ?? account.id)) {
    throw new LegacyRefusal(7, "Permission to perform this action is denied");
  }
  const agencyClient = form.get("client_id");
  if (agencyClient !== (account.agency === undefined ? null : account.id)) throw badParameter("client_id");
  return account;
}

function campaigns({ cabinet, account, form }: Question): object[] {
  const wanted = idsOf(form, "campaign_ids");
  return cabinet
    .adPlans(account.id)
    .filter(({ id, status }) => isListed(form, status) && (wanted?.has(String(id)) ?? true))
    .map(({ id, name, status }) => ({ id, name, type: "normal", status: statusNumbers[status] }));
}

interface Ad {
  banner: Banner;
  campaign: number;
  utm: string;
}

/** The ads that the filters ask for. */
function ads({ cabinet, account, form }: Question): Ad[] {
  const wantedCampaigns = idsOf(form, "campaign_ids");
  const wantedAds = idsOf(form, "ad_ids");
  const isPaged = form.has("limit") || form.has("offset");
  if (isPaged && (wantedCampaigns?.size !== 1 || wantedAds !== undefined)) throw badParameter("limit");
  const groups = new Map(cabinet.adGroups(account.id).map((group) => [group.id, group]));
  const [offset, limit] = [numberOf(form, "offset", 0), numberOf(form, "limit", MAX_OBJECTS)];
  return cabinet
    .banners(account.id)
    .map((banner) => {
      const group = groups.get(banner.adGroup);
      return { banner, campaign: group?.adPlan ?? 0, utm: group?.utm ?? "" };
    })
    .filter(
      ({ banner: { id, status }, campaign }) =>
        isListed(form, status) &&
        (wantedAds?.has(String(id)) ?? true) &&
        (wantedCampaigns?.has(String(campaign)) ?? true),
    )
    .slice(offset, offset + Math.min(limit, MAX_OBJECTS));
}

/** What an ad looks like. This API has no groups: their tracking parameters stand in the link, before its own. */
function layout({ banner: { id, name, urls }, campaign, utm }: Ad): object {
  const [url] = Object.values(urls);
  const [address = "", query] = url?.split("?") ?? [];
  const parameters = [utm, query].filter((text) => text !== undefined && text !== "").join("&");
  return {
    id: String(id),
    campaign_id: campaign,
    title: name,
    ad_format: 9,
    ...(url === undefined
      ? {}
      : {
          link_url: parameters === "" ? address : `${address}?${parameters}`,
          link_domain: URL.canParse(url) ? new URL(url).hostname : "",
        }),
  };
}

/** Daily statistics of ads; ids that are not the account's are left out. */
function statistics({ cabinet, account, form, faults }: Question): object[] {
  if (form.get("ids_type") !== "ad") throw badParameter("ids_type");
  if (form.get("period") !== "day") throw badParameter("period");
  const ids = new Set((form.get("ids") ?? "").split(","));
  if (![...ids].every((id) => /^\d+$/.test(id)) || ids.size > MAX_OBJECTS) throw badParameter("ids");
  const day = (name: string, open: string) => {
    const text = form.get(name) ?? "";
    return text === "0" ? open : text;
  };
  const period = { from: day("date_from", FIRST_DAY), to: day("date_to", LAST_DAY) };
  if (daysOf(period) === undefined) throw badParameter("date_from");
  const banners = cabinet.banners(account.id).filter(({ id }) => ids.has(String(id)));
  return adStats(cabinet, banners, period, faults).map(({ id, stats }) => ({
    id,
    type: "ad",
    stats: stats.map((stat) => ({
      day: stat.day,
      spent: stat.spent,
      impressions: stat.shows,
      clicks: stat.clicks,
    })),
  }));
}

/** Deleted objects are listed when they are asked for, or asked for alone. */
function isListed(form: URLSearchParams, status: Status): boolean {
  if (form.get("only_deleted") === "1") return status === "deleted";
  return status !== "deleted" || form.get("include_deleted") === "1";
}

/**
 * Ids that a parameter lists as JSON; undefined when it is not sent.
 * @throws LegacyRefusal when it is anything else, or too long
 */
function idsOf(form: URLSearchParams, name: string): ReadonlySet<string> | undefined {
  const text = form.get(name);
  if (text === null) return undefined;
  // The ids may be numbers or texts; as they are digits only, JSON need not be parsed to find them.
  if (!/^\[\s*(?:"?\d+"?(?:\s*,\s*"?\d+"?)*\s*)?\]$/.test(text)) throw badParameter(name);
  const ids = new Set(text.match(/\d+/g) ?? []);
  if (ids.size > MAX_OBJECTS) throw badParameter(name);
  return ids;
}

function numberOf(form: URLSearchParams, name: string, usual: number): number {
  const text = form.get(name) ?? String(usual);
  if (!/^\d+$/.test(text)) throw badParameter(name);
  return Number(text);
}

function badParameter(name: string): LegacyRefusal {
  return new LegacyRefusal(100, `One of the parameters specified was missing or invalid: ${name}`);
}

function asItems(response: object): object {
  if (!Array.isArray(response)) return response;
  const items = response.map((row: object) => {
    if (!("name" in row)) return row;
    const { name, ...rest } = row;
    return { ...rest, title: name };
  });
  return { count: items.length, items };
}
