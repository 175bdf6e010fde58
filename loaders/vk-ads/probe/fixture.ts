import { anonymise, NUMBER, type KnownFields, type Rewrite } from "../../pipeline/fixture";

/** Rows of a list that are kept. */
const ROWS = 20;

/** A value that a campaign's maker left to the vendor: `{{banner_id}}`. */
const MACRO = /^\{\{[a-z_]{1,30}\}\}$/;
const MARKS = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"];

/** The marks of a link or of a tracking string, each value replaced; nothing else of it stays. */
const marks: Rewrite = (text, hide) => {
  const [, query] = text.split("?", 2);
  const parameters = new URLSearchParams(query ?? text);
  const kept = MARKS.flatMap((name) => {
    const value = parameters.get(name);
    return value === null ? [] : [`${name}=${MACRO.test(value) ? value : hide(value)}`];
  }).join("&");
  if (!/^[a-z]+:\/\//i.test(text)) return kept === "" ? hide(text) : kept;
  return `https://shop.example.test/${kept === "" ? "" : `?${kept}`}`;
};

/** What stays of the fields that the loader reads, of both APIs. */
const FIELDS: KnownFields = {
  count: NUMBER,
  offset: NUMBER,
  limit: NUMBER,
  items: "hidden",

  id: "id",
  ad_plan_id: "id",
  ad_group_id: "id",
  campaign_id: "id",
  name: "hidden",
  title: "hidden",
  status: /^(?:active|blocked|deleted|[012])$/,
  utm: marks,
  urls: "hidden",
  primary: "hidden",
  url: marks,
  link_url: marks,
  link_domain: () => "shop.example.test",

  rows: "hidden",
  stats: "hidden",
  type: /^ad$/,
  date: "time",
  day: "time",
  base: "hidden",
  total: "hidden",
  shows: NUMBER,
  impressions: NUMBER,
  clicks: NUMBER,
  spent: NUMBER,
  goals: NUMBER,
  cpm: NUMBER,
  cpc: NUMBER,
  cpa: NUMBER,
  ctr: NUMBER,
  cr: NUMBER,
};

/** The first rows of what was answered, anonymised. */
export function fixtureOf<Name extends string>(
  answers: Partial<Record<Name, unknown>>,
  now: number,
): Partial<Record<Name, unknown>> {
  const short = Object.entries(answers).map(([name, answer]) => [name, cut(answer)] as const);
  return anonymise<Name>(Object.fromEntries(short) as Partial<Record<Name, unknown>>, FIELDS, now);
}

/** A list, or an object that holds one, with its first rows only, as if there were no more. */
function cut(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.slice(0, ROWS);
  const { items, count, ...rest } = (answer ?? {}) as { items?: unknown; count?: unknown };
  if (!Array.isArray(items)) return answer;
  const rows = items.slice(0, ROWS) as unknown[];
  return { ...rest, ...(count === undefined ? {} : { count: rows.length }), items: rows };
}
