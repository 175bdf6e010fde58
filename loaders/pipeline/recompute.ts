import type { Days } from "../core/days";
import type { RunContext } from "./context";
import type { Found } from "./found";
import type { TableUse } from "./table-check";

/** How the facts of a source are made anew of what the warehouse holds, by the city aliases of now. Asks nothing of a vendor. */
export interface Recompute {
  /** What is recomputed, for the log: `sales`. */
  what: string;
  tables: TableUse;
  /** Counters of the journal. */
  counters: readonly string[];
  /** So many days are kept of what the facts are made of; left out: all. */
  keptDays?: number;
  run: (context: RunContext, days: Days) => Promise<Found>;
}
