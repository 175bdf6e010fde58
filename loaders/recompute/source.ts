import type { Source } from "../pipeline/source";

/** Makes the facts anew of what the warehouse holds, after the list of city aliases has changed; no vendor is asked. */
export const recompute: Source = {
  job: "recompute",
  title: "Recompute",
  folder: "recompute",
  kind: "warehouse",
  secrets: {},
  datasets: {},
  tables: [],
};
