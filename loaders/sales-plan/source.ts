import type { Source } from "../pipeline/source";

/** The sales plan: what people mean to sell, by day, event and city, out of a CSV file. */
export const salesPlan: Source = {
  job: "plan",
  title: "Sales plan",
  folder: "sales-plan",
  kind: "file",
  secrets: {},
  datasets: {},
  tables: [{ name: "plan_sales", rowsAre: "days of the sales plan" }],
  freshHours: 26,
};
