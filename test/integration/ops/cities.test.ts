import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { users } from "../../../warehouse/catalogue";
import { Desk } from "./desk";

/** What `zakaz cities` prints, to the letter, of ads that are planted; days count back from today in Moscow. */
let desk: Desk;
beforeAll(async () => {
  desk = await Desk.start();
});
afterAll(() => desk?.stop());

function cities(...args: string[]) {
  const { loaderTargets, ...outputs } = desk.stack;
  const settings = { CLICKHOUSE_USER: users.loader, CLICKHOUSE_PASSWORD: desk.passwords[users.loader]! };
  const target = { ...loaderTargets["qtickets_api"]!, settings };
  return desk.zakaz(
    ["cities", ...args],
    undefined,
    JSON.stringify({ ...outputs, loaderTargets: { vk_ads: target } }),
  );
}

/** A row of `ad`, so many days ago: what its utm_content says of a city, and what it cost. */
const ad = (
  name: string,
  daysAgo: number,
  raw: string,
  city: string,
  parsed: 0 | 1,
  spend: string,
  impressions = 1,
) =>
  `(toDate(now('Europe/Moscow')) - ${daysAgo}, '1001', 'c', '${name}', '${raw}', '${city}', ${parsed}, ${impressions}, ${spend}, 1)`;

describe("zakaz cities", () => {
  it("says what to do where there are no costs", async () => {
    expect(await cities()).toEqual({
      code: 0,
      stdout: "No costs of ads in the last 30 days: load them with npx zakaz load vk_ads.\n",
      stderr: "",
    });
  });

  it("lists unknown spellings, the dearest first, and how many rows tell their city, by day", async () => {
    const [known] = await desk.server.sql<{ city: string; today: string; before: string }>(
      `SELECT toString(min(city)) AS city, toString(toDate(now('Europe/Moscow'))) AS today, toString(toDate(now('Europe/Moscow')) - 3) AS before
FROM zakaz.dim_city_alias FINAL WHERE is_active = 1`,
    );
    const { city, today, before } = known!;
    await desk.byHand(
      `INSERT INTO zakaz.stg_vk_ads_daily
  (stat_date, account_id, campaign_id, ad_id, city_raw, city, utm_parse_ok, impressions, spend, _ver) VALUES
${[
  ad("1", 3, city, city, 1, "10"),
  ad("2", 3, "Нигдебург", "Нигдебург", 1, "20.5"),
  ad("3", 3, "", "", 0, "7.25"),
  ad("4", 0, "Нигдебург", "Нигдебург", 1, "1"),
  ad("5", 0, "atlantis", "atlantis", 1, "300"),
  // Nothing happened: no row of costs.
  ad("6", 0, "utopia", "utopia", 1, "0", 0),
  // Before the days that are asked for.
  ad("7", 8, "eldorado", "eldorado", 1, "999"),
].join(",\n")}`,
    );
    expect(await cities("--days", "7")).toEqual({
      code: 0,
      stdout: `Cities that no alias knows; add them to sql/60_city_aliases.sql, then pulumi up and npx zakaz recompute:
  atlantis: 1 row, 300.00 roubles
  Нигдебург: 2 rows, 21.50 roubles
Rows whose utm_content has the form <city>_<dd>_<mm>:
  ${before}: 2 of 3 rows (67 %), 7.25 roubles without a city
  ${today}: 2 of 2 rows (100 %), 0.00 roubles without a city
`,
      stderr: "",
    });
    const { code, stdout } = await cities("--days", "1", "--json");
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: {
        days: 1,
        unknown: [
          { spelling: "atlantis", rows: 1, spend: "300.00" },
          { spelling: "Нигдебург", rows: 1, spend: "1.00" },
        ],
        parsed: [{ day: today, rows: 2, parsed: 2, spendWithoutCity: "0.00" }],
      },
    });
  });

  it("says so where every city is known", async () => {
    await desk.byHand("TRUNCATE TABLE zakaz.stg_vk_ads_daily");
    const [known] = await desk.server.sql<{ city: string }>(
      "SELECT toString(min(city)) AS city FROM zakaz.dim_city_alias FINAL WHERE is_active = 1",
    );
    await desk.byHand(
      `INSERT INTO zakaz.stg_vk_ads_daily
  (stat_date, account_id, campaign_id, ad_id, city_raw, city, utm_parse_ok, impressions, spend, _ver) VALUES ${ad("1", 0, known!.city, known!.city, 1, "1")}`,
    );
    const { stdout } = await cities();
    expect(stdout.split("\n")[0]).toBe("Every city that the ads name is known.");
  });

  it.each(["0", "401", "1.5", "week"])("refuses %s days", async (days) => {
    expect(await cities("--days", days)).toEqual({
      code: 2,
      stdout: "",
      stderr: "zakaz: --days must be a whole number from 1 to 400, as in npx zakaz cities --days 7\n",
    });
  });
});
