import { readObject } from "../../core/fields";
import { daysBefore } from "../../core/days";
import { Unknown, type ProbeCalls, type ProbeQuestion, type Seen, type Verdict } from "../../pipeline/probe";
import {
  holdsOfAll,
  isReached,
  isTokenTaken,
  limitQuestions,
  notAsked,
  wasSeen,
} from "../../pipeline/probe-judge";
import type { V2Client } from "../v2/client";
import {
  daysAreDays,
  hasOnly,
  idsOf,
  isMarked,
  macros,
  moneyIsText,
  moneyOf,
  NO_AD,
  rowsIn,
  type Row,
} from "./rows";

/** The requests by name, in the order in which they are sent; the first needs no right that is doubtful. */
export const V2_CALLS = [
  "plans",
  "user",
  "groups",
  "banners",
  "second",
  "descending",
  "byId",
  "deleted",
  "withoutStatus",
  "large",
  "statistics",
  "unknownId",
  "manyIds",
  "days92",
  "days366",
] as const;
export type V2Call = (typeof V2_CALLS)[number];

/** The page that the API gives where no limit is named: the first request depends on nothing else. */
const FEW = 20;
const PAGE = 50;
const LARGE = 200;
const MOST_IDS = 200;
const SHORT = 5;
const DAYS = 31;
const EVERY_STATUS = "active,blocked,deleted";
const STATISTICS = "/api/v2/statistics/banners/day.json";
const BANNER_FIELDS = "id,name,status,ad_group_id,urls";

interface SeenList {
  rows: readonly Row[];
  count: number;
  limit: number;
}

/** The list that a request brought. Throws `Unknown` when it brought none. */
function listOf(seen: Seen<V2Call>, name: V2Call): SeenList {
  const { items, count, limit } = readObject(seen.body(name));
  if (!Array.isArray(items)) throw new Unknown("the answer holds no list");
  if (!Number.isSafeInteger(count)) throw new Unknown("the answer holds no count");
  return { rows: rowsIn(items), count: count as number, limit: Number(limit) };
}

/** Ids of ads to ask for, of the first list that has some. Throws `Unknown` where none has. */
function adsOf(seen: Seen<V2Call>): string[] {
  const lists = seen.answered(["banners", "second", "descending"]);
  const found = Object.values(lists).map((list) => idsOf(rowsIn(readObject(list).items)));
  const ids = found.find((one) => one.length > 0);
  if (ids === undefined) throw new Unknown("no ad is known");
  return ids;
}

const firstAd = (seen: Seen<V2Call>): string => adsOf(seen)[0] as string;

/** What the API of ads.vk.com is asked for one account. */
export function v2Calls(client: Pick<V2Client, "get">, now: number): ProbeCalls<V2Call> {
  const get = (path: string, query: Record<string, string>) => client.get(path, query, () => true);
  const list = (resource: string, fields: string, query: Record<string, string | undefined> = {}) => {
    const all = {
      fields,
      limit: String(PAGE),
      offset: "0",
      sorting: "id",
      _status__in: EVERY_STATUS,
      ...query,
    };
    const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return get(`/api/v2/${resource}.json`, Object.fromEntries(given));
  };
  const stats = (ids: readonly string[], days: number) =>
    get(STATISTICS, {
      id: ids.join(","),
      date_from: daysBefore(now, days),
      date_to: daysBefore(now, 1),
      metrics: "base",
    });
  return {
    plans: {
      says: `GET ad_plans, ${FEW} of every status`,
      send: () => list("ad_plans", "id,name,status", { limit: String(FEW) }),
    },
    user: { says: "GET user", send: () => get("/api/v3/user.json", { fields: "id,currency" }) },
    groups: {
      says: `GET ad_groups, ${PAGE} of every status`,
      send: () => list("ad_groups", "id,name,status,ad_plan_id,utm"),
    },
    banners: { says: `GET banners, ${PAGE} of every status`, send: () => list("banners", BANNER_FIELDS) },
    second: {
      says: `GET banners, limit ${SHORT}, offset ${SHORT}`,
      send: () => list("banners", "id", { limit: String(SHORT), offset: String(SHORT) }),
    },
    descending: {
      says: `GET banners, sorting -id, limit ${SHORT}`,
      send: () => list("banners", "id", { sorting: "-id", limit: String(SHORT) }),
    },
    byId: {
      says: "GET banners, _id__in two of them",
      send: (seen) => list("banners", "id", { _id__in: adsOf(seen).slice(0, 2).join(",") }),
    },
    deleted: {
      says: "GET banners, _status__in deleted",
      send: () => list("banners", "id,status", { _status__in: "deleted" }),
    },
    withoutStatus: {
      says: "GET banners without a filter",
      send: () => list("banners", "id", { _status__in: undefined, limit: String(SHORT) }),
    },
    large: {
      says: `GET banners, limit ${LARGE}`,
      send: () => list("banners", "id", { limit: String(LARGE) }),
    },
    statistics: {
      says: `GET statistics of up to ${PAGE} ads, ${DAYS} days`,
      send: (seen) => stats(adsOf(seen), DAYS),
    },
    unknownId: {
      says: "GET statistics of an ad and of one that does not exist",
      send: (seen) => stats([firstAd(seen), NO_AD], 1),
    },
    manyIds: {
      says: `GET statistics of ${MOST_IDS} ids, of which some are the same`,
      send: (seen) => {
        const ads = adsOf(seen);
        return stats(
          Array.from({ length: MOST_IDS }, (_, index) => ads[index % ads.length] as string),
          1,
        );
      },
    },
    days92: { says: "GET statistics of an ad, 92 days", send: (seen) => stats([firstAd(seen)], 92) },
    days366: { says: "GET statistics of an ad, 366 days", send: (seen) => stats([firstAd(seen)], 366) },
  };
}

