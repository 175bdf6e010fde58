import { UNKNOWN_AD } from "../../../../sandbox/vk-ads/statistics";
import { expectedAdDays, type ExpectedUtm } from "../../../../sandbox/vk-ads/expected";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import type { Banner } from "../../../../sandbox/vk-ads/types";
import type { VendorStep } from "./property-history";
import type { WrittenRow } from "./property-run";

export const ACCOUNTS = ["1001", "1002"] as const;
/** The second account is that of the old API, which has no groups. */
export const LEGACY = "1002";

/** What campaigns write into `utm_content`, and what is to be read there. */
const CONTENTS: readonly { content: string; raw: string; normal: string; key: string; date: [number, number] }[] = [
  { content: "msk_05_11", raw: "msk", normal: "msk", key: "msk", date: [5, 11] },
  { content: "Kzn_31_12", raw: "Kzn", normal: "kzn", key: "kzn", date: [31, 12] },
  { content: "Новый_Город_29_02", raw: "Новый_Город", normal: "новый город", key: "новый город", date: [29, 2] },
  { content: "gorod_01_02", raw: "gorod", normal: "gorod", key: "gorod", date: [1, 2] },
  { content: "село-ёлкино_10_10", raw: "село-ёлкино", normal: "село-ёлкино", key: "село елкино", date: [10, 10] },
  ...["tver_1_2", "msk_31_02", "", "{{banner_id}}"].map((content) => ({ content, raw: "", normal: "", key: "", date: [0, 0] as [number, number] })),
]; // prettier-ignore

/** Spellings that a history gives an alias and takes it away again. */
export const SPELLINGS = ["gorod", "село елкино", "новый город"] as const;
const CITIES = ["москва", "казань", "тверь", ""] as const;
const SOURCES = ["vk", "VK", ""] as const;
const DAY = 86_400_000;

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

function utmFields(index: number | null): ExpectedUtm {
  if (index === null) return { source: "", medium: "", campaign: "", content: "", term: "" };
  return {
    source: pick(SOURCES, index),
    medium: "cpc",
    campaign: index % 2 === 0 ? "C1" : "Весна",
    content: pick(CONTENTS, index).content,
    term: index % 5 === 0 ? "билеты" : "",
  };
}

function queryOf(index: number | null): string {
  return Object.entries(utmFields(index))
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `utm_${name}=${value}`)
    .join("&");
}

/** Every ad has a link: the old API tells what stands on the group as a part of it. */
function linkOf(utm: number | null): Banner["urls"] {
  return { primary: encodeURI(`https://shop.example.test/${utm === null ? "" : `?${queryOf(utm)}`}`) };
}

/** One ad on one day, as it was last seen. */
interface Seen {
  day: string;
  account: string;
  campaign: string;
  group: string;
  ad: string;
  campaignName: string;
  adName: string;
  utm: ExpectedUtm;
  city: string;
  impressions: number;
  clicks: number;
  kopecks: number;
}

/** Money of the API's or the server's text: kopecks, as the test writes no more than two places. */
const kopecksOf = (text: string): number => Math.round(Number(text) * 100);
export const money = (kopecks: number): string => (kopecks / 100).toFixed(2);
const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Number((part / whole).toPrecision(12));

interface Sale {
  day: string;
  city: string;
  currency: string;
  utm: ExpectedUtm;
  tickets: number;
  kopecks: number;
}

/** What every table and view has to hold; a line per row, sorted. */
export interface Costs {
  staging: string[];
  fact: string[];
  costs: string[];
  daily: string[];
  romi: string[];
  biAds: string[];
  biRoi: string[];
}

/** The vendor, and beside it what the warehouse must come to, in plain TypeScript. */
export class Model {
  readonly store = new VkStore();
  now: number;
  readonly aliases = new Map<string, string>([
    ["msk", "москва"],
    ["kzn", "казань"],
  ]);
  readonly sales = new Map<string, Sale>();
  readonly direct = new Map<string, Sale & { clicks: number }>();
  private readonly seen = new Map<string, Seen>();
  private readonly ads: Banner[] = [];
  private readonly groups: number[] = [];
  private readonly campaigns: number[] = [];

