/** One dataset of DataLens: the view it stands on, and what each field of it is for. */
export interface Dataset {
  /** Name to give the dataset in DataLens. */
  name: string;
  /** View it stands on, with its database. */
  view: string;
  /** Field of time for trends and for the default filter; none where every row is of now. */
  date?: string;
  /** Default filter of the dashboards: so many days back from today. */
  days?: number;
  /** Fields to group and filter by. */
  dimensions: readonly string[];
  /** Fields to sum; each is additive over all dimensions. */
  measures: readonly string[];
  /** Calculated fields: a ratio is taken over sums, never as an average of ratios. */
  calculated?: Readonly<Record<string, Ratio>>;
  /** Fields to show as they are: timestamps, states, ratios of one row. */
  attributes: readonly string[];
}

/** `sum(of) / sum(per)`, times `times` where given; the first of two numerators minus the second where there are two. */
export interface Ratio {
  of: string;
  minus?: string;
  per: string;
  times?: number;
}

/**
 * The datasets that dashboards are built on: one list for the documentation (docs/datalens.md), for the check of the
 * reader (`npx zakaz check-reader`) and for tests. What a field means stands in the comment of its column in `sql/`.
 */
export const DATASETS: readonly Dataset[] = [
  {
    name: "ds_sales_daily",
    view: "bi.v_sales_daily",
    date: "d",
    days: 30,
    dimensions: ["city", "event_id", "event_name", "currency"],
    measures: ["tickets_sold", "revenue", "refunds"],
    calculated: { avg_ticket: { of: "revenue", per: "tickets_sold" } },
    attributes: ["_loaded_at"],
  },
  {
    name: "ds_vk_ads_daily",
    view: "bi.v_vk_ads_daily",
    date: "d",
    days: 30,
    dimensions: ["city"],
    measures: ["impressions", "clicks", "spend"],
    calculated: {
      ctr: { of: "clicks", per: "impressions" },
      cpc: { of: "spend", per: "clicks" },
      cpm: { of: "spend", per: "impressions", times: 1000 },
    },
    attributes: ["_loaded_at"],
  },
  {
    name: "ds_roi_daily",
    view: "bi.v_marketing_roi_daily",
    date: "d",
    days: 30,
    dimensions: ["city"],
    measures: ["revenue", "tickets_sold", "impressions", "clicks", "spend"],
    calculated: {
      total_roas: { of: "revenue", per: "spend" },
      total_romi: { of: "revenue", minus: "spend", per: "spend" },
      total_cpc: { of: "spend", per: "clicks" },
      total_cpt: { of: "spend", per: "tickets_sold" },
      conversion: { of: "tickets_sold", per: "clicks" },
    },
    attributes: ["roas", "cpc", "cpt", "_loaded_at"],
  },
  {
    name: "ds_ops_freshness",
    view: "bi.v_ops_freshness",
    date: "d",
    dimensions: ["source", "state", "last_run_status"],
    measures: ["total_rows"],
    attributes: ["loaded_at", "freshness_hours", "last_run_at", "last_ok_at", "hours_since_ok"],
  },
  {
    name: "ds_sales_dashboard",
    view: "zakaz.v_qtickets_sales_dashboard",
    dimensions: ["event_id", "event_name", "city"],
    measures: [
      "tickets_sold_today",
      "revenue_today",
      "tickets_sold_14d",
      "revenue_14d",
      "tickets_total",
      "tickets_left",
    ],
    calculated: { share_left: { of: "tickets_left", per: "tickets_total" } },
    attributes: ["inventory_updated_at", "start_date", "end_date"],
  },
  {
    name: "ds_sales_utm_daily",
    view: "zakaz.v_qtickets_sales_utm_daily",
    date: "d",
    days: 30,
    dimensions: [
      "event_id",
      "event_name",
      "city",
      "utm_group",
      "utm_source",
      "utm_medium",
      "utm_campaign",
      "utm_content",
      "utm_term",
      "currency",
    ],
    measures: ["tickets_sold", "revenue", "refunds_amount"],
    calculated: { avg_ticket: { of: "revenue", per: "tickets_sold" } },
    attributes: ["_loaded_at"],
  },
  {
    name: "ds_romi_daily",
    view: "zakaz.v_romi_daily",
    date: "d",
    days: 30,
    dimensions: ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"],
    measures: ["tickets_sold", "revenue", "spend"],
    calculated: {
      total_roas: { of: "revenue", per: "spend" },
      total_romi: { of: "revenue", minus: "spend", per: "spend" },
    },
    attributes: ["roas", "romi"],
  },
  {
    name: "ds_plan_vs_fact",
    view: "zakaz.v_plan_vs_fact",
    date: "sales_date",
    days: 30,
    dimensions: ["event_id", "event_name", "city"],
    measures: [
      "plan_tickets",
      "fact_tickets",
      "plan_revenue",
      "fact_revenue",
      "diff_tickets",
      "diff_revenue",
    ],
    calculated: {
      done_tickets_pct: { of: "fact_tickets", per: "plan_tickets", times: 100 },
      done_revenue_pct: { of: "fact_revenue", per: "plan_revenue", times: 100 },
    },
    attributes: ["diff_tickets_pct", "diff_revenue_pct"],
  },
  {
    name: "ds_inventory",
    view: "zakaz.v_qtickets_inventory",
    dimensions: ["event_id", "event_name", "city", "sold_out"],
    measures: ["tickets_total", "tickets_left", "tickets_taken"],
    calculated: { share_left: { of: "tickets_left", per: "tickets_total" } },
    attributes: ["start_date", "end_date", "snapshot_ts"],
  },
  {
    name: "ds_freshness",
    view: "zakaz.v_qtickets_freshness",
    dimensions: ["source", "table_name", "last_run_status"],
    measures: ["total_rows"],
    attributes: ["latest_ts", "days_behind", "loaded_at", "hours_since_load", "last_run_at", "last_ok_at"],
  },
];

/** Every field of a dataset that is a column of its view. */
export function fieldsOf(dataset: Dataset): string[] {
  return [
    ...(dataset.date === undefined ? [] : [dataset.date]),
    ...dataset.dimensions,
    ...dataset.measures,
    ...dataset.attributes,
  ];
}

/** Formula of a calculated field as it is typed into DataLens. */
export function dataLensFormula({ of, minus, per, times }: Ratio): string {
  const sum = (field: string) => `SUM([${field}])`;
  const above = minus === undefined ? sum(of) : `(${sum(of)} - ${sum(minus)})`;
  return `${above} / ${sum(per)}${times === undefined ? "" : ` * ${times}`}`;
}

/** The same in ClickHouse's SQL, as DataLens translates it; a division by zero gives NULL. */
export function sqlFormula({ of, minus, per, times }: Ratio): string {
  const above = minus === undefined ? `sum(t1.${of})` : `(sum(t1.${of}) - sum(t1.${minus}))`;
  const ratio = `toFloat64(${above}) / nullIf(toFloat64(sum(t1.${per})), 0)`;
  return times === undefined ? ratio : `${ratio} * ${times}`;
}