/** Whether a page has as many rows as were asked for, or all there are. */
function pageSize(seen: Seen<V2Call>): Verdict {
  const failed = seen.failure("banners");
  if (failed?.status === 400) return { answer: "no", evidence: `refused: ${failed.facts}` };
  const { rows, count, limit } = listOf(seen, "banners");
  const evidence = `${PAGE} asked, limit ${limit}, ${rows.length} rows of ${count}`;
  if (rows.length !== Math.min(PAGE, count) || limit !== PAGE) return { answer: "no", evidence };
  if (count < PAGE) throw new Unknown(evidence);
  return { answer: "yes", evidence };
}

/** Days of the statistics with their figures, and the item that each is of. */
function statsOf(seen: Seen<V2Call>): { date: unknown; base: Row; item: Row }[] {
  const { items } = readObject(seen.body("statistics"));
  if (!Array.isArray(items)) throw new Unknown("the answer holds no list");
  const rows = rowsIn(items).flatMap((item) =>
    rowsIn(item.rows).map((row) => ({ date: row.date, base: readObject(row.base), item })),
  );
  if (rows.length === 0) throw new Unknown(`no days of ${items.length} ads`);
  return rows;
}

/** Links of ads with all that is said in them. */
function linksOf(seen: Seen<V2Call>): string[] {
  return listOf(seen, "banners").rows.flatMap(({ urls }) =>
    Object.values(readObject(urls)).flatMap((link) => {
      const { url } = readObject(link);
      return typeof url === "string" ? [url] : [];
    }),
  );
}

/** Whether a request of statistics is answered, or refused for what it asks. */
function isTaken(seen: Seen<V2Call>, name: V2Call): { isTaken: boolean; facts: string } {
  const failed = seen.failure(name);
  if (failed === undefined) return { isTaken: true, facts: "HTTP 200" };
  if (failed.status !== 400) throw new Unknown(failed.facts);
  return { isTaken: false, facts: failed.facts };
}

const takes =
  (name: V2Call) =>
  (seen: Seen<V2Call>): Verdict => {
    const { isTaken: taken, facts } = isTaken(seen, name);
    return { answer: taken ? "yes" : "no", evidence: facts };
  };

const isAbove = (ids: readonly string[], direction: 1 | -1): boolean =>
  ids.every(
    (id, index) => index === 0 || (BigInt(id) > BigInt(ids[index - 1] as string) ? 1 : -1) === direction,
  );

