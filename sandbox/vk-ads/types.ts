/** An advertising account. */
export interface Account {
  /** Its number as text. */
  id: string;
  currency: string;
  /** The agency's account, where this one is a client of an agency: legacy requests name both. */
  agency?: string;
}

export type Status = "active" | "blocked" | "deleted";

/** A campaign. */
export interface AdPlan {
  id: number;
  account: string;
  name: string;
  status: Status;
}

/** Ads with a common audience. */
export interface AdGroup {
  id: number;
  adPlan: number;
  name: string;
  status: Status;
  /** Tracking parameters for the links of its ads: `utm_source=vk&utm_medium=cpc`; may be empty. */
  utm: string;
}

/** An ad. */
export interface Banner {
  id: number;
  adGroup: number;
  name: string;
  status: Status;
  /** Landing links by their place in the ad; the legacy API knows the first one only. */
  urls: Readonly<Record<string, string>>;
}

/** What an ad did on a day, as the API writes it; what is left out is missing from the answer. */
export interface DayStat {
  /** `2030-01-31`, in Moscow. */
  day: string;
  shows?: number | string;
  clicks?: number | string;
  /** Units of the account's currency as decimal text. */
  spent?: string;
}

/** What the API serves: generated accounts, or a store that a test fills and changes. */
export interface Cabinet {
  accounts(): readonly Account[];
  /** All campaigns of an account, deleted ones included, by id; so are the lists below. */
  adPlans(account: string): readonly AdPlan[];
  adGroups(account: string): readonly AdGroup[];
  banners(account: string): readonly Banner[];
  /** The days of an ad on which something happened, from the first to the last one, both included. */
  stats(banner: Banner, from: string, to: string): readonly DayStat[];
}
