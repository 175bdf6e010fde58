import type { Source } from "../pipeline/source";

/** Statistics of Yandex Direct: what each ad showed and cost, by day, out of a CSV file. */
export const direct: Source = {
  job: "yandex_direct",
  title: "Yandex Direct",
  folder: "direct",
  kind: "file",
  secrets: {},
  datasets: {},
  tables: [{ name: "fact_direct_daily", rowsAre: "days of ads of Yandex Direct" }],
  freshHours: 26,
};
