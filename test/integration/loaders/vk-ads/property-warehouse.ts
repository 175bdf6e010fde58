import type { VkWarehouse } from "./support";
import { money, SPELLINGS, type Costs, type Model } from "./property-model";

const UTM = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"];

/** Where the lines of the model stand in the warehouse: columns by kind. */
const SOURCES: Record<keyof Costs, { from: string; columns: readonly string[]; where?: string }> = {
  staging: {
    from: "zakaz.stg_vk_ads_daily AS t FINAL",
    columns: [
      "stat_date", "account_id", "campaign_id", "ad_group_id", "ad_id", "campaign_name", "ad_name", "city_raw", "city", ...UTM,
      "utm_day", "utm_month", "utm_parse_ok", "impressions", "clicks", "spend", "currency",
    ],
    where: "t.impressions != 0 OR t.clicks != 0 OR t.spend != 0",
  },
  fact: {
    from: "zakaz.fact_vk_ads_daily AS t FINAL",
    columns: [
      "stat_date", "account_id", "campaign_id", "ad_group_id", "ad_id", "campaign_name", "city", ...UTM, "impressions", "clicks",
      "spend", "currency",
    ],
    where: "t.impressions != 0 OR t.clicks != 0 OR t.spend != 0",
  },
  costs: {
    from: "zakaz.v_marketing_costs_daily AS t",
    columns: ["d", "source", "city", ...UTM, "currency", "impressions", "clicks", "spend"],
  },
  daily: {
    from: "zakaz.v_marketing_daily AS t",
    columns: [
      "d", "city", "tickets_sold", "net_revenue", "impressions", "clicks", "spend_vk", "spend_direct", "spend_total", "roas",
      "romi", "cpc", "cpt",
    ],
  },
  romi: {
    from: "zakaz.v_romi_daily AS t",
    columns: ["d", ...UTM, "tickets_sold", "revenue", "spend", "roas", "romi"],
  },
  biAds: { from: "bi.v_vk_ads_daily AS t", columns: ["d", "city", "impressions", "clicks", "spend"] },
  biRoi: {
    from: "bi.v_marketing_roi_daily AS t",
    columns: ["d", "city", "revenue", "tickets_sold", "impressions", "clicks", "spend", "roas", "cpc", "cpt"],
  },
}; // prettier-ignore

const MONEY = new Set(["spend", "spend_vk", "spend_direct", "spend_total", "revenue", "net_revenue"]);
const RATIOS = new Set(["roas", "romi", "cpc", "cpt"]);

/** A table or view, a line per row. The setting `final` is off, so that a view which forgets it shows. */
export async function readLines(
  { sql }: Pick<VkWarehouse, "sql">,
  name: keyof Costs,
  joinUseNulls = 0,
): Promise<string[]> {
  const { from, columns, where = "1" } = SOURCES[name];
  const values = columns.map((column) =>
    MONEY.has(column) ? `toDecimalString(t.${column}, 2)` : `t.${column}`,
  );
  const named = values.map((value, index) => `${value} AS c${index}`);
  const rows = await sql<Record<string, unknown>>(
    `SELECT ${named.join(", ")} FROM ${from} WHERE ${where} SETTINGS final = 0, join_use_nulls = ${joinUseNulls}, output_format_json_quote_64bit_integers = 0`,
  );
  return rows
    .map((row) =>
      columns
        .map((column, index) => {
          const value = row[`c${index}`];
          return RATIOS.has(column) && value !== null ? Number(Number(value).toPrecision(12)) : value;
        })
        .join("|"),
    )
    .sort();
}

/** Everything that a reader sees. */
export async function readAll(warehouse: Pick<VkWarehouse, "sql">, joinUseNulls: number): Promise<Costs> {
  const names = Object.keys(SOURCES) as (keyof Costs)[];
  const found = await Promise.all(names.map((name) => readLines(warehouse, name, joinUseNulls)));
  return Object.fromEntries(names.map((name, index) => [name, found[index]])) as unknown as Costs;
}

let version = 1;
const quoted = (values: readonly (string | number)[]) =>
  `(${values.map((value) => (typeof value === "number" ? value : `'${value}'`)).join(", ")})`;

/** Sales and other costs, as their loaders would leave them. */
export async function writeOthers(
  { sql }: Pick<VkWarehouse, "sql">,
  { sales, direct }: Model,
): Promise<void> {
  const utm = ({ utm: { source, medium, campaign, content, term } }: { utm: Record<string, string> }) => [source, medium, campaign, content, term] as string[]; // prettier-ignore
  version += 1;
  if (sales.size > 0) {
    const rows = [...sales].map(([key, one]) => {
      const event = key.split("|")[1] ?? "";
      return { key: [one.day, event, one.city, one.currency, one.tickets, money(one.kopecks), version], utm: utm({ utm: { ...one.utm } }) }; // prettier-ignore
    });
    await sql(
      `INSERT INTO zakaz.fact_qtickets_sales_daily (sales_date, event_id, city, currency, tickets_sold, revenue, _ver)
       VALUES ${rows.map(({ key }) => quoted(key)).join(", ")}`,
    );
    await sql(
      `INSERT INTO zakaz.fact_qtickets_sales_utm_daily (sales_date, event_id, city, currency, tickets_sold, revenue, _ver,
       ${UTM.join(", ")}) VALUES ${rows.map((row) => quoted([...row.key, ...row.utm])).join(", ")}`,
    );
  }
  if (direct.size > 0) {
    const rows = [...direct.values()].map((one) =>
      quoted([one.day, "A", "C", one.city, ...utm({ utm: { ...one.utm } }), one.clicks, money(one.kopecks), "RUB", version]),
    ); // prettier-ignore
    await sql(
      `INSERT INTO zakaz.fact_direct_daily (stat_date, account_id, campaign_id, city, ${UTM.join(", ")}, clicks, spend,
       currency, _ver) VALUES ${rows.join(", ")}`,
    );
  }
}

/** The aliases of the model; spellings that it does not know are withdrawn. */
export async function writeAliases({ sql }: Pick<VkWarehouse, "sql">, { aliases }: Pick<Model, "aliases">) {
  const now = 4e12 + (version += 1);
  const rows = SPELLINGS.map((spelling) => {
    const city = aliases.get(spelling);
    return quoted([spelling, city ?? "", city === undefined ? 0 : 1, now]);
  });
  await sql(`INSERT INTO zakaz.dim_city_alias (alias, city, is_active, _ver) VALUES ${rows.join(", ")}`);
}

/** Keys of staging and fact whose versions do not rise with every row that was written. Needs that merges are stopped. */
export async function fallingVersions({ sql }: Pick<VkWarehouse, "sql">): Promise<unknown[]> {
  const found = await Promise.all(
    ["stg_vk_ads_daily", "fact_vk_ads_daily"].map((table) =>
      sql(
        `SELECT '${table}' AS table, key, versions FROM
         (
           SELECT
             (stat_date, account_id, campaign_id, ad_id) AS key,
             arrayMap(one -> one.2, arraySort(groupArray((toUInt64(splitByChar('_', _part)[2]), toUInt64(_ver))))) AS versions
           FROM zakaz.${table} GROUP BY key
         )
         WHERE arrayExists((one, before) -> one <= before, arraySlice(versions, 2), arrayPopBack(versions)) SETTINGS final = 0`,
      ),
    ),
  );
  return found.flat();
}