/** What is asked of an account of ads.vk.com. */
export const v2Questions = (account: string): readonly ProbeQuestion<V2Call>[] => [
  {
    id: "reach.answers",
    question: "Does the API answer?",
    by: ["plans"],
    judge: (seen) => isReached(seen, "plans"),
  },
  {
    id: "reach.token",
    question: "Is a token given and taken?",
    by: ["plans"],
    judge: (seen) => isTokenTaken(seen, "plans", ({ status }) => status === 401 || status === 403),
  },
  {
    id: "user.account",
    question: "Does the API say that the token is that of the configured account?",
    by: ["user"],
    judge: (seen) => {
      const [id] = idsOf([readObject(seen.body("user"))]);
      if (id === undefined) throw new Unknown("the answer names no account");
      return {
        answer: id === account ? "yes" : "no",
        evidence: `id ${id === account ? "is" : "is not"} that of the settings`,
      };
    },
  },
  {
    id: "user.currency",
    question: "Does the account count in roubles?",
    by: ["user"],
    judge: (seen) => {
      const { currency } = readObject(seen.body("user"));
      if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) throw new Unknown("no currency came");
      return { answer: currency === "RUB" ? "yes" : "no", evidence: currency };
    },
  },
  {
    id: "list.frame",
    question: "Does a list come with items and count?",
    by: ["plans"],
    judge: (seen) => {
      seen.body("plans");
      try {
        const { rows, count } = listOf(seen, "plans");
        return { answer: "yes", evidence: `${rows.length} rows of ${count}` };
      } catch (error) {
        if (error instanceof Unknown) return { answer: "no", evidence: error.message };
        throw error;
      }
    },
  },
  {
    id: "list.fields",
    question: "Does fields leave out what was not asked for?",
    by: ["banners"],
    judge: (seen) => hasOnly(listOf(seen, "banners").rows, BANNER_FIELDS),
  },
  {
    id: "list.size",
    question: `Is a page of ${PAGE} rows given where it is asked for?`,
    by: ["banners"],
    judge: pageSize,
  },
  {
    id: "list.most",
    question: `Is ${PAGE} the largest page?`,
    by: ["banners", "large"],
    judge: (seen) => {
      if (seen.failure("banners")?.status === 400) return pageSize(seen);
      const failed = seen.failure("large");
      if (failed?.status === 400) return { answer: "yes", evidence: `refused: ${failed.facts}` };
      const { rows, count, limit } = listOf(seen, "large");
      const isCut = limit === PAGE && rows.length <= PAGE;
      const evidence = `${LARGE} asked, limit ${limit}, ${rows.length} rows of ${count}`;
      return { answer: isCut ? "yes" : "no", evidence };
    },
  },
  {
    id: "list.offset",
    question: "Is offset honoured?",
    by: ["banners", "second"],
    judge: (seen) => {
      const first = idsOf(listOf(seen, "banners").rows);
      const second = idsOf(listOf(seen, "second").rows);
      if (first.length <= SHORT) throw new Unknown(`${first.length} ads`);
      const again = second.filter((id) => first.slice(0, SHORT).includes(id)).length;
      const isRight = again === 0 && second.length > 0;
      return {
        answer: isRight ? "yes" : "no",
        evidence: `${second.length} rows, ${again} of them on page 1 too`,
      };
    },
  },
  {
    id: "order.descending",
    question: "Is sorting by descending id honoured?",
    by: ["descending"],
    judge: (seen) => {
      const ids = idsOf(listOf(seen, "descending").rows);
      if (ids.length < 2) throw new Unknown(`${ids.length} rows`);
      return { answer: isAbove(ids, -1) ? "yes" : "no", evidence: `${ids.length} rows` };
    },
  },
  {
    id: "order.ascending",
    question: "Is sorting by ascending id honoured?",
    by: ["banners"],
    judge: (seen) => {
      const ids = idsOf(listOf(seen, "banners").rows);
      if (ids.length < 2) throw new Unknown(`${ids.length} rows`);
      return { answer: isAbove(ids, 1) ? "yes" : "no", evidence: `${ids.length} rows` };
    },
  },
  {
    id: "filter.id",
    question: "Is the filter by id honoured?",
    by: ["banners", "byId"],
    judge: (seen) => {
      const { count } = listOf(seen, "banners");
      const wanted = adsOf(seen).slice(0, 2);
      const found = listOf(seen, "byId");
      const others = idsOf(found.rows).filter((id) => !wanted.includes(id)).length;
      if (count <= wanted.length) throw new Unknown(`${count} ads`);
      const isRight = others === 0 && found.count === wanted.length;
      return {
        answer: isRight ? "yes" : "no",
        evidence: `${found.count} of ${count} ads, ${wanted.length} asked for`,
      };
    },
  },
  {
    id: "filter.status",
    question: "Is the filter by status honoured?",
    by: ["banners", "deleted"],
    judge: (seen) => {
      const { count } = listOf(seen, "banners");
      const { rows, count: found } = listOf(seen, "deleted");
      if (rows.some(({ status }) => typeof status !== "string")) throw new Unknown("rows tell no status");
      const others = rows.filter(({ status }) => status !== "deleted").length;
      if (others > 0)
        return { answer: "no", evidence: `${others} of ${rows.length} rows have another status` };
      if (found === 0 || found >= count) throw new Unknown(`${found} of ${count} ads are deleted`);
      return { answer: "yes", evidence: `${found} of ${count} ads` };
    },
  },
  {
    id: "filter.default",
    question: "Are some ads left out where no status is asked for?",
    by: ["banners", "withoutStatus"],
    judge: (seen) => {
      const { count, rows } = listOf(seen, "banners");
      const { count: usual } = listOf(seen, "withoutStatus");
      if (usual < count) return { answer: "yes", evidence: `${usual} of ${count} ads` };
      if (rows.every(({ status }) => status === "active"))
        throw new Unknown(`${usual} of ${count} ads, all active`);
      return { answer: "no", evidence: `${usual} of ${count} ads` };
    },
  },
  {
    id: "utm.groups",
    question: "Do groups carry their marks in utm?",
    by: ["groups"],
    judge: (seen) => {
      const { rows } = listOf(seen, "groups");
      if (rows.length > 0 && rows.every((row) => !("utm" in row))) {
        return { answer: "no", evidence: `none of ${rows.length} groups has the field` };
      }
      return wasSeen(rows.filter(({ utm }) => isMarked(utm)).length, "with marks", `${rows.length} groups`);
    },
  },
  {
    id: "utm.banners",
    question: "Do ads carry their link in urls?",
    by: ["banners"],
    judge: (seen) => {
      const { rows } = listOf(seen, "banners");
      if (rows.length > 0 && rows.every((row) => !("urls" in row))) {
        return { answer: "no", evidence: `none of ${rows.length} ads has the field` };
      }
      const links = linksOf(seen);
      const marked = links.filter(isMarked).length;
      return wasSeen(links.length, `links, ${marked} of them with marks,`, `${rows.length} ads`);
    },
  },
  {
    id: "utm.macros",
    question: "Do marks come with macros that were not replaced ({{…}})?",
    by: ["groups", "banners"],
    judge: (seen) => {
      const groups = listOf(seen, "groups").rows.flatMap(({ utm }) => (isMarked(utm) ? [utm] : []));
      return macros([...groups, ...linksOf(seen).filter(isMarked)]);
    },
  },
  {
    id: "stat.read",
    question: "May the token read statistics?",
    by: ["statistics"],
    judge: (seen) => {
      const failed = seen.failure("statistics");
      if (failed === undefined) return { answer: "yes", evidence: "HTTP 200" };
      if (failed.status === 403 || failed.status === 404) return { answer: "no", evidence: failed.facts };
      throw new Unknown(failed.facts);
    },
  },
  {
    id: "stat.days",
    question: "Are days of the statistics written as 2030-01-31?",
    by: ["statistics"],
    judge: (seen) => daysAreDays(statsOf(seen).map(({ date }) => date)),
  },
  {
    id: "stat.money",
    question: "Is spent a decimal text?",
    by: ["statistics"],
    judge: (seen) => moneyIsText(statsOf(seen).map(({ base }) => base.spent)),
  },
  {
    id: "stat.total",
    question: "Is the total of an ad the sum of its days?",
    by: ["statistics"],
    judge: (seen) => {
      const stats = statsOf(seen);
      const items = [...new Set(stats.map(({ item }) => item))];
      const totalOf = (item: Row) => moneyOf(readObject(readObject(item.total).base).spent);
      const told = items.filter((item) => totalOf(item) !== undefined);
      const sumOf = (item: Row) =>
        stats
          .filter((stat) => stat.item === item)
          .reduce((sum, { base }) => sum + (moneyOf(base.spent) ?? 0), 0);
      return holdsOfAll(
        told,
        "ads",
        (item) => sumOf(item) === totalOf(item),
        `${items.length} ads with a total`,
      );
    },
  },
  {
    id: "stat.unknownId",
    question: "Does one id that does not exist fail the whole request?",
    by: ["unknownId"],
    judge: (seen) => {
      const { isTaken: taken, facts } = isTaken(seen, "unknownId");
      return { answer: taken ? "no" : "yes", evidence: facts };
    },
  },
  {
    id: "stat.ids200",
    question: `Are ${MOST_IDS} ids taken in one request?`,
    by: ["manyIds"],
    judge: (seen) => {
      const { answer, evidence } = takes("manyIds")(seen);
      return { answer, evidence: `${evidence}, ${new Set(adsOf(seen)).size} different ids` };
    },
  },
  {
    id: "stat.days92",
    question: "Are 92 days taken in one request?",
    by: ["days92"],
    judge: takes("days92"),
  },
  {
    id: "stat.days366",
    question: "Are 366 days taken in one request?",
    by: ["days366"],
    judge: takes("days366"),
  },
  ...limitQuestions<V2Call>(),
  notAsked(
    "host.second",
    "Does the host ads.vk.ru answer too?",
    "the token goes to the address of the settings only",
  ),
  notAsked("token.five", "Are five pairs of tokens the most?", "it would use them up"),
  notAsked(
    "token.codes",
    "Do refused tokens come with the codes that were reported?",
    "it would replace the kept tokens",
  ),
  notAsked(
    "list.campaigns",
    "Does the older resource campaigns hold ad groups?",
    "the loader may not ask for it",
  ),
  notAsked("stat.v3", "Do the statistics of API v3 exist?", "the loader may not ask for them"),
  notAsked("stat.vat", "Is spent net of VAT?", "figures do not tell; compare a day with the cabinet"),
  notAsked("stat.final", "Are figures final after 30 days?", "it takes two probes, weeks apart"),
];
