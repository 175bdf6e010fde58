import type { Banner, Cabinet } from "./types";

/** One ad on one day, as a right loader arrives at it. */
export interface ExpectedAdDay {
  day: string;
  campaign: string;
  group: string;
  ad: string;
  utm: ExpectedUtm;
  impressions: number;
  clicks: number;
  /** As the API writes it; `0` where it says nothing. */
  spend: string;
}

export interface ExpectedUtm {
  source: string;
  medium: string;
  campaign: string;
  content: string;
  term: string;
}

/** The days of all ads of an account, deleted ones included, by day and ad; without any of the loader's code. */
export function expectedAdDays(cabinet: Cabinet, account: string, from: string, to: string): ExpectedAdDay[] {
  const groups = new Map(cabinet.adGroups(account).map((group) => [group.id, group]));
  return cabinet
    .banners(account)
    .flatMap((banner) =>
      cabinet.stats(banner, from, to).map(({ day, shows, clicks, spent }) => ({
        day,
        campaign: String(groups.get(banner.adGroup)?.adPlan),
        group: String(banner.adGroup),
        ad: String(banner.id),
        utm: utmOf(banner, groups.get(banner.adGroup)?.utm ?? ""),
        impressions: Number(shows ?? 0),
        clicks: Number(clicks ?? 0),
        spend: spent ?? "0",
      })),
    )
    .sort((a, b) => a.day.localeCompare(b.day) || Number(a.ad) - Number(b.ad));
}

/** What the group says comes first, then the links in their order; values without content do not count. */
function utmOf({ urls }: Banner, groupUtm: string): ExpectedUtm {
  const parameters = [new URLSearchParams(groupUtm), ...Object.values(urls).map(queryOf)];
  const value = (name: string) =>
    parameters
      .flatMap((each) => each.getAll(`utm_${name}`))
      .map((text) => text.trim())
      .find((text) => text !== "") ?? "";
  return {
    source: value("source"),
    medium: value("medium"),
    campaign: value("campaign"),
    content: value("content"),
    term: value("term"),
  };
}

/** The parameters of a link; none when it is not a URL. */
function queryOf(url: string): URLSearchParams {
  return URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
}
