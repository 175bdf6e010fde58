import type { Clock } from "../core/clock";
import type { Database } from "../core/database";
import { ExpectedError } from "../core/errors";
import type { Log } from "../core/log";
import type { Quarantine } from "../core/quarantine";
import type { Stopwatch } from "../core/stopwatch";
import type { Condition } from "./api";
import type { EventRow } from "./event-rows";
import type { Event, Order, Schemas } from "./schemas";
import type { Reader } from "./reader";
import type { Settings } from "./settings";
import type { Plan, Span } from "./windows";

/** A data set that was left out, and why. */
export interface Skipped {
  resource: string;
  reason: string;
  details?: string;
}

/** Counters of a run; they go into the journal. */
export interface Counts {
  events: number;
  /** Different orders written to staging. */
  orders: number;
  salesRows: number;
  inventoryRows: number;
  salesDailyRows: number;
  salesUtmDailyRows: number;
  inventoryFactRows: number;
  /** Different rows of the optional data sets. */
  priceShadesRows: number;
  discountsRows: number;
  promoCodeRows: number;
  barcodeRows: number;
  /** Rows of the API that were not wanted: outside the window asked for, or never paid. */
  dropped: Record<string, number>;
  /** Remarks that are no error: times without an offset, refunds without an amount, unknown cities. */
  notes: Record<string, number>;
}

export function newCounts(): Counts {
  return {
    events: 0,
    orders: 0,
    salesRows: 0,
    inventoryRows: 0,
    salesDailyRows: 0,
    salesUtmDailyRows: 0,
    inventoryFactRows: 0,
    priceShadesRows: 0,
    discountsRows: 0,
    promoCodeRows: 0,
    barcodeRows: 0,
    dropped: {},
    notes: {},
  };
}

/** Adds to a counter by name. */
export function count(counters: Record<string, number>, name: string, more = 1): void {
  if (more > 0) counters[name] = (counters[name] ?? 0) + more;
}

/** Everything the sources of one run share. */
export interface Run {
  settings: Settings;
  runId: string;
  /** Milliseconds since 1970 UTC; the run clock. */
  startedAt: number;
  /** Moment (ms) at which the run must be over. */
  deadline: number;
  clock: Clock;
  log: Log;
  database: Database;
  reader: Reader;
  quarantine: Quarantine;
  stopwatch: Stopwatch;
  schemas: Schemas;
  /** An order of the API, or `BadValue` with the reason why it cannot be read. */
  readOrder: (raw: unknown) => Order;
  plan: Plan;
  /** Sales before this are whole only if they are in the warehouse already; a first load moves it back. */
  readFrom: number;
  /** What the first load has not read yet. */
  older: Span | null;
  /** How often this run has made something visible. */
  published: number;
  /** Conditions of every reading by payment: what keeps the listing as it was when the run began. */
  settled: readonly Condition[];
  /** Watermarks found at the start, by stream. */
  watermarks: ReadonlyMap<string, string>;
  /** City look-up key to canonical city. */
  aliases: ReadonlyMap<string, string>;
  counts: Counts;
  /** Data sets left out without harm. */
  skipped: Skipped[];
  /** Data sets or parts that failed while the main data were loaded: the run is `partial`. */
  degraded: string[];

  /** Filled by the events source, for the others. */
  events: Event[];
  eventRows: EventRow[];
  eventOfShow: Map<string, string>;
  cityOfEvent: Map<string, string>;

  /** Least day of sale among the orders written; `unknown` when one lost its payment, so that its old day is not known here. */
  touched: { oldestDay: string | null; unknown: boolean };
  /** The orders were read again by their creation, as the API does not filter by change time. */
  reread: boolean;
  /** Moment of this run's poll of the seats (whole seconds), when there was one. */
  snapshotSeconds: number | null;
}

/** One kind of data: fetch → parse → rows. */
export interface Source {
  name: string;
  /** A failure stops the run; otherwise the run goes on and is `partial`. */
  required: boolean;
  /** Why the source is left out of this run, if it is. */
  skip?: (run: Run) => string | undefined;
  load: (run: Run) => Promise<void>;
}

/** So many rows may always be put aside: in a quiet hour one bad row is a large share. */
const ALWAYS_ALLOWED = 2;

/** Fails the run when too many rows of a source could not be read: a renamed field must not look like a quiet day. */
export function checkShare(run: Run, source: string, seen: number, bad: number): void {
  const share = run.settings.QTICKETS_QUARANTINE_MAX_SHARE;
  if (bad <= ALWAYS_ALLOWED || bad <= share * seen) return;
  const reasons = Object.entries(run.quarantine.reasons)
    .filter(([reason]) => reason.startsWith(`${source}: `))
    .map(([reason, times]) => `${reason} (${times})`)
    .join(", ");
  throw new ExpectedError(
    `${bad} of ${seen} rows of ${source} could not be read, more than the allowed share of ${share}: ${reasons}. See the quarantine file, or raise QTICKETS_QUARANTINE_MAX_SHARE.`,
  );
}
