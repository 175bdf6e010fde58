import { BadValue, parseMoney, type Kopecks } from "../core/values";
import { field } from "../core/fields";

/** The five marks of a landing link, as they stand there; empty = none. */
export interface Utm {
  utm_source: string;
  utm_medium: string;
  utm_campaign: string;
  utm_content: string;
  utm_term: string;
}

/** An ad with what its rows carry; both APIs give the same. */
export interface Ad {
  id: string;
  campaignId: string;
  campaignName: string;
  /** Empty where the API has no groups. */
  groupId: string;
  name: string;
  utm: Utm;
}

/** What an ad did on a day. */
export interface DailyStat {
  adId: string;
  /** YYYY-MM-DD, Moscow. */
  day: string;
  impressions: number;
  clicks: number;
  spend: Kopecks;
}

/** A counter; absent, null and empty text are 0, as the API leaves out what did not happen. */
function readCounter(value: unknown): number {
  if (value === undefined || value === null || value === "") return 0;
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw new BadValue("unreadable counter");
  if (number < 0) throw new BadValue("negative counter");
  return number;
}

/** Money in roubles; absent and empty are 0. */
function readSpend(value: unknown): Kopecks {
  if (value === undefined || value === null || value === "") return 0;
  const spend = parseMoney(value);
  if (spend < 0) throw new BadValue("negative money");
  return spend;
}

/** A calendar day that exists. */
export function readDay(value: unknown): string {
  const text = typeof value === "string" ? value : "";
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text))
    throw new BadValue("unreadable day");
  return text;
}

/** What both APIs call differently is read by these. */
export const counter = () => field(readCounter);
export const spend = () => field(readSpend);
export const day = () => field(readDay);
