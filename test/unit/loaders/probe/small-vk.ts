import { serve, type Asked } from "./support";

/** Little APIs of VK that share no code with the sandbox, and may be otherwise in what the probe asks. */
export const CLIENT = { account: "4001", clientId: "planted-id", clientSecret: "planted-secret" };
export const OLD = { account: "4002", api: "legacy", accessToken: "planted-legacy-token" };

type Row = Record<string, unknown>;
type Answered = { status?: number; headers?: Record<string, string>; body: unknown };

export interface V2Habits {
  filters: boolean;
  offset: boolean;
  sorting: boolean;
  most: number;
  /** A larger page is refused; else it is cut. */
  refusesLarge: boolean;
  /** Groups and ads have the fields in which marks may stand. */
  marks: boolean;
  user: Row;
  mayReadStatistics: boolean;
  unknownId: "refused" | "left out";
  mostIds: number;
  mostDays: number;
  day: (day: string) => string;
  money: (roubles: number) => unknown;
  /** What the total of an ad is too high by. */
  excess: number;
  headers: Record<string, string>;
}

export const usualV2: V2Habits = {
  filters: true,
  offset: true,
  sorting: true,
  most: 50,
  refusesLarge: false,
  marks: true,
  user: { id: 4001, currency: "RUB", email: "planted@example.test" },
  mayReadStatistics: true,
  unknownId: "refused",
  mostIds: 200,
  mostDays: 366,
  day: (day) => day,
  money: (roubles) => roubles.toFixed(2),
  excess: 0,
  headers: { "X-RateLimit-RPS-Limit": "10" },
};

const STATUSES = ["active", "blocked", "deleted"];
const spendOf = (ad: number, day: number) => ad + day + 0.25;

function daysFrom(from: string, to: string): string[] {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: (last - first) / 86_400_000 + 1 }, (_, index) =>
    new Date(first + index * 86_400_000).toISOString().slice(0, 10),
  );
}

/** An account with two campaigns, three groups and 60 ads, a third of each status. */
export async function serveV2(habits: Partial<V2Habits> = {}) {
  const api = { ...usualV2, ...habits };
  const utm = api.marks ? { utm: "utm_source=vk&utm_content=planted_{{banner_id}}" } : {};
  const link = "https://planted.example.test/?utm_term=planted&phone=79111112233";
  const urls = api.marks ? { urls: { primary: { id: 1, url: link } } } : {};
  const rows: Record<string, Row[]> = {
    ad_plans: [1, 2].map((id) => ({ id, name: "Planted Campaign", status: "active" })),
    ad_groups: [11, 12, 13].map((id) => ({
      id,
      name: "Planted Group",
      status: "active",
      ad_plan_id: 1,
      ...utm,
    })),
    banners: Array.from({ length: 60 }, (_, index) => ({
      id: 101 + index,
      name: "Planted Ad",
      status: STATUSES[index % 3],
      ad_group_id: 11,
      ...urls,
    })),
  };
  const list = (all: Row[], query: URLSearchParams): Answered => {
    const limit = Number(query.get("limit") ?? 20);
    if (limit > api.most && api.refusesLarge) return { status: 400, body: { error: { code: "bad_limit" } } };
    const [ids, statuses] = ["_id__in", "_status__in"].map((name) => query.get(name)?.split(","));
    const found = all.filter(
      ({ id, status }) =>
        !api.filters ||
        ((ids?.includes(String(id)) ?? true) && (statuses ?? ["active"]).includes(String(status))),
    );
    if (api.sorting && query.get("sorting") === "-id") found.reverse();
    if (!api.sorting) found.sort((a, b) => (Number(a.id) % 7) - (Number(b.id) % 7));
    const from = api.offset ? Number(query.get("offset") ?? 0) : 0;
    const size = Math.min(limit, api.most);
    const fields = (query.get("fields") ?? "id").split(",");
    const items = found
      .slice(from, from + size)
      .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => fields.includes(name))));
    return { body: { count: found.length, offset: from, limit: size, items } };
  };
  const statistics = (query: URLSearchParams): Answered => {
    if (!api.mayReadStatistics) return { status: 403, body: { code: "no_right", message: "planted" } };
    const ids = (query.get("id") ?? "").split(",");
    const days = daysFrom(query.get("date_from") ?? "", query.get("date_to") ?? "");
    const known = new Set((rows.banners ?? []).map(({ id }) => String(id)));
    const isRefused = ids.some((id) => !known.has(id)) && api.unknownId === "refused";
    if (isRefused || ids.length > api.mostIds || days.length > api.mostDays) {
      return { status: 400, body: { error: { code: "wrong_request", message: "planted" } } };
    }
    const items = [...new Set(ids)]
      .filter((id) => known.has(id))
      .map((id) => {
        const spends = days.map((_, index) => spendOf(Number(id), index));
        const sum = spends.reduce((total, one) => total + one, 0);
        return {
          id: Number(id),
          rows: days.map((day, index) => ({
            date: api.day(day),
            base: { shows: 10, clicks: 1, spent: api.money(spends[index] as number) },
          })),
          total: {
            base: { shows: 10 * days.length, clicks: days.length, spent: api.money(sum + api.excess) },
          },
        };
      });
    return { body: { items } };
  };
  const answer = ({ path, query, token, body }: Asked): Answered => {
    if (path === "/api/v2/oauth2/token.json") {
      const form = new URLSearchParams(body);
      if (form.get("client_secret") !== CLIENT.clientSecret)
        return { status: 401, body: { code: "invalid_client" } };
      return {
        body: { access_token: "planted-access", refresh_token: "planted-refresh", expires_in: "86400" },
      };
    }
    if (token !== "planted-access") return { status: 401, body: { code: "invalid_token" } };
    if (path === "/api/v3/user.json") return { body: api.user };
    if (path === "/api/v2/statistics/banners/day.json") return statistics(query);
    const listed = rows[/^\/api\/v2\/([a-z_]+)\.json$/.exec(path)?.[1] ?? ""];
    return listed === undefined
      ? { status: 404, body: { error: { code: "not_found" } } }
      : list(listed, query);
  };
  return serve((asked) => ({ headers: api.headers, ...answer(asked) }));
}

