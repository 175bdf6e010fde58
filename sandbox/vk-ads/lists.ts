import type { ActiveFaults } from "../faults";
import { json, type Answer } from "../http";
import { BadRequest } from "./errors";
import type { AdGroup, AdPlan, Banner } from "./types";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 50;
const DEFAULT_FIELDS = "id,name";

/** A list of the newer API. */
export interface Listing {
  /** By ascending id. */
  rows: readonly Readonly<Record<string, unknown>>[];
  /** The fields of every row. */
  columns: readonly string[];
}

export function adPlanListing(adPlans: readonly AdPlan[]): Listing {
  return {
    columns: ["id", "name", "status"],
    rows: adPlans.map(({ id, name, status }) => ({ id, name, status })),
  };
}

export function adGroupListing(adGroups: readonly AdGroup[]): Listing {
  return {
    columns: ["id", "name", "status", "ad_plan_id", "utm"],
    rows: adGroups.map(({ id, name, status, adPlan, utm }) => ({
      id,
      name,
      status,
      ad_plan_id: adPlan,
      utm,
    })),
  };
}

export function bannerListing(banners: readonly Banner[]): Listing {
  return {
    columns: ["id", "name", "status", "ad_group_id", "urls"],
    rows: banners.map(({ id, name, status, adGroup, urls }) => ({
      id,
      name,
      status,
      ad_group_id: adGroup,
      urls: Object.fromEntries(
        Object.entries(urls).map(([place, url], index) => [place, { id: id * 10 + index, url }]),
      ),
    })),
  };
}

/**
 * One page of a list: the fields, the filters and the place that the query asks for.
 * @throws BadRequest for what the API does not know
 */
export function answerList(listing: Listing, query: URLSearchParams, faults: ActiveFaults): Answer {
  const fields = (query.get("fields") ?? DEFAULT_FIELDS).split(",");
  const unknown = fields.find((field) => !listing.columns.includes(field));
  if (unknown !== undefined) throw new BadRequest(`unknown field ${unknown}`);
  const limit = wholeNumber(query, "limit", DEFAULT_LIMIT);
  if (limit < 1 || limit > MAX_LIMIT) throw new BadRequest(`limit must be 1 to ${MAX_LIMIT}`);
  const offset = wholeNumber(query, "offset", 0);
  const found = sorted(listing, filtered(listing, query, faults), query.get("sorting") ?? "id");
  const from = faults.find("repeatedPage") ? 0 : offset;
  const size = faults.find("pageSizeIgnored") ? DEFAULT_LIMIT : limit;
  const items = faults.find("emptyPage")
    ? []
    : found
        .slice(from, from + size)
        .map((row) => Object.fromEntries(fields.map((field) => [field, row[field]])));
  const count = Math.max(0, found.length + (faults.find("lyingTotal")?.by ?? 0));
  if (faults.find("bareArray")) return json(200, items);
  return json(200, faults.find("missingPaging") ? { items } : { count, offset, limit: size, items });
}

type Row = Listing["rows"][number];
type Condition = (row: Row) => boolean;

/** The rows that meet the filters. Without one on the status these are the active ones. */
function filtered(listing: Listing, query: URLSearchParams, faults: ActiveFaults): readonly Row[] {
  const conditions: Condition[] = [];
  let asksForStatus = false;
  let asksForDeleted = false;
  for (const [name, value] of query) {
    if (["fields", "limit", "offset", "sorting"].includes(name)) continue;
    const [, column = "", operator = ""] = /^_([a-z_]+?)(?:__([a-z]+))?$/.exec(name) ?? [];
    if (column === "urls" || !listing.columns.includes(column))
      throw new BadRequest(`unknown filter ${name}`);
    const condition = conditionOf(column, operator, value);
    if (faults.find("filtersIgnored")) continue;
    conditions.push(condition);
    if (column !== "status") continue;
    asksForStatus = true;
    if (operator !== "ne" && value.split(",").includes("deleted")) asksForDeleted = true;
  }
  if (!asksForStatus) conditions.push(({ status }) => status === "active");
  if (!asksForDeleted) conditions.push(({ status }) => status !== "deleted");
  return listing.rows.filter((row) => conditions.every((condition) => condition(row)));
}

/** @throws BadRequest for an operator that the API does not have */
function conditionOf(column: string, operator: string, value: string): Condition {
  const values = value.split(",");
  const compare = (accept: (difference: number) => boolean): Condition => {
    const border = Number(value);
    if (!Number.isFinite(border)) throw new BadRequest(`_${column}__${operator} needs a number`);
    return (row) => accept(Number(row[column]) - border);
  };
  switch (operator) {
    case "":
      return (row) => String(row[column]) === value;
    case "in":
      return (row) => values.includes(String(row[column]));
    case "ne":
      return (row) => String(row[column]) !== value;
    case "gt":
      return compare((difference) => difference > 0);
    case "gte":
      return compare((difference) => difference >= 0);
    case "lt":
      return compare((difference) => difference < 0);
    case "lte":
      return compare((difference) => difference <= 0);
    default:
      throw new BadRequest(`unknown operator ${operator}`);
  }
}

/** @throws BadRequest for a column that cannot be sorted by */
function sorted({ columns }: Listing, rows: readonly Row[], sorting: string): readonly Row[] {
  const column = sorting.replace(/^-/, "");
  if (column === "urls" || !columns.includes(column)) throw new BadRequest(`cannot sort by ${column}`);
  const ascending = rows.toSorted((a, b) => compareValues(a[column], b[column]));
  return sorting.startsWith("-") ? ascending.reverse() : ascending;
}

function compareValues(a: unknown, b: unknown): number {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function wholeNumber(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name) ?? String(usual);
  if (!/^\d+$/.test(text)) throw new BadRequest(`${name} must be a whole number`);
  return Number(text);
}
