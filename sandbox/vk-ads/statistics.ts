import { DAY } from "../moscow-time";
import type { ActiveFaults } from "../faults";
import { sumDecimals } from "./decimals";
import type { Banner, Cabinet, DayStat } from "./types";

/** One ad of a statistics answer. */
export interface AdStats {
  id: number;
  stats: readonly DayStat[];
}

/** Above every number that accounts have for their ads: what the fault `unknownAd` tells of. */
export const UNKNOWN_AD = 8_999_999_999_999_999;

/** The statistics of these ads, with one that nobody knows where a fault says so. */
export function adStats(
  cabinet: Cabinet,
  banners: readonly Banner[],
  { from, to }: Period,
  faults: ActiveFaults,
): AdStats[] {
  const known = banners.map((banner) => ({ id: banner.id, stats: cabinet.stats(banner, from, to) }));
  if (!faults.find("unknownAd")) return known;
  return [...known, { id: UNKNOWN_AD, stats: [{ day: from, shows: 100, clicks: 1, spent: "10.00" }] }];
}

/** Days as text, both included. */
export interface Period {
  from: string;
  to: string;
}

/** Number of days of a period; undefined when it is none. */
export function daysOf({ from, to }: Period): number | undefined {
  if (!isDay(from) || !isDay(to) || from > to) return undefined;
  return (Date.parse(to) - Date.parse(from)) / DAY + 1;
}

function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** The body of the newer API's statistics: rows and totals. */
export function renderStatistics(ads: readonly AdStats[], faults: ActiveFaults): object {
  const stats = ads.flatMap((ad) => ad.stats);
  const addition: DayStat[] = faults.find("wrongTotal")
    ? [{ day: "", shows: 1, clicks: 1, spent: "1.00" }]
    : [];
  return {
    items: ads.map((ad) => ({
      id: ad.id,
      rows: ad.stats.map((stat) => ({ date: stat.day, base: renderDay(stat) })),
      total: { base: renderTotal([...ad.stats, ...addition]) },
    })),
    total: { base: renderTotal([...stats, ...addition]) },
  };
}

/** The group of metrics `base`; ratios are as rough as they are useless. */
function renderDay({ shows, clicks, spent }: DayStat): object {
  const money = Number(spent ?? 0);
  const per = (count: number) => (count === 0 ? "0" : (money / count).toFixed(2));
  const percent = (part: number, whole: number) => (whole === 0 ? 0 : Math.round((part * 1e4) / whole) / 100);
  const [views, visits] = [Number(shows ?? 0), Number(clicks ?? 0)];
  return {
    shows,
    clicks,
    spent,
    goals: 0,
    cpm: per(views / 1000),
    cpc: per(visits),
    cpa: "0",
    ctr: percent(visits, views),
    cr: 0,
  };
}

function renderTotal(stats: readonly DayStat[]): object {
  const sum = (counts: (number | string | undefined)[]) =>
    counts.reduce<number>((total, count) => total + Number(count ?? 0), 0);
  return {
    shows: sum(stats.map(({ shows }) => shows)),
    clicks: sum(stats.map(({ clicks }) => clicks)),
    spent: sumDecimals(stats.map(({ spent }) => spent ?? "0")),
  };
}