  constructor(private readonly begin: number) {
    this.now = begin;
    for (const account of ACCOUNTS) {
      const first = Number(account) * 1000;
      this.store.putAccount({ id: account, currency: "RUB" });
      for (const number of [1, 2]) {
        this.campaigns.push(first + number);
        this.store.putAdPlan({ id: first + number, account, name: `Кампания ${number}`, status: "active" });
      }
      for (const number of [0, 1, 2]) {
        const id = first + 10 + number;
        this.groups.push(id);
        const adPlan = first + 1 + (number % 2);
        this.store.putAdGroup({ id, adPlan, name: `G${number}`, status: "active", utm: queryOf(number) });
      }
      for (const number of [0, 1, 2]) {
        const ad: Banner = { id: first + 100 + number, adGroup: first + 10 + number, name: `AD ${number}`, status: "active", urls: linkOf(null) }; // prettier-ignore
        this.ads.push(ad);
        this.store.putBanner(ad);
      }
    }
  }

  /** The day so many days before the first of the history. */
  day(back: number): string {
    return moscowDay(this.begin - back * DAY);
  }

  campaign(index: number): string {
    return String(pick(this.campaigns, index));
  }

  private ad(index: number): Banner {
    const { id } = pick(this.ads, index);
    return this.ads.find((ad) => ad.id === id) as Banner;
  }

  private account(id: number): string {
    return String(Math.floor(id / 1000));
  }

  /** Changes an ad, whether it is in the lists at the moment or not. */
  private change(ad: Banner, fields: Partial<Banner>): void {
    const isListed = this.store.banners(this.account(ad.id)).some(({ id }) => id === ad.id);
    Object.assign(ad, fields);
    if (isListed) this.store.putBanner({ ...ad });
  }

  apply(step: VendorStep): void {
    switch (step.do) {
      case "stat":
        this.store.putStat(this.ad(step.ad).id, {
          day: this.day(step.day),
          ...(step.impressions === 0 ? {} : { shows: step.impressions }),
          clicks: step.clicks,
          spent: money(step.kopecks),
        });
        break;
      case "unstat":
        this.store.removeStat(this.ad(step.ad).id, this.day(step.day));
        break;
      case "tagGroup":
        this.store.changeAdGroup(pick(this.groups, step.group), { utm: queryOf(step.utm) });
        break;
      case "tagAd":
        this.change(this.ad(step.ad), { urls: linkOf(step.utm) });
        break;
      case "moveAd": {
        const ad = this.ad(step.ad);
        const own = this.groups.filter((id) => this.account(id) === this.account(ad.id));
        this.change(ad, { adGroup: pick(own, step.group) });
        break;
      }
      case "moveGroup": {
        const group = pick(this.groups, step.group);
        const own = this.campaigns.filter((id) => this.account(id) === this.account(group));
        this.store.changeAdGroup(group, { adPlan: pick(own, step.campaign) });
        break;
      }
      case "renameCampaign":
        this.store.changeAdPlan(pick(this.campaigns, step.campaign), { name: `Кампания ${step.name}` });
        break;
      case "renameAd":
        this.change(this.ad(step.ad), { name: `AD ${step.name}` });
        break;
      case "setStatus":
        this.change(this.ad(step.ad), { status: step.status });
        break;
      case "removeAd":
        this.store.removeBanner(this.ad(step.ad).id);
        break;
      case "bringBack":
        this.store.putBanner({ ...this.ad(step.ad) });
        break;
      case "alias": {
        const spelling = pick(SPELLINGS, step.spelling);
        if (step.city === null) this.aliases.delete(spelling);
        else this.aliases.set(spelling, pick(CITIES.slice(0, 3), step.city));
        break;
      }
      case "sell": {
        const { day, utm, city } = this.place(step);
        const event = `E${step.event % 4}`;
        const currency = step.event % 4 === 3 ? "KZT" : "RUB";
        this.sales.set(`${day}|${event}`, { day, city, currency, utm: lower(utm), tickets: step.tickets, kopecks: step.kopecks }); // prettier-ignore
        break;
      }
      case "direct": {
        const { day, utm, city } = this.place(step);
        this.direct.set(day, { day, city, currency: "RUB", utm: lower(utm), tickets: 0, clicks: step.clicks, kopecks: step.kopecks }); // prettier-ignore
        break;
      }
      case "wait":
        this.now += step.seconds * 1000;
        break;
    }
  }

  private place(step: { day: number; city: number; utm: number }) {
    return { day: this.day(step.day), city: pick(CITIES, step.city), utm: utmFields(step.utm) };
  }

