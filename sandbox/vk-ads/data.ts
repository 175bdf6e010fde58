import { DAY, dayText, moscowDay } from "../moscow-time";
import { eventPlans, type EventPlan } from "../qtickets/plan";
import { Random } from "../random";
import type { Account, AdGroup, AdPlan, Banner, Cabinet, DayStat, Status } from "./types";

/** Size of the generated accounts. */
export interface VkDataOptions {
  /** The same seed, account and day give the same data. */
  seed: number;
  /** Number of the events that the ads are about: the first of the ticket shop. */
  events: number;
  /** Full days of statistics before today. */
  days: number;
  /** The clock, in epoch milliseconds; it tells the day. */
  now: () => number;
}

/** Where the UTM values of a group's ads stand, or what is wrong with them. */
type UtmPlace =
  "group" | "banner" | "split" | "none" | "unparsable" | "impossibleDate" | "macro" | "withoutLink";

/** One per group, so that every account has each of them, whatever the seed. */
const places: readonly UtmPlace[] = [
  "group",
  "banner",
  "split",
  "group",
  "banner",
  "none",
  "group",
  "banner",
  "unparsable",
  "split",
  "impossibleDate",
  "banner",
  "group",
  "macro",
  "withoutLink",
];

const planStatuses: readonly Status[] = ["active", "active", "blocked", "active", "deleted"];
const bannerStatuses: readonly Status[] = ["active", "active", "blocked", "active", "deleted"];
const GROUPS_PER_PLAN = places.length / planStatuses.length;
/** More ads than the largest page holds. */
const BANNERS_PER_GROUP = 4;

/** Numbers that an account may use for its objects: the account's number comes before them. */
const IDS_PER_ACCOUNT = 10_000;
const FIRST = { adPlan: 1_000, adGroup: 2_000, banner: 4_000 };

/** Share in percent of a day's final figures that is known today, a day later and two days later. */
const known = [40, 85, 95];

/** An ad runs in flights: so many days out of every three weeks. */
const CYCLE = 21;
const RUNNING_DAYS: Record<Status, number> = { active: 18, blocked: 6, deleted: 4 };

interface Content {
  adPlans: AdPlan[];
  adGroups: AdGroup[];
  banners: Banner[];
}

/** Invented accounts whose ads lead to the events of the ticket shop with the same seed. */
export class VkData implements Cabinet {
  private readonly content: ReadonlyMap<string, Content>;

  /** @param ids numbers of the accounts */
  constructor(
    ids: readonly string[],
    private readonly options: VkDataOptions,
  ) {
    const plans = eventPlans(options.seed, options.events);
    this.content = new Map(ids.map((id) => [id, buildContent(options.seed, id, plans)]));
  }

  accounts(): readonly Account[] {
    return [...this.content.keys()].map((id) => ({ id, currency: "RUB" }));
  }

  adPlans(account: string): readonly AdPlan[] {
    return this.content.get(account)?.adPlans ?? [];
  }

  adGroups(account: string): readonly AdGroup[] {
    return this.content.get(account)?.adGroups ?? [];
  }

  banners(account: string): readonly Banner[] {
    return this.content.get(account)?.banners ?? [];
  }

  stats(banner: Banner, from: string, to: string): readonly DayStat[] {
    const today = moscowDay(this.options.now());
    const first = Math.max(dayNumber(from), today - this.options.days);
    const last = Math.min(dayNumber(to), today);
    const stats: DayStat[] = [];
    for (let day = first; day <= last; day++) {
      const runs = (day + banner.id) % CYCLE < RUNNING_DAYS[banner.status];
      if (runs) stats.push(dayStat(this.options.seed, banner.id, day, known[today - day] ?? 100));
    }
    return stats;
  }
}

function dayNumber(text: string): number {
  return Date.parse(text) / DAY;
}

/** 100 to 3000 roubles at 90 to 300 roubles for a thousand impressions, of which 0.4 to 2.5 percent are clicked. */
function dayStat(seed: number, banner: number, day: number, percent: number): DayStat {
  const random = new Random(seed, 21, banner, day);
  const kopecks = random.int(10_000, 300_000);
  const shows = Math.round((kopecks * 10) / random.int(90, 300));
  const clicks = Math.round((shows * random.int(4, 25)) / 1000);
  const soFar = (figure: number) => Math.floor((figure * percent) / 100);
  const spent = (soFar(kopecks) / 100).toFixed(2);
  return { day: dayText(day), shows: soFar(shows), clicks: soFar(clicks), spent };
}

function buildContent(seed: number, account: string, events: readonly EventPlan[]): Content {
  const firstId = Number(account) * IDS_PER_ACCOUNT;
  const content: Content = { adPlans: [], adGroups: [], banners: [] };
  for (const [index, status] of planStatuses.entries()) {
    const id = firstId + FIRST.adPlan + index;
    content.adPlans.push({ id, account, name: `VK c${index + 1}`, status });
  }
  for (const [index, place] of places.entries()) {
    const planIndex = Math.floor(index / GROUPS_PER_PLAN);
    const random = new Random(seed, 20, Number(account), index);
    const event = events[random.int(0, events.length - 1)] as EventPlan;
    const id = firstId + FIRST.adGroup + index;
    const tags = utmOf(place, event, `c${planIndex + 1}`, random);
    content.adGroups.push({
      id,
      adPlan: firstId + FIRST.adPlan + planIndex,
      name: `${event.title.trim()}, ${event.city.utmCode}`,
      // A group keeps its ads when it is switched off.
      status: index === 4 ? "blocked" : index === 9 ? "deleted" : "active",
      utm: tags.group,
    });
    for (let number = 0; number < BANNERS_PER_GROUP; number++) {
      const position = index * BANNERS_PER_GROUP + number;
      const query = tags.banner === "" ? "" : `?${tags.banner}`;
      const url = `https://shop.example.test/event-${event.index + 1}${query}`;
      content.banners.push({
        id: firstId + FIRST.banner + position,
        adGroup: id,
        name: `AD ${position + 1}`,
        status: bannerStatuses[position % bannerStatuses.length] as Status,
        urls: place === "withoutLink" ? {} : { primary: url },
      });
    }
  }
  return content;
}

/** The UTM values of a group's ads, split into those that stand on the group and those in the links. */
function utmOf(
  place: UtmPlace,
  event: EventPlan,
  campaign: string,
  random: Random,
): { group: string; banner: string } {
  const usual = { utm_source: "vk", utm_medium: "cpc", utm_campaign: campaign };
  const twoDigits = (high: number) => String(random.int(1, high)).padStart(2, "0");
  const content = { utm_content: `${event.city.utmCode}_${twoDigits(28)}_${twoDigits(12)}` };
  const [group, banner]: [Record<string, string>, Record<string, string>] = {
    group: [{ ...usual, ...content }, {}],
    banner: [{}, { ...usual, ...content, utm_term: "билеты" }],
    split: [usual, content],
    none: [{}, {}],
    unparsable: [{}, { ...usual, utm_content: "banner-1" }],
    impossibleDate: [{}, { ...usual, utm_content: `${event.city.utmCode}_31_02` }],
    macro: [{ ...usual, utm_content: "{{banner_id}}" }, {}],
    withoutLink: [{}, {}],
  }[place] as [Record<string, string>, Record<string, string>];
  // Groups hold the values as somebody typed them, links as browsers encode them.
  const typed = Object.entries(group).map(([name, value]) => `${name}=${value}`);
  return { group: typed.join("&"), banner: new URLSearchParams(banner).toString() };
}
