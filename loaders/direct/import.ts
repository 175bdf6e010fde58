import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import type { RowOf } from "../core/row";
import type { RunContext } from "../pipeline/context";
import type { Counters } from "../pipeline/found";
import type { DirectLine } from "./csv";

export const COLUMNS = [
  "stat_date",
  "account_id",
  "campaign_id",
  "ad_group_id",
  "ad_id",
  "campaign_name",
  "city",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_content",
  "utm_term",
  "impressions",
  "clicks",
  "spend",
  "currency",
  "_ver",
] as const;
type DirectRow = RowOf<(typeof COLUMNS)[number]>;

/** Counters of the journal. */
export const COUNTERS = ["direct_rows", "withdrawn_rows"] as const;

/** One ad on one day; without an ad the campaign as a whole. */
interface AdDay {
  stat_date: string;
  account_id: string;
  campaign_id: string;
  ad_id: string;
}

/**
 * Writes statistics. A key (day, account, campaign, ad) that is there already is replaced; what stands there of an ad under
 * another campaign is withdrawn, or it would count twice.
 */
export async function writeDirect(
  { database, log, runId, startedAt }: RunContext,
  lines: readonly DirectLine[],
): Promise<{ counters: Counters; written: number }> {
  const table = `${database.name}.fact_direct_daily`;
  let withdrawn = 0;
  for (const [index, slice] of slicesOf(lines).entries()) {
    const scope = scopeOf(slice);
    const version = await nextVersion(database, scope, startedAt);
    const rows = slice.map((line) => toRow(line, version));
    const stale = (await movedAds(database, scope, slice)).map((ad) => zeroRow(ad, version));
    await database.insert(table, COLUMNS, [...rows, ...stale], `fact_direct_daily:${runId}:${index}`);
    withdrawn += stale.length;
  }
  log.info(`Inserted ${lines.length} rows into ${table}`, { withdrawn });
  return {
    counters: { direct_rows: lines.length, withdrawn_rows: withdrawn } satisfies Record<
      (typeof COUNTERS)[number],
      number
    >,
    written: lines.length + withdrawn,
  };
}

/** Lines of one insert; a day is never split. */
const SLICE_LINES = 10_000;

/**
 * Lines in pieces that fit into memory as rows. Each is of whole days, so that an ad is in one campaign only whatever a
 * reader sees in between, and of one month, which is a partition: an insert takes a limited number of them.
 */
function slicesOf(lines: readonly DirectLine[]): DirectLine[][] {
  const slices: DirectLine[][] = [];
  let month = "";
  for (const [day, ofDay] of [...byDay(lines)].sort(([a], [b]) => a.localeCompare(b))) {
    const last = slices.at(-1);
    const dayMonth = day.slice(0, "YYYY-MM".length);
    if (last === undefined || dayMonth !== month || last.length + ofDay.length > SLICE_LINES) {
      slices.push([...ofDay]);
      month = dayMonth;
    } else for (const line of ofDay) last.push(line);
  }
  return slices;
}

function byDay(lines: readonly DirectLine[]): Map<string, DirectLine[]> {
  const days = new Map<string, DirectLine[]>();
  for (const line of lines) {
    const ofDay = days.get(line.stat_date);
    if (ofDay === undefined) days.set(line.stat_date, [line]);
    else ofDay.push(line);
  }
  return days;
}

/** Rows that may have to give way: those of the same days and accounts. */
interface Scope extends Record<string, unknown> {
  days: string[];
  accounts: string[];
}

const IN_SCOPE = "stat_date IN {days:Array(Date)} AND account_id IN {accounts:Array(String)}";

function scopeOf(lines: readonly AdDay[]): Scope {
  return {
    days: [...new Set(lines.map(({ stat_date }) => stat_date))],
    accounts: [...new Set(lines.map(({ account_id }) => account_id))],
  };
}

/** The run clock, or more where a row has been written by a clock that was ahead of it: the newer import wins. */
async function nextVersion(database: Database, scope: Scope, clock: number): Promise<string> {
  const [row] = await database.rows<{ version: string }>(
    asLoader`SELECT toString(greatest({clock:UInt64}, max(_ver) + 1)) AS version
FROM ${database.name}.fact_direct_daily FINAL WHERE ${IN_SCOPE}`,
    { ...scope, clock },
  );
  return row?.version ?? String(clock);
}

/** What the warehouse has of ads of the file under campaigns under which the file does not name them. */
async function movedAds(
  database: Database,
  scope: Scope,
  lines: readonly AdDay[],
): Promise<(AdDay & { currency: string })[]> {
  // Lines without an ad are of different campaigns, and stay beside each other.
  const ads = new Set(lines.filter(({ ad_id }) => ad_id !== "").map(adOf));
  const named = new Set(lines.map(keyOf));
  const found = await database.rows<AdDay & { currency: string }>(
    asLoader`SELECT toString(stat_date) AS stat_date, account_id, campaign_id, ad_id, currency
FROM ${database.name}.fact_direct_daily AS f FINAL
WHERE f.${IN_SCOPE} AND (f.impressions != 0 OR f.clicks != 0 OR f.spend != 0)`,
    scope,
  );
  return found.filter((row) => ads.has(adOf(row)) && !named.has(keyOf(row)));
}

const adOf = ({ stat_date, account_id, ad_id }: AdDay): string => `${stat_date} ${account_id} ${ad_id}`;
const keyOf = (ad: AdDay): string => `${adOf(ad)} ${ad.campaign_id}`;

function toRow({ line: _line, ...values }: DirectLine, version: string): DirectRow {
  return { ...values, _ver: version };
}

function zeroRow(ad: AdDay & { currency: string }, version: string): DirectRow {
  return {
    ad_group_id: "",
    campaign_name: "",
    city: "",
    utm_source: "",
    utm_medium: "",
    utm_campaign: "",
    utm_content: "",
    utm_term: "",
    impressions: 0,
    clicks: 0,
    spend: "0.00",
    ...ad,
    _ver: version,
  };
}
