import type { Facts } from "./vendor-facts";
import type { Warehouse } from "./warehouse";

async function readLines({ sql }: Pick<Warehouse, "sql">, query: string): Promise<string[]> {
  return (await sql<{ line: string }>(query)).map(({ line }) => line).sort();
}

/** The facts as a reader gets them: from the tables with FINAL, and through the views. */
export async function loadedFacts(
  warehouse: Pick<Warehouse, "sql">,
): Promise<{ tables: Facts; views: Facts }> {
  const tags =
    "arrayStringConcat([toString(f.utm_source), toString(f.utm_medium), f.utm_campaign, f.utm_content, f.utm_term], '|')";
  const daily = (day: string, refunds: string) =>
    `concat(toString(${day}), ' ', f.event_id, ' ', f.currency, ': ', toString(f.tickets_sold), ' ',
      toDecimalString(f.revenue, 2), ' ', toDecimalString(${refunds}, 2), ' ', toString(f.orders_count)) AS line`;
  const utm = (day: string, refunds: string) =>
    `concat(toString(${day}), ' ', f.event_id, ' ', f.currency, ' [', ${tags}, ']: ', toString(f.tickets_sold), ' ',
      toDecimalString(f.revenue, 2), ' ', toDecimalString(${refunds}, 2)) AS line`;
  const sold = "f.tickets_sold != 0 OR f.revenue != 0 OR f.refunds != 0";
  return {
    tables: {
      daily: await readLines(
        warehouse,
        `SELECT ${daily("f.sales_date", "f.refunds")} FROM zakaz.fact_qtickets_sales_daily AS f FINAL WHERE ${sold}`,
      ),
      utm: await readLines(
        warehouse,
        `SELECT ${utm("f.sales_date", "f.refunds")} FROM zakaz.fact_qtickets_sales_utm_daily AS f FINAL WHERE ${sold}`,
      ),
    },
    views: {
      daily: await readLines(
        warehouse,
        `SELECT ${daily("f.sales_date", "f.refunds_amount")} FROM zakaz.v_qtickets_sales_latest AS f`,
      ),
      utm: await readLines(
        warehouse,
        `SELECT ${utm("f.d", "f.refunds_amount")} FROM zakaz.v_qtickets_sales_utm_daily AS f`,
      ),
    },
  };
}
