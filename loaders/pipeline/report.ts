import type { Stopwatch } from "../core/stopwatch";
import type { Counters, Incomplete, Skipped, Total } from "./found";
import type { Outcome } from "./job";

export interface ReportOptions {
  /** Counters that the journal always has, 0 where nothing was found. */
  counters: readonly string[];
  /** Rows put aside, by "data set: reason". */
  quarantined: Counters;
  stopwatch: Stopwatch;
  /** Length of the run. */
  seconds: number;
  /** What the source adds to the metrics. */
  metrics?: Record<string, unknown>;
}

/** What the journal says about a run that loaded its data. */
export function reportOf(total: Total, options: ReportOptions): Outcome {
  const status = total.incomplete.length > 0 ? "partial" : "ok";
  const counters = fillCounters(options.counters, total.counters);
  const { written, incomplete } = total;
  return {
    status,
    rowsProcessed: written,
    // One code per data set, so that one that always fails does not silence the others.
    alerts: incomplete.map((one) => ({
      severity: "warning",
      code: `${one.dataSet}_incomplete`,
      message: describe(one),
    })),
    message: {
      status,
      ...counters,
      ...(total.skipped.length > 0 ? { skipped_resources: shorten(total.skipped) } : {}),
      ...(incomplete.length > 0 ? { degraded: incomplete.map(describe) } : {}),
      ...unlessEmpty("quarantined", options.quarantined),
      ...unlessEmpty("dropped", total.dropped),
      ...unlessEmpty("notes", total.notes),
    },
    metrics: {
      ...counters,
      ...options.metrics,
      rows_processed: written,
      seconds: options.seconds,
      step_seconds: options.stopwatch.seconds,
      ...ownResources(),
    },
  };
}

function describe({ dataSet, reason }: Incomplete): string {
  return `${dataSet}: ${reason}`;
}

/** Every counter that is expected, in that order, then whatever else was counted. */
function fillCounters(expected: readonly string[], found: Counters): Counters {
  return { ...Object.fromEntries(expected.map((name) => [name, 0])), ...found };
}

/** At most so many entries are listed one by one. */
const LONGEST_LIST = 50;

function shorten(skipped: readonly Skipped[]): unknown[] {
  const rest = skipped.length - LONGEST_LIST;
  return rest > 0 ? [...skipped.slice(0, LONGEST_LIST), { and_more: rest }] : [...skipped];
}

function unlessEmpty(name: string, counters: Counters): Record<string, unknown> {
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
