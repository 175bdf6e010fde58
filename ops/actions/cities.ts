import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import { asLoader } from "../../warehouse/queries";
import { printAnswer, type JsonFlag, type TargetFlag } from "../command";
import { queryAsLoader } from "../loader";
import { findSource } from "../source";
import { readLoaderTarget } from "../stack";

export interface CitiesFlags extends JsonFlag, TargetFlag {
  days?: string;
}

/** What `npx zakaz cities --json` prints; money in roubles. */
interface Cities {
  days: number;
  /** Spellings that no active alias knows, the dearest first. */
  unknown: { spelling: string; rows: number; spend: string }[];
  /** Rows of the day with costs, those whose utm_content has the agreed form, and the spend of the others. */
  parsed: { day: string; rows: number; parsed: number; spendWithoutCity: string }[];
}

/**
 * What to add to `sql/60_city_aliases.sql`, and how well campaigns keep to the form of utm_content.
 * @throws Failure for a number of days that is none
 */
export async function cities({ days: given = "30", target, ...flags }: CitiesFlags): Promise<void> {
  const days = Number(given);
  if (!Number.isInteger(days) || days < 1 || days > 400) {
    throw new Failure(
      "--days must be a whole number from 1 to 400, as in npx zakaz cities --days 7",
      EXIT.usage,
    );
  }
  const loader = await readLoaderTarget(findSource("vk_ads", "api"), target);
  const rowsOf = async (sql: string) =>
    (await queryAsLoader(loader, sql))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t") as [string, string, string, string]);
  // Canonical cities are aliases of themselves, so that a city which no alias names is a spelling nobody knows.
  const unknown = await rowsOf(
    asLoader`SELECT s.city_raw, count(), sum(s.spend) AS cost FROM zakaz.stg_vk_ads_daily AS s FINAL
WHERE s.stat_date > toDate(now('Europe/Moscow')) - ${days} AND s.city_raw != '' AND (s.impressions != 0 OR s.clicks != 0 OR s.spend != 0)
  AND toString(s.city) NOT IN (SELECT toString(city) FROM zakaz.dim_city_alias FINAL WHERE is_active = 1)
GROUP BY s.city_raw ORDER BY cost DESC, s.city_raw`,
  );
  const parsed = await rowsOf(
    asLoader`SELECT s.stat_date, count(), countIf(s.utm_parse_ok = 1), sumIf(s.spend, s.utm_parse_ok = 0)
FROM zakaz.stg_vk_ads_daily AS s FINAL
WHERE s.stat_date > toDate(now('Europe/Moscow')) - ${days} AND (s.impressions != 0 OR s.clicks != 0 OR s.spend != 0)
GROUP BY s.stat_date ORDER BY s.stat_date`,
  );
  const answer: Cities = {
    days,
    unknown: unknown.map(([spelling, rows, spend]) => ({
      spelling,
      rows: Number(rows),
      spend: money(spend),
    })),
    parsed: parsed.map(([day, rows, good, spend]) => ({
      day,
      rows: Number(rows),
      parsed: Number(good),
      spendWithoutCity: money(spend),
    })),
  };
  printAnswer(flags, answer, describe(answer));
}

/** Two decimals, whatever ClickHouse leaves out of a Decimal. */
function money(text: string): string {
  const [whole = "0", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(2, "0")}`;
}

function describe({ days, unknown, parsed }: Cities): string {
  if (parsed.length === 0)
    return `No costs of ads in the last ${days} days: load them with npx zakaz load vk_ads.\n`;
  const spellings = unknown.map(
    ({ spelling, rows, spend }) => `  ${spelling}: ${rows} ${rows === 1 ? "row" : "rows"}, ${spend} roubles`,
  );
  const lines = parsed.map(
    ({ day, rows, parsed: good, spendWithoutCity }) =>
      `  ${day}: ${good} of ${rows} rows (${Math.round((100 * good) / rows)} %), ${spendWithoutCity} roubles without a city`,
  );
  return [
    unknown.length === 0
      ? "Every city that the ads name is known."
      : "Cities that no alias knows; add them to sql/60_city_aliases.sql, then pulumi up and npx zakaz recompute:",
    ...spellings,
    "Rows whose utm_content has the form <city>_<dd>_<mm>:",
    ...lines,
    "",
  ].join("\n");
}