export interface LegacyHabits {
  items: boolean;
  filters: boolean;
  offset: boolean;
  /** The link stands in getAds, not in getAdsLayout. */
  linkInAds: boolean;
  unknownId: "refused" | "left out";
  /** Status and code of a bad parameter. */
  badParameter: [status: number, code: number];
  month: boolean;
  money: (roubles: number) => unknown;
  flood: unknown;
  headers: Record<string, string>;
}

export const usualLegacy: LegacyHabits = {
  items: false,
  filters: true,
  offset: true,
  linkInAds: false,
  unknownId: "left out",
  badParameter: [200, 100],
  month: false,
  money: (roubles) => roubles.toFixed(2),
  flood: { left: 7, refresh: 60 },
  headers: {},
};

/** An account of the old API with two campaigns of five ads. */
export async function serveLegacy(habits: Partial<LegacyHabits> = {}) {
  const api = { ...usualLegacy, ...habits };
  const ids = Array.from({ length: 10 }, (_, index) => String(201 + index));
  const campaignOf = (id: string) => (Number(id) <= 205 ? 1 : 2);
  const link = { link_url: "https://planted.example.test/?utm_source=planted&utm_content=planted_05_11" };
  const fault = ([status, code]: [number, number]): Answered => ({
    status,
    body: { error: { error_code: code, error_msg: "planted" } },
  });
  const wrap = (list: Row[]): Answered => ({ body: { response: api.items ? { items: list } : list } });
  const ads = (form: URLSearchParams): string[] => {
    const listOf = (name: string) => (JSON.parse(form.get(name) ?? "null") as number[] | null)?.map(String);
    const [campaigns, wanted] = [listOf("campaign_ids"), listOf("ad_ids")];
    const found = ids.filter(
      (id) =>
        !api.filters ||
        ((campaigns?.includes(String(campaignOf(id))) ?? true) && (wanted?.includes(id) ?? true)),
    );
    const from = api.offset ? Number(form.get("offset") ?? 0) : 0;
    return found.slice(from, from + Number(form.get("limit") ?? 2000));
  };
  const answer = ({ path, body }: Asked): Answered => {
    const form = new URLSearchParams(body);
    if (form.get("access_token") !== OLD.accessToken) return fault([200, 5]);
    switch (path.replace("/method/ads.", "")) {
      case "getCampaigns": {
        const name = api.items ? "title" : "name";
        return wrap([1, 2].map((id) => ({ id, [name]: "Planted Campaign", status: 1 })));
      }
      case "getAds":
        return wrap(
          ads(form).map((id) => ({
            id,
            campaign_id: campaignOf(id),
            name: "Planted Ad",
            ...(api.linkInAds ? link : {}),
          })),
        );
      case "getAdsLayout":
        return wrap(
          ads(form).map((id) => ({ id, campaign_id: campaignOf(id), ...(api.linkInAds ? {} : link) })),
        );
      case "getFloodStats":
        return { body: { response: api.flood } };
      case "getStatistics": {
        if (form.get("period") !== "day") return fault(api.badParameter);
        const wanted = (form.get("ids") ?? "").split(",");
        if (wanted.some((id) => !ids.includes(id)) && api.unknownId === "refused") return fault([200, 100]);
        const days = daysFrom(form.get("date_from") ?? "", form.get("date_to") ?? "");
        return wrap(
          wanted
            .filter((id) => ids.includes(id))
            .map((id) => ({
              id: Number(id),
              type: "ad",
              stats: days.map((day, index) => ({
                ...(api.month ? { month: day.slice(0, 7) } : { day }),
                spent: api.money(spendOf(Number(id), index)),
                impressions: 10,
                clicks: 1,
              })),
            })),
        );
      }
      default:
        return fault([200, 3]);
    }
  };
  return serve((asked) => ({ headers: api.headers, ...answer(asked) }));
}