  /** The rows that a run must write that reads everything it is asked for; each as one line. */
  truth(
    accounts: readonly string[],
    { from, to }: { from: string; to: string },
    campaign?: string,
  ): string[] {
    return accounts
      .flatMap((account) =>
        expectedAdDays(this.store, account, from, to).map((one): Seen => {
          const plan = this.store.adPlans(account).find(({ id }) => String(id) === one.campaign);
          const ad = this.store.banners(account).find(({ id }) => String(id) === one.ad);
          return {
            ...one,
            account,
            group: account === LEGACY ? "" : one.group,
            campaignName: plan?.name ?? "",
            adName: ad?.name ?? "",
            city: this.cityOf(one.utm.content),
            kopecks: kopecksOf(one.spend),
          };
        }),
      )
      .filter((one) => campaign === undefined || one.campaign === campaign)
      .map(stagingLine)
      .sort();
  }

  private cityOf(content: string): string {
    const { key, normal } = contentOf(content);
    return this.aliases.get(key) ?? normal;
  }

  /** Takes in what a run has written; answers it as lines. An ad that no list has may stand in an answer. */
  take(rows: readonly WrittenRow[]): { known: string[]; unknown: number } {
    const known: string[] = [];
    for (const row of rows) {
      const one = seenOf(row);
      this.seen.set(`${one.day}|${one.account}|${one.ad}`, one);
      if (one.ad !== String(UNKNOWN_AD)) known.push(stagingLine(one));
    }
    return { known: [...new Set(known)].sort(), unknown: rows.length - known.length };
  }

  /** The cities of some days, by the aliases of now. */
  recompute({ from, to }: { from: string; to: string }): void {
    for (const one of this.seen.values()) {
      if (one.day >= from && one.day <= to) one.city = this.cityOf(one.utm.content);
    }
  }

  /** What all of this comes to. */
  expected(): Costs {
    const counted = [...this.seen.values()].filter(
      ({ impressions, clicks, kopecks }) => impressions + clicks + kopecks > 0,
    );
    const ads = counted.map((one) => ({
      ...one,
      source: "vk_ads",
      utm: lower(one.utm),
      tickets: 0,
      revenue: 0,
    }));
    const direct = [...this.direct.values()].map((one) => ({ ...one, source: "yandex_direct", impressions: 0, tickets: 0, revenue: 0 })); // prettier-ignore
    const sales = [...this.sales.values()]
      .filter(({ currency }) => currency === "RUB")
      .map((one) => ({ ...one, source: "", impressions: 0, clicks: 0, kopecks: 0, revenue: one.kopecks }));
    const cost = [...ads, ...direct];
    const costs = sumBy(cost, (one) => [one.day, one.source, one.city, ...utmList(one.utm), "RUB"]);
    const daily = sumBy([...cost, ...sales], (one) => [one.day, one.city]);
    const romi = sumBy([...cost, ...sales], (one) => [one.day, ...utmList(one.utm)]);
    const biAds = sumBy(ads, (one) => [one.day, one.city || "unknown"]);
    const isShown = (sum: Sum) => sum.impressions + sum.clicks + sum.kopecks > 0;
    return {
      staging: counted.map(stagingLine).sort(),
      fact: counted.map(factLine).sort(),
      costs: lines(costs.filter(isShown), (sum) => [sum.impressions, sum.clicks, money(sum.kopecks)]),
      daily: lines(daily.filter(isAnything), (sum) => [
        sum.tickets, money(sum.revenue), sum.impressions, sum.clicks, money(sum.ofVk), money(sum.kopecks - sum.ofVk), money(sum.kopecks),
        ratio(sum.revenue, sum.kopecks), ratio(sum.revenue - sum.kopecks, sum.kopecks), ratio(sum.kopecks / 100, sum.clicks),
        ratio(sum.kopecks / 100, sum.tickets),
      ]), // prettier-ignore
      romi: lines(
        romi.filter(({ tickets, revenue, kopecks }) => tickets + revenue + kopecks > 0),
        (sum) => [sum.tickets, money(sum.revenue), money(sum.kopecks), ratio(sum.revenue, sum.kopecks), ratio(sum.revenue - sum.kopecks, sum.kopecks)], // prettier-ignore
      ),
      biAds: lines(biAds.filter(isShown), (sum) => [sum.impressions, sum.clicks, money(sum.kopecks)]),
      biRoi: lines(
        daily.filter(isAnything).map((sum) => ({ ...sum, key: [sum.key[0] ?? "", sum.key[1] || "unknown"] })),
        (sum) => [
          money(sum.revenue), sum.tickets, sum.impressions, sum.clicks, money(sum.kopecks), ratio(sum.revenue, sum.kopecks),
          ratio(sum.kopecks / 100, sum.clicks), ratio(sum.kopecks / 100, sum.tickets),
        ],
      ), // prettier-ignore
    };
  }
}

