import { readCount, readObject } from "../../core/fields";
import { daysBefore } from "../../core/days";
import { Unknown, type ProbeCalls, type ProbeQuestion, type Seen } from "../../pipeline/probe";
import {
  holdsOfAll,
  isReached,
  isTokenTaken,
  limitQuestions,
  notAsked,
  tolerant,
  wasSeen,
} from "../../pipeline/probe-judge";
import { REFUSED, type LegacyClient, type Method } from "../legacy/client";
import { daysAreDays, idsOf, isMarked, macros, moneyIsText, NO_AD, rowsIn, type Row } from "./rows";

/** The requests by name, in the order in which they are sent. */
export const LEGACY_CALLS = [
  "campaigns",
  "ads",
  "layouts",
  "byId",
  "second",
  "flood",
  "statistics",
  "unknownId",
  "badPeriod",
] as const;
export type LegacyCall = (typeof LEGACY_CALLS)[number];

const CAMPAIGNS = 100;
const IDS = 200;
const DAYS = 31;

const countOf = tolerant(readCount);

/** The rows of a list, which is one or holds one. Throws `Unknown` when there is none. */
function listOf(seen: Seen<LegacyCall>, name: LegacyCall): Row[] {
  const response = seen.body(name);
  const items = Array.isArray(response) ? (response as unknown[]) : readObject(response).items;
  if (!Array.isArray(items)) throw new Unknown("the answer holds no list");
  return rowsIn(items);
}

/** Ids of a list. Throws `Unknown` where it has none. */
function someIds(seen: Seen<LegacyCall>, name: LegacyCall, what: string): string[] {
  const ids = idsOf(listOf(seen, name));
  if (ids.length === 0) throw new Unknown(`the account has no ${what}`);
  return ids;
}

/** The campaign with most ads, and how many. Throws `Unknown`. */
function largestCampaign(seen: Seen<LegacyCall>): { campaign: string; ads: string[] } {
  const byCampaign = new Map<string, string[]>();
  for (const row of listOf(seen, "ads")) {
    const [id] = idsOf([row]);
    const [campaign] = idsOf([{ id: row.campaign_id }]);
    if (id === undefined || campaign === undefined) continue;
    byCampaign.set(campaign, [...(byCampaign.get(campaign) ?? []), id]);
  }
  const [largest] = [...byCampaign].sort(([, a], [, b]) => b.length - a.length);
  if (largest === undefined) throw new Unknown("no ad names its campaign");
  return { campaign: largest[0], ads: largest[1] };
}

/** What the old API is asked for one account. */
export function legacyCalls(client: Pick<LegacyClient, "ask">, now: number): ProbeCalls<LegacyCall> {
  const ask = (method: Method, form: Record<string, string>) => client.ask(method, form, () => true);
  const ofCampaigns = (method: Method) => (seen: Seen<LegacyCall>) => {
    const ids = someIds(seen, "campaigns", "campaigns").slice(0, CAMPAIGNS);
    return ask(method, { campaign_ids: `[${ids.join(",")}]`, include_deleted: "1" });
  };
  const stats = (ids: readonly string[], period = "day") =>
    ask("getStatistics", {
      ids_type: "ad",
      ids: ids.join(","),
      period,
      date_from: daysBefore(now, DAYS),
      date_to: daysBefore(now, 1),
    });
  const ads = (seen: Seen<LegacyCall>) => someIds(seen, "ads", "ads");
  return {
    campaigns: {
      says: "ads.getCampaigns, deleted ones too",
      send: () => ask("getCampaigns", { include_deleted: "1" }),
    },
    ads: { says: `ads.getAds of up to ${CAMPAIGNS} campaigns`, send: ofCampaigns("getAds") },
    layouts: { says: `ads.getAdsLayout of up to ${CAMPAIGNS} campaigns`, send: ofCampaigns("getAdsLayout") },
    byId: {
      says: "ads.getAds of two ads by ad_ids",
      send: (seen) => ask("getAds", { ad_ids: `[${ads(seen).slice(0, 2).join(",")}]`, include_deleted: "1" }),
    },
    second: {
      says: "ads.getAds of one campaign, limit 1, offset 1",
      send: (seen) =>
        ask("getAds", {
          campaign_ids: `[${largestCampaign(seen).campaign}]`,
          include_deleted: "1",
          limit: "1",
          offset: "1",
        }),
    },
    flood: { says: "ads.getFloodStats", send: () => ask("getFloodStats", {}) },
    statistics: {
      says: `ads.getStatistics of up to ${IDS} ads, ${DAYS} days`,
      send: (seen) => stats(ads(seen).slice(0, IDS)),
    },
    unknownId: {
      says: "ads.getStatistics of an ad and of one that does not exist",
      send: (seen) => stats([...ads(seen).slice(0, 1), NO_AD]),
    },
    badPeriod: {
      says: "ads.getStatistics with a period that does not exist",
      send: (seen) => stats(ads(seen).slice(0, 1), "zakaz"),
    },
  };
}

/** Days of the statistics. Throws `Unknown` for none. */
function statsOf(seen: Seen<LegacyCall>): Row[] {
  const items = listOf(seen, "statistics");
  const stats = items.flatMap((item) => rowsIn(item.stats));
  if (stats.length === 0) throw new Unknown(`no days of ${items.length} ads`);
  return stats;
}

function linksOf(seen: Seen<LegacyCall>): string[] {
  return listOf(seen, "layouts").flatMap(({ link_url: link }) =>
    typeof link === "string" && link !== "" ? [link] : [],
  );
}

