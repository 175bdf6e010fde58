import type { Outcome } from "../core/job";
import type { RunStatus } from "../core/journal";
import { newCounts, type Counts, type Run, type Skipped } from "./run";

/** Row counts under the names that the journal and the dry run use. What is never requested stays at 0. */
export function rowCounts(counts: Counts): Record<string, number> {
  return {
    events: counts.events,
    orders: counts.orders,
    sales_rows: counts.salesRows,
    inventory_rows: counts.inventoryRows,
    sales_daily_rows: counts.salesDailyRows,
    sales_utm_daily_rows: counts.salesUtmDailyRows,
    clients_rows: 0,
    price_shades_rows: counts.priceShadesRows,
    discounts_rows: counts.discountsRows,
    promo_code_rows: counts.promoCodeRows,
    barcode_rows: counts.barcodeRows,
    partner_ticket_rows: 0,
  };
}

/** Rows written by a run, all data sets except events. */
function rowsProcessed(counts: Counts): number {
  const sales = counts.salesRows + counts.salesDailyRows + counts.salesUtmDailyRows;
  const seats = counts.inventoryRows + counts.inventoryFactRows;
  const optional = counts.priceShadesRows + counts.discountsRows + counts.promoCodeRows + counts.barcodeRows;
  return sales + seats + optional;
}

/** What the journal says about a run that loaded its data. */
export function loaded(run: Run, seconds: number, requests: number): Outcome {
  const { counts, plan } = run;
  const status: RunStatus = run.degraded.length > 0 ? "partial" : "ok";
  const counters = rowCounts(counts);
  const { paid, older } = plan;
  const hours = paid === null ? null : Math.round((paid.end - (older ?? paid).start) / 3_600_000);
  return {
    status,
    rowsProcessed: rowsProcessed(counts),
    // One code per data set, so that one that always fails does not silence the others.
    alerts: run.degraded.map((message) => ({
      severity: "warning",
      code: `${message.split(":")[0] ?? ""}_incomplete`,
      message,
    })),
    message: {
      status,
      ...counters,
      ...(run.skipped.length > 0 ? { skipped_resources: shorten(run.skipped) } : {}),
      ...(run.degraded.length > 0 ? { degraded: run.degraded } : {}),
      ...filled("quarantined", run.quarantine.reasons),
      ...filled("dropped", counts.dropped),
      ...filled("notes", counts.notes),
    },
    metrics: {
      ...counters,
      lookback_hours: hours,
      backfill_mode: plan.mode === "backfill",
      mode: plan.mode,
      rows_processed: rowsProcessed(counts),
      requests,
      seconds,
      step_seconds: run.stopwatch.seconds,
      ...ownResources(),
    },
  };
}

/** The summary that a dry run prints on standard output. */
export function dryRunSummary(job: string, wouldDo: string): string {
  const counters = rowCounts(newCounts());
  const lines = SUMMARY_LINES.map(([title, key]) => `  ${title}: ${counters[key] ?? 0}`);
  return [`[${job}] Dry-run complete:`, ...lines, `Dry-run: no ClickHouse writes. ${wouldDo}`, ""].join("\n");
}

const SUMMARY_LINES = [
  ["Events", "events"],
  ["Orders", "orders"],
  ["Sales rows", "sales_rows"],
  ["Inventory shows processed", "inventory_rows"],
  ["Sales by UTM rows", "sales_utm_daily_rows"],
  ["Clients rows", "clients_rows"],
  ["Price shades rows", "price_shades_rows"],
  ["Discounts rows", "discounts_rows"],
  ["Promo codes rows", "promo_code_rows"],
  ["Barcode rows", "barcode_rows"],
  ["Partner ticket rows", "partner_ticket_rows"],
] as const;

/** At most so many entries are listed one by one. */
const LONGEST_LIST = 50;

function shorten(skipped: readonly Skipped[]): unknown[] {
  const rest = skipped.length - LONGEST_LIST;
  return rest > 0 ? [...skipped.slice(0, LONGEST_LIST), { and_more: rest }] : [...skipped];
}

function filled(name: string, counters: Record<string, number>): Record<string, unknown> {
  return Object.keys(counters).length > 0 ? { [name]: counters } : {};
}

/** Processor time and greatest memory of this process so far. */
function ownResources(): { cpu_seconds: number; peak_rss_mb: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    cpu_seconds: Math.round((userCPUTime + systemCPUTime) / 1000) / 1000,
    peak_rss_mb: Math.round(maxRSS / 1024),
  };
}