/** The Moscow day of a timestamp (ms), where summer time is no more. */
export function moscowDay(ms: number): string {
  return new Date(ms + 3 * 3_600_000).toISOString().slice(0, 10);
}

function contentOf(content: string) {
  const found = CONTENTS.find((one) => one.content === content);
  if (found === undefined) throw new Error(`the test does not know ${content}`);
  return found;
}

const utmList = ({ source, medium, campaign, content, term }: ExpectedUtm) => [source, medium, campaign, content, term]; // prettier-ignore

function lower(utm: ExpectedUtm): ExpectedUtm {
  return Object.fromEntries(
    Object.entries(utm).map(([name, value]: [string, string]) => [name, value.toLowerCase()]),
  ) as unknown as ExpectedUtm;
}

const measures = ({ impressions, clicks, kopecks }: Seen) => [impressions, clicks, money(kopecks)];

/** The columns of staging, without version and time of loading. */
function stagingLine(one: Seen): string {
  const { raw, date } = contentOf(one.utm.content);
  const ok = raw === "" ? 0 : 1;
  return [
    one.day, one.account, one.campaign, one.group, one.ad, one.campaignName, one.adName, raw, one.city, ...utmList(one.utm),
    ...date, ok, ...measures(one), "RUB",
  ].join("|"); // prettier-ignore
}

function factLine(one: Seen): string {
  const { day, account, campaign, group, ad, campaignName, city } = one;
  return [day, account, campaign, group, ad, campaignName, city, ...utmList(lower(one.utm)), ...measures(one), "RUB"].join("|"); // prettier-ignore
}

function seenOf(row: WrittenRow): Seen {
  const text = (name: string) => row[name] ?? "";
  const utm = { source: text("utm_source"), medium: text("utm_medium"), campaign: text("utm_campaign"), content: text("utm_content"), term: text("utm_term") }; // prettier-ignore
  const { raw, date } = contentOf(utm.content);
  const parsed = [text("city_raw"), text("utm_day"), text("utm_month"), text("utm_parse_ok")].join("|");
  if (parsed !== [raw, ...date, raw === "" ? 0 : 1].join("|"))
    throw new Error(`${utm.content} was read as ${parsed}`);
  return {
    day: text("stat_date"), account: text("account_id"), campaign: text("campaign_id"), group: text("ad_group_id"), ad: text("ad_id"),
    campaignName: text("campaign_name"), adName: text("ad_name"), utm, city: text("city"),
    impressions: Number(text("impressions")), clicks: Number(text("clicks")), kopecks: kopecksOf(text("spend")),
  }; // prettier-ignore
}

interface Summed {
  source: string;
  impressions: number;
  clicks: number;
  kopecks: number;
  tickets: number;
  revenue: number;
}
interface Sum extends Omit<Summed, "source"> {
  key: string[];
  ofVk: number;
}

function sumBy<T extends Summed>(rows: readonly T[], keyOf: (row: T) => string[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) {
    const key = keyOf(row);
    const sum = sums.get(key.join("|")) ?? { key, impressions: 0, clicks: 0, kopecks: 0, tickets: 0, revenue: 0, ofVk: 0 }; // prettier-ignore
    sums.set(key.join("|"), sum);
    for (const name of ["impressions", "clicks", "kopecks", "tickets", "revenue"] as const)
      sum[name] += row[name];
    if (row.source === "vk_ads") sum.ofVk += row.kopecks;
  }
  return [...sums.values()];
}

const isAnything = (sum: Sum) => sum.impressions + sum.clicks + sum.kopecks + sum.tickets + sum.revenue > 0;

function lines(sums: readonly Sum[], values: (sum: Sum) => unknown[]): string[] {
  return sums.map((sum) => [...sum.key, ...values(sum)].join("|")).sort();
}