/** What is asked of an account of the old API. */
export const LEGACY_QUESTIONS: readonly ProbeQuestion<LegacyCall>[] = [
  {
    id: "reach.answers",
    question: "Does the API answer?",
    by: ["campaigns"],
    judge: (seen) => isReached(seen, "campaigns"),
  },
  {
    id: "reach.token",
    question: "Is the token taken?",
    by: ["campaigns"],
    judge: (seen) =>
      isTokenTaken(
        seen,
        "campaigns",
        ({ status, code }) => status === 401 || status === 403 || REFUSED.has(code ?? ""),
      ),
  },
  {
    id: "list.bare",
    question: "Is a list the response itself, and not below items?",
    by: ["campaigns"],
    judge: (seen) => {
      const rows = listOf(seen, "campaigns").length;
      const isBare = Array.isArray(seen.body("campaigns"));
      return {
        answer: isBare ? "yes" : "no",
        evidence: `${rows} campaigns ${isBare ? "as the response" : "below items"}`,
      };
    },
  },
  {
    id: "list.name",
    question: "Is the name of a campaign called name?",
    by: ["campaigns"],
    judge: (seen) =>
      holdsOfAll(listOf(seen, "campaigns"), "campaigns", ({ name }) => typeof name === "string", "the rows"),
  },
  {
    id: "filter.id",
    question: "Is the filter by ad_ids honoured?",
    by: ["ads", "byId"],
    judge: (seen) => {
      const all = idsOf(listOf(seen, "ads"));
      const wanted = all.slice(0, 2);
      const found = idsOf(listOf(seen, "byId"));
      if (all.length <= wanted.length) throw new Unknown(`${all.length} ads`);
      const isRight = found.length === wanted.length && found.every((id) => wanted.includes(id));
      return {
        answer: isRight ? "yes" : "no",
        evidence: `${found.length} of ${all.length} ads, ${wanted.length} asked for`,
      };
    },
  },
  {
    id: "page.offset",
    question: "Are limit and offset honoured for one campaign?",
    by: ["ads", "second"],
    judge: (seen) => {
      const { ads } = largestCampaign(seen);
      if (ads.length < 2) throw new Unknown("no campaign has two ads");
      const found = idsOf(listOf(seen, "second"));
      const isRight = found.length === 1 && found[0] === ads[1];
      return {
        answer: isRight ? "yes" : "no",
        evidence: `${found.length} of ${ads.length} ads of the campaign`,
      };
    },
  },
  {
    id: "link.ads",
    question: "Do ads come without their link from getAds?",
    by: ["ads"],
    judge: (seen) => holdsOfAll(listOf(seen, "ads"), "ads", (row) => !("link_url" in row), "the rows"),
  },
  {
    id: "link.layouts",
    question: "Do links come in link_url of getAdsLayout?",
    by: ["layouts"],
    judge: (seen) => {
      const links = linksOf(seen);
      const marked = links.filter(isMarked).length;
      return wasSeen(
        links.length,
        `links, ${marked} of them with marks,`,
        `${listOf(seen, "layouts").length} ads`,
      );
    },
  },
  {
    id: "utm.macros",
    question: "Do marks come with macros that were not replaced ({{…}})?",
    by: ["layouts"],
    judge: (seen) => macros(linksOf(seen).filter(isMarked)),
  },
  {
    id: "stat.nested",
    question: "Do the figures of a day stand in stats of an ad?",
    by: ["statistics"],
    judge: (seen) =>
      holdsOfAll(listOf(seen, "statistics"), "ads", ({ stats }) => Array.isArray(stats), "the rows"),
  },
  {
    id: "stat.days",
    question: "Are days of the statistics written as 2030-01-31?",
    by: ["statistics"],
    judge: (seen) => daysAreDays(statsOf(seen).map(({ day }) => day)),
  },
  {
    id: "stat.money",
    question: "Is spent a decimal text?",
    by: ["statistics"],
    judge: (seen) => moneyIsText(statsOf(seen).map(({ spent }) => spent)),
  },
  {
    id: "stat.unknownId",
    question: "Does one id that does not exist fail the whole request?",
    by: ["unknownId"],
    judge: (seen) => {
      const failed = seen.failure("unknownId");
      if (failed === undefined)
        return { answer: "no", evidence: `${listOf(seen, "unknownId").length} of 2 ads came` };
      if (failed.code === null || REFUSED.has(failed.code)) throw new Unknown(failed.facts);
      return { answer: "yes", evidence: failed.facts };
    },
  },
  {
    id: "error.parameter",
    question: "Is a bad parameter refused with code 100 and HTTP 200?",
    by: ["badPeriod"],
    judge: (seen) => {
      const failed = seen.failure("badPeriod");
      if (failed === undefined) return { answer: "no", evidence: "taken" };
      return {
        answer: failed.code === "100" && failed.status === 200 ? "yes" : "no",
        evidence: failed.facts,
      };
    },
  },
  {
    id: "flood.left",
    question: "Does getFloodStats tell the calls that are left?",
    by: ["flood"],
    judge: (seen) => {
      const { left, refresh } = readObject(seen.body("flood"));
      const isTold = countOf(left) !== undefined && countOf(refresh) !== undefined;
      return {
        answer: isTold ? "yes" : "no",
        evidence: isTold ? `${countOf(left)} left` : "no left and refresh",
      };
    },
  },
  ...limitQuestions<LegacyCall>(),
  notAsked("stat.fields", "Does the parameter stats_fields choose figures?", "the loader does not use it"),
  notAsked("stat.ids400", "Are 400 ids taken in one request?", "the loader asks for 200"),
  notAsked(
    "error.codes",
    "Do the other error codes mean what was reported?",
    "it would use up limits and tokens",
  ),
];
